//! The outbox: at least once, in order within a lane, whatever dies in between.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::jobs::{self, Done, Failure, Handlers, Job, MOST_ATTEMPTS, Outcome, Work};
use fairshift::state::AppState;
use sqlx::PgPool;
use tokio::sync::watch;

use crate::support::TestApp;

/// What handlers have done, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

async fn enqueue(app: &TestApp, key: &str, lane: &str, run_at: DateTime<Utc>) {
    let job = Job {
        kind: "test",
        key: key.into(),
        lane: lane.into(),
        run_at,
        payload: serde_json::json!({ "secret": "topsecret" }),
    };
    let mut conn = app.db.acquire().await.unwrap();
    jobs::enqueue(&mut conn, app.clock.now(), &job)
        .await
        .unwrap();
}

/// Handlers whose kind `test` does this, after noting the job's key.
fn handlers(log: &Log, outcome: fn(&Work) -> Outcome) -> Handlers {
    let log = log.clone();
    Handlers::new().on("test", move |_, work| {
        let log = log.clone();
        async move {
            log.note(work.key.clone());
            outcome(&work)
        }
    })
}

async fn states(db: &PgPool) -> Vec<(String, String, i32)> {
    sqlx::query_as("select key, state, attempts from jobs where kind = 'test' order by id")
        .fetch_all(db)
        .await
        .unwrap()
}

fn row(key: &str, state: &str, attempts: i32) -> (String, String, i32) {
    (key.into(), state.into(), attempts)
}

async fn run(state: &AppState, handlers: &Handlers) -> usize {
    jobs::run_due(state, handlers).await.unwrap()
}

#[tokio::test]
async fn a_job_is_done_once_when_due_and_forgets_its_payload() {
    let app = TestApp::start().await;
    let (log, now) = (Log::default(), app.clock.now());
    let handlers = handlers(&log, |_| Ok(Done));
    enqueue(&app, "a", "lane", now).await;
    enqueue(&app, "later", "other", now + TimeDelta::hours(1)).await;
    enqueue(&app, "a", "lane", now).await;
    assert_eq!(run(&app.state, &handlers).await, 1);
    enqueue(&app, "a", "lane", now).await;
    assert_eq!(
        run(&app.state, &handlers).await,
        0,
        "a done key does nothing"
    );
    let payload: String = sqlx::query_scalar("select payload::text from jobs where key = 'a'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(payload, "{}");
    app.clock.advance(TimeDelta::hours(1));
    run(&app.state, &handlers).await;
    assert_eq!(log.lines(), ["a", "later"]);
}

#[tokio::test]
async fn a_job_goes_with_its_transaction() {
    let app = TestApp::start().await;
    let job = Job {
        kind: "test",
        key: "a".into(),
        lane: "lane".into(),
        run_at: app.clock.now(),
        payload: serde_json::json!({}),
    };
    let mut tx = app.db.begin().await.unwrap();
    jobs::enqueue(&mut tx, app.clock.now(), &job).await.unwrap();
    tx.rollback().await.unwrap();
    assert!(states(&app.db).await.is_empty());
}

#[tokio::test]
async fn what_has_not_begun_can_be_cancelled_and_its_key_used_again() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    enqueue(&app, "a", "lane", now + TimeDelta::hours(1)).await;
    let mut conn = app.db.acquire().await.unwrap();
    jobs::cancel(&mut conn, "a").await.unwrap();
    assert!(states(&app.db).await.is_empty());
    enqueue(&app, "a", "lane", now).await;
    run(&app.state, &handlers(&Log::default(), |_| Ok(Done))).await;
    jobs::cancel(&mut conn, "a").await.unwrap();
    assert_eq!(states(&app.db).await, [row("a", "done", 1)], "done stays");
}

#[tokio::test]
async fn a_failure_waits_longer_each_time_and_is_given_up() {
    let app = TestApp::start().await;
    let log = Log::default();
    let handlers = handlers(&log, |_| Err(Failure::retry("no\u{202E} answer")));
    enqueue(&app, "a", "lane", app.clock.now()).await;
    let start = app.clock.now();
    let mut waits = vec![];
    for attempt in 1..=MOST_ATTEMPTS {
        assert_eq!(run(&app.state, &handlers).await, 1, "attempt {attempt}");
        assert_eq!(run(&app.state, &handlers).await, 0, "not at once again");
        let next: DateTime<Utc> = sqlx::query_scalar("select next_at from jobs where key = 'a'")
            .fetch_one(&app.db)
            .await
            .unwrap();
        waits.push((next - app.clock.now()).num_seconds());
        app.clock.set(next);
    }
    assert!(
        (12..=18).contains(&waits[0]) && (24..=36).contains(&waits[1]),
        "{waits:?}"
    );
    assert!(
        waits[20..55].iter().all(|w| (2880..=4320).contains(w)),
        "{waits:?}"
    );
    assert!(
        waits[20..55].iter().any(|w| w != &waits[20]),
        "spread: {waits:?}"
    );
    assert!(app.clock.now() - start > TimeDelta::hours(36), "{waits:?}");
    assert_eq!(states(&app.db).await, [row("a", "failed", MOST_ATTEMPTS)]);
    let mut conn = app.db.acquire().await.unwrap();
    let failed = jobs::undelivered(&mut conn, 0, 10).await.unwrap();
    assert_eq!(failed[0].error, "no  answer");
    assert!(failed[0].next_at.is_none());
}

#[tokio::test]
async fn giving_up_is_immediate_and_a_retry_by_hand_is_another_attempt() {
    let app = TestApp::start().await;
    let log = Log::default();
    let refused = handlers(&log, |_| Err(Failure::give_up("refused")));
    enqueue(&app, "a", "lane", app.clock.now()).await;
    enqueue(&app, "b", "lane", app.clock.now()).await;
    assert_eq!(
        run(&app.state, &refused).await,
        2,
        "what was given up holds up nobody"
    );
    let mut conn = app.db.acquire().await.unwrap();
    let failed = jobs::undelivered(&mut conn, 0, 10).await.unwrap();
    let ids: Vec<i64> = failed.iter().map(|job| job.id).collect();
    let now = app.clock.now();
    assert_eq!(
        jobs::retry_failed(&mut conn, ids[0], now)
            .await
            .unwrap()
            .unwrap(),
        "test"
    );
    jobs::drop_failed(&mut conn, ids[1], now)
        .await
        .unwrap()
        .unwrap();
    assert!(
        jobs::drop_failed(&mut conn, ids[1], now)
            .await
            .unwrap()
            .is_none()
    );
    run(&app.state, &handlers(&log, |_| Ok(Done))).await;
    assert_eq!(
        states(&app.db).await,
        [row("a", "dropped", 1), row("b", "done", 2)]
    );
    assert!(
        jobs::retry_failed(&mut conn, ids[0], now)
            .await
            .unwrap()
            .is_none()
    );
    let left: i64 =
        sqlx::query_scalar("select count(*) from jobs where payload::text like '%topsecret%'")
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_panic_is_a_failure_and_tells_nothing() {
    let app = TestApp::start().await;
    let handlers = handlers(&Log::default(), |_| panic!("topsecret"));
    enqueue(&app, "a", "lane", app.clock.now()).await;
    assert_eq!(run(&app.state, &handlers).await, 1);
    let mut conn = app.db.acquire().await.unwrap();
    let failed = jobs::undelivered(&mut conn, 0, 10).await.unwrap();
    assert!(failed[0].next_at.is_some());
    assert!(
        !failed[0].error.contains("topsecret"),
        "{}",
        failed[0].error
    );
}

#[tokio::test]
async fn a_lane_keeps_its_order_and_waits_for_a_failure() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    // Far in the future, so it holds up nobody.
    enqueue(&app, "far", "lane", now + TimeDelta::days(9)).await;
    for key in ["1", "2", "3"] {
        enqueue(&app, key, "lane", now).await;
    }
    enqueue(&app, "other", "another", now).await;
    let log = Log::default();
    let once = handlers(&log, |work| match (work.key.as_str(), work.attempt) {
        ("2", 1) => Err(Failure::retry("not yet")),
        _ => Ok(Done),
    });
    run(&app.state, &once).await;
    assert_eq!(log.lines(), ["1", "2", "other"], "3 waits for 2");
    app.clock.advance(TimeDelta::minutes(1));
    run(&app.state, &once).await;
    assert_eq!(log.lines(), ["1", "2", "other", "2", "3"]);
}

#[tokio::test]
async fn unknown_kinds_are_left_to_others() {
    let app = TestApp::start().await;
    enqueue(&app, "a", "lane", app.clock.now()).await;
    assert_eq!(run(&app.state, &Handlers::new()).await, 0);
    assert_eq!(states(&app.db).await, [row("a", "waiting", 0)]);
}

#[tokio::test]
async fn a_dead_workers_job_is_taken_again_and_its_ghost_changes_nothing() {
    let app = TestApp::start().await;
    enqueue(&app, "a", "lane", app.clock.now()).await;
    enqueue(&app, "b", "lane", app.clock.now()).await;
    // To everybody else, a worker that is stuck looks as one whose process was killed.
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let (wake, woken) = watch::channel(false);
    let stuck = Handlers::new().on("test", move |_, _| {
        let (begun, mut woken) = (begun.clone(), woken.clone());
        async move {
            begun.send(()).unwrap();
            woken.wait_for(|woken| *woken).await.unwrap();
            Err(Failure::give_up("too late"))
        }
    });
    let state = app.state.clone();
    let ghost = tokio::spawn(async move { jobs::run_due(&state, &stuck).await });
    begins.recv().await.unwrap();
    let log = Log::default();
    let good = handlers(&log, |_| Ok(Done));
    assert_eq!(
        run(&app.state, &good).await,
        0,
        "its lease holds, and its lane with it"
    );
    let expire =
        "update jobs set leased_until = clock_timestamp() - interval '1 s' where state = 'running'";
    sqlx::query(expire).execute(&app.db).await.unwrap();
    assert_eq!(run(&app.state, &good).await, 2);
    assert_eq!(log.lines(), ["a", "b"]);
    wake.send_replace(true);
    ghost.await.unwrap().unwrap();
    assert_eq!(
        states(&app.db).await,
        [row("a", "done", 2), row("b", "done", 1)]
    );
}

#[tokio::test]
async fn what_kills_every_worker_is_given_up() {
    let app = TestApp::start().await;
    enqueue(&app, "a", "lane", app.clock.now()).await;
    sqlx::query("update jobs set state = 'running', attempts = $1, leased_until = clock_timestamp() - interval '1 s'")
        .bind(MOST_ATTEMPTS)
        .execute(&app.db)
        .await
        .unwrap();
    let log = Log::default();
    let handlers = handlers(&log, |_| Ok(Done));
    assert_eq!(run(&app.state, &handlers).await, 0);
    jobs::tick(&app.state, &handlers).await.unwrap();
    assert_eq!(states(&app.db).await, [row("a", "failed", MOST_ATTEMPTS)]);
}

#[tokio::test]
async fn what_is_done_again_and_again_is_made_once_for_all_processes() {
    let app = TestApp::start().await;
    let log = Log::default();
    let noted = log.clone();
    let handlers = Handlers::new().every("test", TimeDelta::hours(1), move |_, work| {
        let noted = noted.clone();
        async move {
            noted.note(work.key);
            Ok(Done)
        }
    });
    for _ in 0..3 {
        jobs::tick(&app.state, &handlers).await.unwrap();
        jobs::run_due(&app.state, &handlers).await.unwrap();
    }
    app.clock.advance(TimeDelta::minutes(61));
    jobs::tick(&app.state, &handlers).await.unwrap();
    jobs::run_due(&app.state, &handlers).await.unwrap();
    assert_eq!(log.lines().len(), 2, "{:?}", log.lines());
}

#[tokio::test]
async fn long_done_jobs_are_forgotten() {
    let app = TestApp::start().await;
    let handlers = handlers(&Log::default(), |_| Ok(Done));
    enqueue(&app, "a", "lane", app.clock.now()).await;
    run(&app.state, &handlers).await;
    app.clock.advance(TimeDelta::days(61));
    jobs::tick(&app.state, &handlers).await.unwrap();
    run(&app.state, &handlers).await;
    assert!(states(&app.db).await.is_empty());
}

/// Waits until no `test` job is left to do.
async fn until_idle(app: &TestApp) {
    let left = "select count(*) from jobs where kind = 'test' and state in ('waiting', 'running')";
    while sqlx::query_scalar::<_, i64>(left)
        .fetch_one(&app.db)
        .await
        .unwrap()
        > 0
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_workers_share_the_work_without_doubling_or_disorder() {
    const LANES: usize = 12;
    const EACH: usize = 15;
    let app = TestApp::start().await;
    let log = Log::default();
    let handlers = handlers(&log, |_| Ok(Done));
    let (stop, asked) = watch::channel(false);
    // As many processes would have: each its own pool and its own worker.
    let mut workers = vec![];
    for _ in 0..3 {
        let db = sqlx::postgres::PgPoolOptions::new()
            .max_connections(5)
            .connect_with((*app.db.connect_options()).clone())
            .await
            .unwrap();
        let state = AppState {
            db,
            ..app.state.clone()
        };
        workers.push(tokio::spawn(jobs::work(
            state,
            handlers.clone(),
            asked.clone(),
        )));
    }
    for number in 0..EACH {
        for lane in 0..LANES {
            let key = format!("{lane} {number:02}");
            enqueue(&app, &key, &format!("lane {lane}"), app.clock.now()).await;
        }
    }
    until_idle(&app).await;
    stop.send_replace(true);
    for worker in workers {
        worker.await.unwrap();
    }
    let done = log.lines();
    assert_eq!(done.len(), LANES * EACH, "each once");
    for lane in 0..LANES {
        let prefix = format!("{lane} ");
        let order: Vec<&String> = done.iter().filter(|key| key.starts_with(&prefix)).collect();
        assert_eq!(order.len(), EACH);
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[tokio::test]
async fn a_worker_that_stops_gives_back_nothing_it_has_done_and_wakes_for_news() {
    let app = TestApp::start().await;
    let log = Log::default();
    let (stop, asked) = watch::channel(false);
    let handlers = handlers(&log, |_| Ok(Done));
    let worker = tokio::spawn(jobs::work(app.state.clone(), handlers, asked));
    // It sleeps by now, or will look first: either way it must find what is added.
    for key in ["a", "b", "c"] {
        enqueue(&app, key, "lane", app.clock.now()).await;
        until_idle(&app).await;
    }
    stop.send_replace(true);
    worker.await.unwrap();
    assert_eq!(log.lines(), ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_leaves_room_for_the_rest() {
    let app = TestApp::start().await;
    let log = Log::default();
    let (wake, woken) = watch::channel(false);
    let hang = move |begun: tokio::sync::mpsc::UnboundedSender<()>| {
        let woken = woken.clone();
        move |_: AppState, _: Work| {
            let (begun, mut woken) = (begun.clone(), woken.clone());
            async move {
                begun.send(()).unwrap();
                woken.wait_for(|woken| *woken).await.unwrap();
                Ok(Done)
            }
        }
    };
    let (readings, mut reads) = tokio::sync::mpsc::unbounded_channel();
    let (mails, mut sends) = tokio::sync::mpsc::unbounded_channel();
    let handlers = handlers(&log, |_| Ok(Done))
        .on("reading", hang(readings))
        .at_most(3, &["reading"])
        .on("mail", hang(mails.clone()))
        .on("digest", hang(mails))
        .at_most(4, &["mail", "digest"]);
    // A thousand that were due long ago, before the one that matters.
    let now = app.clock.now();
    sqlx::query(
        "insert into jobs (kind, key, lane, payload, created_at, due_at, next_at)
        select (array['reading', 'mail', 'digest'])[n % 3 + 1], n::text, n::text, '{}', $1, $1, $1
        from generate_series(1, 1000) n",
    )
    .bind(now - TimeDelta::hours(9))
    .execute(&app.db)
    .await
    .unwrap();
    let (stop, asked) = watch::channel(false);
    let worker = tokio::spawn(jobs::work(app.state.clone(), handlers, asked));
    for _ in 0..3 {
        reads.recv().await.unwrap();
    }
    for _ in 0..4 {
        sends.recv().await.unwrap();
    }
    for key in ["a", "b"] {
        enqueue(&app, key, "lane", now).await;
        until_idle(&app).await;
    }
    assert_eq!(log.lines(), ["a", "b"]);
    let running: i64 = sqlx::query_scalar("select count(*) from jobs where state = 'running'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(running, 7, "as many as may, and no more");
    stop.send_replace(true);
    wake.send_replace(true);
    worker.await.unwrap();
}

#[tokio::test]
async fn taking_jobs_reads_an_index_however_many_there_are() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    sqlx::query(
        "insert into jobs (kind, key, lane, payload, created_at, due_at, next_at, state, finished_at)
        select case when n % 2 = 0 then 'reading' else 'old' end, n::text, n::text, '{}', $1, $1, $1,
            case when n % 2 = 0 then 'waiting' else 'done' end, case when n % 2 = 1 then $1 end
        from generate_series(1, 40000) n",
    )
    .bind(now)
    .execute(&app.db)
    .await
    .unwrap();
    enqueue(&app, "a", "lane", now).await;
    sqlx::query("analyze jobs").execute(&app.db).await.unwrap();
    for (kind, most) in [("reading", 3), ("test", 16)] {
        let plan: Vec<String> = sqlx::query_scalar(
            "explain select j.id from jobs j
            where j.state = 'waiting' and j.next_at <= $1 and j.kind = any ($2)
                and not exists (select from jobs e where e.lane = j.lane and e.id < j.id
                    and (e.state = 'running' or (e.state = 'waiting' and e.due_at <= $1)))
            order by j.next_at, j.id limit $3
            for update skip locked",
        )
        .bind(now)
        .bind(vec![kind])
        .bind(most)
        .fetch_all(&app.db)
        .await
        .unwrap();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{kind}: {plan}");
    }
}

#[tokio::test]
async fn nobody_is_woken_by_a_key_that_is_there() {
    let app = TestApp::start().await;
    enqueue(&app, "a", "lane", app.clock.now()).await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&app.db)
        .await
        .unwrap();
    listener.listen("jobs").await.unwrap();
    enqueue(&app, "a", "lane", app.clock.now()).await;
    // Notifications come in order, so what comes first says whether there was one before.
    let mark = "select pg_notify('jobs', 'mark')";
    sqlx::query(mark).execute(&app.db).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "mark");
    enqueue(&app, "b", "lane", app.clock.now()).await;
    assert_eq!(listener.recv().await.unwrap().payload(), "");
}
