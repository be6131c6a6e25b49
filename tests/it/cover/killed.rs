//! The process is killed at any moment between the steps of publishing and covering: after the restart
//! nothing that was said to be done is lost, and nothing is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use fairshift::vocab::Month;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use super::{Seed, consistent};
use crate::fixtures;
use crate::support::database::TestDatabase;
use crate::support::program::{Running, fairshift};
use crate::support::smtp::{Received, Sink};

/// How often it is killed.
const TIMES: u64 = 50;

/// "Nothing changed", as the cookie of a message has it.
const NOTHING_CHANGED: &str = "4e6f7468696e67206368616e676564";

/// Somebody who sends forms until nobody answers any more.
struct Hand {
    client: reqwest::Client,
    url: String,
}

impl Hand {
    fn new(url: &str, session: &str) -> Self {
        fairshift::fetch::ready_tls();
        let mut headers = HeaderMap::new();
        headers.insert("cookie", format!("session={session}").parse().unwrap());
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .default_headers(headers)
            .build()
            .unwrap();
        Self {
            client,
            url: url.to_owned(),
        }
    }

    /// Where a form leads that was accepted; none where nobody answered, or it was refused.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Option<String> {
        Some(self.sent(path, fields).await?.0)
    }

    /// The same, and what is said there, in hexadecimal digits as the cookie has it.
    async fn sent(&self, path: &str, fields: &[(&str, &str)]) -> Option<(String, String)> {
        let address = format!("{}{path}", self.url);
        let answer = self.client.post(address).form(fields).send().await.ok()?;
        let header = |name| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        Some((
            header("location")?,
            header("set-cookie").unwrap_or_default(),
        ))
    }

    async fn get(&self, path: &str) -> Option<String> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await;
        answer.ok()?.text().await.ok()
    }
}

/// What the program has said to be done: states that a request may be in by now.
type Promised = BTreeMap<i64, &'static [&'static str]>;

/// Asks to be covered, has somebody agree, takes it back, over and over.
async fn cover(hand: Hand, db: PgPool, slots: Vec<(i64, i64)>, from: u64) -> Promised {
    let mut promised = Promised::new();
    for n in 0.. {
        let (shift, role) = slots[usize::try_from(from + n).unwrap() % slots.len()];
        let (shift, role) = (shift.to_string(), role.to_string());
        let fields = [
            ("shift", shift.as_str()),
            ("role", &role),
            ("kind", "cover"),
        ];
        let Some(path) = hand.post("/covers", &fields).await else {
            return promised;
        };
        let id: i64 = path.rsplit('/').next().unwrap().parse().unwrap();
        promised.insert(id, &["open"]);
        // The mail's link, as if it had been read: a secret that the test knows.
        let secret = format!("known-{id}-{from}-{n}");
        sqlx::query(
            "update cover_offers set token_hash = sha256(convert_to($2, 'UTF8')) where request_id = $1 and state = 'asked'",
        )
        .bind(id)
        .bind(&secret)
        .execute(&db)
        .await
        .unwrap();
        promised.insert(id, &["open", "covered"]);
        let nobody = Hand::new(&hand.url, "");
        let answer = format!("/offers/{secret}/answer");
        if nobody.post(&answer, &[("choice", "agree")]).await.is_none() {
            return promised;
        }
        promised.insert(id, &["covered"]);
        if n % 2 == 0 {
            promised.insert(id, &["covered", "withdrawn"]);
            if hand
                .post(&format!("/covers/{id}/undo"), &[])
                .await
                .is_none()
            {
                return promised;
            }
            promised.insert(id, &["withdrawn"]);
        }
    }
    promised
}

/// What the plan's page was made from; none where nobody answers.
async fn basis(hand: &Hand, plan: &str) -> Option<String> {
    let page = hand.get(plan).await?;
    let (_, rest) = page.split_once("name=\"basis\" value=\"")?;
    Some(rest.split('"').next().unwrap().to_owned())
}

/// Gives a slot to one and the other by turns, and publishes the month each time; how often it was said
/// to be done.
async fn publish(
    hand: Hand,
    month: String,
    rotation: String,
    slot: String,
    turns: [String; 2],
) -> i64 {
    let plan = format!("/teams/payments/plan/{month}");
    let mut done = 0;
    for person in turns.iter().cycle() {
        let Some(seen) = basis(&hand, &plan).await else {
            return done;
        };
        let fields = [
            ("rotation", rotation.as_str()),
            ("basis", &seen),
            ("action", "assign"),
            ("slot", &slot),
            ("person", person),
            ("reason", "By turns"),
        ];
        hand.post(&format!("{plan}/changes"), &fields).await;
        let Some(basis) = basis(&hand, &plan).await else {
            return done;
        };
        let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
        // Somebody else may have been faster, or the turn not have been taken: then nothing was
        // published, and it says so.
        let said = hand.sent(&format!("{plan}/publication"), &fields).await;
        done += i64::from(said.is_some_and(|(_, said)| !said.contains(NOTHING_CHANGED)));
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_fifty_times_nothing_is_lost_and_nothing_doubled() {
    let database = TestDatabase::create().await;
    let db = PgPool::connect_with(database.options()).await.unwrap();
    // The program goes by the machine's clock: the months after this one.
    #[allow(clippy::disallowed_methods)]
    let now: DateTime<Utc> = Utc::now();
    let next = Month::of(now.date_naive()).next();
    let after = next.next();
    let seed = Seed::plant(&db, &[&next.to_string(), &after.to_string()]).await;
    let (ayse, carla) = (&seed.engineers[0], &seed.carla);
    let hers = fixtures::session(&db, ayse, now).await;
    let managers = fixtures::session(&db, carla, now).await;
    sqlx::query("update sessions set expires_at = $1")
        .bind(now + TimeDelta::days(2))
        .execute(&db)
        .await
        .unwrap();
    let slots: Vec<(i64, i64)> = sqlx::query_as(
        "select shift_id, role_id from on_call where person_id = $1 and starts_at > $2 order by starts_at",
    )
    .bind(ayse.id)
    .bind(now + TimeDelta::days(1))
    .fetch_all(&db)
    .await
    .unwrap();
    assert!(slots.len() > 8 && next.first().day() == 1);
    // Ayşe follows by invitations, which come by mail, too.
    sqlx::query(
        "insert into calendar_channels (person_id, kind, target, chosen_at, state_at)
        select id, 'mail', email, $2, $2 from people where id = $1",
    )
    .bind(ayse.id)
    .bind(now)
    .execute(&db)
    .await
    .unwrap();
    let sink = Sink::start().await;
    // A slot of the month after next that is not Ayşe's, and two who have it by turns.
    let (first, role) = (after.first(), seed.rotation.roles[0]);
    let day = (0..4).map(|n| first + TimeDelta::days(n));
    let mut free = day.map(|day| fixtures::day_shift(&seed.rotation, day).start);
    let start = free.nth(1).unwrap();
    let slot = format!("{}.{}.{role}", seed.rotation.leg, start.timestamp());
    let turns = [8, 9].map(|n| seed.engineers[n].id.to_string());
    let mut dice = u64::from(now.timestamp_subsec_nanos()) | 1;
    println!("The dice begin with {dice}.");
    let mut promised = Promised::new();
    let mut versions = 0;
    let mut round = 0;
    // Where fifty rounds were too short for a slow machine to publish in, longer ones follow.
    while round < TIMES || ((promised.len() <= 10 || versions <= 5) && round < 2 * TIMES) {
        round += 1;
        let longest = if round <= TIMES { 400_000 } else { 4_000_000 };
        let running = serve(&database, &sink);
        let covering = cover(
            Hand::new(&running.url, &hers),
            db.clone(),
            slots.clone(),
            round * 3,
        );
        let publishing = publish(
            Hand::new(&running.url, &managers),
            after.to_string(),
            seed.rotation.id.to_string(),
            slot.clone(),
            turns.clone(),
        );
        let (covering, publishing) = (tokio::spawn(covering), tokio::spawn(publishing));
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Any moment will do: nothing is waited for but that it comes.
        tokio::time::sleep(Duration::from_micros(20_000 + (dice >> 33) % longest)).await;
        drop(running);
        promised.append(&mut covering.await.unwrap());
        versions += publishing.await.unwrap();
        consistent(&db).await;
        for (id, states) in &promised {
            let state: String =
                sqlx::query_scalar("select state from cover_requests where id = $1")
                    .bind(id)
                    .fetch_one(&db)
                    .await
                    .unwrap_or_else(|error| {
                        panic!("request {id} is lost in round {round}: {error}")
                    });
            // A new version may have closed it meanwhile.
            assert!(
                states.contains(&state.as_str()) || (state == "closed" && states.contains(&"open")),
                "round {round}: {id} is {state}, not {states:?}"
            );
        }
    }
    assert!(promised.len() > 10, "it did something: {}", promised.len());
    let published: i64 =
        sqlx::query_scalar("select coalesce(max(version), 0)::bigint from schedules")
            .fetch_one(&db)
            .await
            .unwrap();
    assert!(
        published > versions && versions > 5,
        "{published} versions, {versions} promised"
    );
    nothing_is_lost_or_doubled(&db).await;
    all_is_delivered(&database, &db, &sink).await;
}

fn serve(database: &TestDatabase, sink: &Sink) -> Running {
    let mut command = fairshift(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("DATABASE_URL", database.url())
        .env("FAIRSHIFT_SMTP_URL", &sink.url)
        .env("FAIRSHIFT_MAIL_FROM", "fairshift@example.com");
    Running::start(command)
}

/// What is still in the outbox is delivered after the last start; each notice to a person has come as one
/// mail, which it stays however often it was handed in.
async fn all_is_delivered(database: &TestDatabase, db: &PgPool, sink: &Sink) {
    // Nobody is left who holds a lease; waits between attempts are cut short.
    for sql in [
        "update jobs set leased_until = clock_timestamp() where state = 'running'",
        "update jobs set next_at = due_at where state = 'waiting'",
    ] {
        sqlx::query(sql).execute(db).await.unwrap();
    }
    let running = serve(database, sink);
    let left = "select count(*) from jobs where state = 'running' or (state = 'waiting' and due_at <= clock_timestamp())";
    let drained = async {
        while sqlx::query_scalar::<_, i64>(left)
            .fetch_one(db)
            .await
            .unwrap()
            > 0
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(3), drained)
        .await
        .expect("the outbox is empty in time");
    drop(running);
    consistent(db).await;
    let failed: Vec<(String, String)> =
        sqlx::query_as("select key, error from jobs where state in ('failed', 'dropped')")
            .fetch_all(db)
            .await
            .unwrap();
    assert_eq!(failed, [], "nothing was given up");
    // Invitations have followed the schedule to where it is by now.
    let invited: Vec<(DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select starts_at, ends_at from calendar_deliveries where standing = 'there' and ends_at > clock_timestamp() order by 1",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let serves: Vec<(DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select a.starts_at, a.ends_at from on_call a join calendar_channels c on c.person_id = a.person_id
        where a.ends_at > clock_timestamp() order by 1",
    )
    .fetch_all(db)
    .await
    .unwrap();
    assert!(!serves.is_empty());
    assert_eq!(invited, serves);
    // Teams have no webhooks here.
    let keys: Vec<String> = sqlx::query_scalar(
        "select key from jobs where kind = 'notice' and state = 'done' and key not like '%:team'",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let hex = fairshift::web::token::hex;
    let expected: BTreeSet<String> = keys
        .iter()
        .map(|key| hex(&Sha256::digest(key.as_bytes()))[..32].to_owned())
        .collect();
    let mails = sink.mails();
    let id = |mail: &Received| {
        let mut lines = mail.raw.lines();
        let line = lines.find_map(|line| line.strip_prefix("Message-ID: <"));
        line.unwrap().split('@').next().unwrap().to_owned()
    };
    let got: BTreeSet<String> = mails.iter().map(id).collect();
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| !got.contains(&hex(&Sha256::digest(key.as_bytes()))[..32]))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(got, expected);
    // What comes twice is the same mail.
    let mut by_id: BTreeMap<String, &Received> = BTreeMap::new();
    for mail in &mails {
        let first = by_id.entry(id(mail)).or_insert(mail);
        assert_eq!(first.to, mail.to);
    }
}

/// What was asked is told once, in the transaction that asked.
async fn nothing_is_lost_or_doubled(db: &PgPool) {
    for (what, sql) in [
        (
            "every question has its notice",
            "select count(*) from cover_events e where e.action = 'asked' and not exists (
                select from jobs j where j.key = 'notice:cover:' || e.request_id || ':' || e.id || ':' || e.person_id)",
        ),
        (
            "every covered request was told to whoever takes it",
            "select count(*) from cover_events e where e.action = 'agreed' and not exists (
                select from jobs j where j.key like 'notice:cover:' || e.request_id || ':' || e.id || ':%')",
        ),
        (
            "nobody was asked twice",
            "select count(*) from (select 1 from cover_events where action = 'asked' group by request_id, person_id
                having count(*) > 1) x",
        ),
        (
            "one published version of each month",
            "select count(*) from (select 1 from schedules where state = 'published' group by rotation_id, month
                having count(*) > 1) x",
        ),
        (
            "every version was told to whom it gives and takes a slot",
            "select count(*) from schedules s
            join schedules p on p.rotation_id = s.rotation_id and p.month = s.month and p.version = s.version - 1
            join assignments a on a.schedule_id = s.id
            join assignments b on b.schedule_id = p.id and b.shift_id = a.shift_id and b.role_id = a.role_id
            cross join lateral (values (a.person_id), (b.person_id)) as told (person)
            where a.person_id <> b.person_id and not exists (select from jobs j where j.key = 'notice:published:'
                || s.rotation_id || ':' || to_char(s.month, 'YYYY-MM') || ':' || s.version || ':' || told.person)
            -- A cover after the publication changes the version in place, and is told by itself.
            and not exists (select from cover_requests r where r.shift_id = a.shift_id and r.role_id = a.role_id
                and r.state = 'covered')",
        ),
        (
            "every request says in its history how it was made, once",
            "select count(*) from cover_requests r where
                (select count(*) from cover_events e where e.request_id = r.id and e.action = 'made') <> 1",
        ),
    ] {
        let wrong: i64 = sqlx::query_scalar(sql).fetch_one(db).await.unwrap();
        assert_eq!(wrong, 0, "{what}");
    }
}
