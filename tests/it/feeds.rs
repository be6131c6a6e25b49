//! Feeds over HTTP, and the page that hands out their addresses: by hand and by real clients.

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::clock::Clock;
use fairshift::vocab::Month;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response};
use sqlx::PgPool;

use crate::clients::{CalendarApp, Parser, SeenEvent, read_with};
use crate::fixtures::{self, PASSWORD, Person, Rotation, Team};
use crate::support::TestApp;
use crate::support::program::{DataFolder, Running};
use crate::support::visitor::Visitor;

/// A team with this month and the next published. The database's own clock raises revisions, so
/// these tests live in the present.
pub struct Crew {
    pub app: TestApp,
    pub team: Team,
    pub rotation: Rotation,
    pub carla: Person,
    pub ayse: Person,
    pub ben: Person,
    pub chen: Person,
}

impl Crew {
    pub async fn start() -> Self {
        Self::of(TestApp::start().await).await
    }

    /// In that installation.
    pub async fn of(app: TestApp) -> Self {
        let db = &app.db;
        let now = Clock::system().now();
        app.clock.set(now);
        let zone = chrono_tz::Europe::Istanbul;
        let team = fixtures::team(db, "payments", "Payments", zone).await;
        let carla = fixtures::person(db, "carla", "Carla Díaz", zone).await;
        let ayse = fixtures::person(db, "ayse", "Ayşe Demir", zone).await;
        let ben = fixtures::person(db, "ben", "Ben Okafor", chrono_tz::Europe::London).await;
        let chen = fixtures::person(db, "chen", "Chen Wei", zone).await;
        fixtures::join(db, &team, &carla, true, false).await;
        for person in [&ayse, &ben, &chen] {
            fixtures::join(db, &team, person, false, true).await;
            fixtures::phone(db, person, "+44 20 7946 0000").await;
        }
        let roles = [("Primary", false), ("Secondary", false)];
        let rotation = fixtures::rotation(db, &team, "Main", &roles, &[&ayse, &ben, &chen]).await;
        // Shifts begin at 09:00: the one that is running began today or yesterday. Ayşe is its Primary,
        // whichever day it is.
        let running = (now.with_timezone(&zone) - TimeDelta::hours(9)).date_naive();
        let month = Month::of(running);
        let turn = [&ayse, &ben, &chen];
        for month in [month, month.next()] {
            let days = (month.first() - running).num_days();
            let first = usize::try_from(days.rem_euclid(3)).unwrap();
            fixtures::publish(db, &rotation, month, |n, role| {
                Some(turn[(first + n + role) % 3])
            })
            .await;
        }
        Self {
            app,
            team,
            rotation,
            carla,
            ayse,
            ben,
            chen,
        }
    }

    pub async fn visitor(&self, person: &Person) -> Visitor {
        let visitor = self.app.visitor();
        visitor.sign_in(&person.email, PASSWORD).await;
        visitor
    }

    /// The address of a new feed: of a person's own shifts, or with a slug of a team's.
    pub async fn feed(&self, person: &Person, team: &str) -> String {
        make(&self.visitor(person).await, team).await
    }
}

async fn make(visitor: &Visitor, team: &str) -> String {
    let page = visitor
        .post_form("/calendar/feeds", &[("team", team)])
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.attributes("#feed-link", "value").remove(0)
}

/// A client that decodes nothing and follows nothing.
fn bare() -> Client {
    Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn ask(method: Method, url: &str, headers: &[(&'static str, &str)]) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (name.parse().unwrap(), value)
        })
        .collect();
    let request = bare().request(method, url).headers(headers);
    request.send().await.unwrap()
}

async fn body(url: &str) -> String {
    let response = ask(Method::GET, url, &[]).await;
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

pub async fn events(url: &str) -> Vec<SeenEvent> {
    read_with(Parser::ICalendar, &body(url).await)
}

fn find<'a>(events: &'a [SeenEvent], uid: &str) -> &'a SeenEvent {
    events.iter().find(|e| e.uid == uid).expect(uid)
}

/// The first shift to come that has this Primary.
pub async fn next_primary(db: &PgPool, person: &Person, now: DateTime<Utc>) -> i64 {
    sqlx::query_scalar(
        "select shift_id from on_call where person_id = $1 and escalation_order = 1 and starts_at > $2
        order by starts_at limit 1",
    )
    .bind(person.id)
    .bind(now + TimeDelta::days(2))
    .fetch_one(db)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_feed_keeps_every_rule_of_http() {
    let crew = Crew::start().await;
    let url = crew.feed(&crew.ayse, "").await;
    let plain = ask(Method::GET, &url, &[]).await;
    let headers = plain.headers().clone();
    assert_eq!(plain.status(), 200);
    assert_eq!(headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(headers["cache-control"], "private");
    assert!(!headers.contains_key("set-cookie"));
    let tag = headers["etag"].to_str().unwrap().to_owned();
    assert!(
        tag.starts_with("W/\""),
        "it stands for the compressed bytes, too: {tag}"
    );
    let text = plain.text().await.unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));

    let head = ask(Method::HEAD, &url, &[]).await;
    assert_eq!(head.status(), 200);
    for name in ["content-type", "cache-control", "etag"] {
        assert_eq!(head.headers()[name], headers[name], "{name}");
    }
    assert_eq!(head.text().await.unwrap(), "");

    let strong = tag.trim_start_matches("W/").to_owned();
    for known in [&tag, &strong, &format!("\"other\", {tag}"), &"*".to_owned()] {
        for method in [Method::GET, Method::HEAD] {
            let answer = ask(method, &url, &[("if-none-match", known)]).await;
            assert_eq!(answer.status(), 304, "{known}");
            for name in ["cache-control", "etag"] {
                assert_eq!(answer.headers()[name], headers[name], "{known} {name}");
            }
            assert_eq!(answer.headers()["vary"], "accept-encoding");
            assert_eq!(answer.text().await.unwrap(), "");
        }
    }
    let stale = ask(Method::GET, &url, &[("if-none-match", "W/\"x\"")]).await;
    assert_eq!(stale.status(), 200);

    let zipped = ask(Method::GET, &url, &[("accept-encoding", "gzip")]).await;
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    assert_eq!(zipped.headers()["vary"], "accept-encoding");
    assert_eq!(zipped.headers()["etag"], tag.as_str());
    assert!(zipped.bytes().await.unwrap().len() * 3 < text.len());

    for accept in ["text/html", "application/json", "text/calendar;q=0"] {
        let other = ask(
            Method::GET,
            &url,
            &[("accept", accept), ("cookie", "session=x; flash=00")],
        )
        .await;
        assert!(!other.headers().contains_key("set-cookie"));
        assert_eq!(other.text().await.unwrap(), text, "{accept}");
    }
    // A day later the same bytes: nothing in it comes from the clock.
    crew.app.clock.advance(TimeDelta::hours(5));
    assert_eq!(body(&url).await, text);

    let secret = url.rsplit('/').next().unwrap().trim_end_matches(".ics");
    let wrong = [
        format!("/calendar/{}.ics", "0".repeat(64)),
        format!("/calendar/{secret}"),
        format!("/calendar/{}.ics", secret.to_uppercase()),
        "/calendar/.ics".to_owned(),
    ];
    for path in wrong {
        let answer = ask(Method::GET, &format!("{}{path}", crew.app.url), &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    let post = ask(Method::POST, &url, &[("sec-fetch-site", "none")]).await;
    assert_eq!(post.status(), 405);
    let kept: i64 = sqlx::query_scalar("select count(*) from feeds where encode(token_hash, 'hex') = $1 or encode(token_hash, 'escape') = $1")
        .bind(secret)
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    assert_eq!(kept, 0, "only a hash is kept");
}

#[tokio::test]
async fn parsers_and_a_calendar_app_see_what_is_published() {
    let crew = Crew::start().await;
    let url = crew.feed(&crew.ayse, "").await;
    let text = body(&url).await;
    let wanted: Vec<(DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
        "select starts_at, ends_at from on_call where person_id = $1 order by starts_at",
    )
    .bind(crew.ayse.id)
    .fetch_all(&crew.app.db)
    .await
    .unwrap();
    assert!(wanted.len() > 35);
    for parser in Parser::ALL {
        let mut seen = read_with(parser, &text);
        seen.sort_by_key(|e| e.start);
        let times: Vec<_> = seen.iter().map(|e| (e.start, e.end)).collect();
        assert_eq!(times, wanted, "{parser:?}");
    }
    let shift = next_primary(&crew.app.db, &crew.ayse, crew.app.clock.now()).await;
    let role = crew.rotation.roles[0];
    let seen = read_with(Parser::VObject, &text);
    let uid = format!("personal-{shift}-{role}-{}@127.0.0.1", crew.ayse.id);
    let event = find(&seen, &uid);
    assert_eq!(event.summary, "On call: Primary, Payments");
    assert_eq!(event.url, format!("{}/shifts/{shift}", crew.app.url));
    assert_eq!(
        event.description,
        format!(
            "Role: Primary\nWith: Ben Okafor (Secondary)\nFor: Payments / Main\n\n\
             If you need help, in this order:\n1. Ben Okafor (Secondary): Phone +44 20 7946 0000\n\
             2. Carla Díaz (Manager): no way to reach them is shown\n\n\
             Handover:\nYou take over from Chen Wei.\nYou hand over to Ben Okafor.\n\n\
             Can't make it? Say so here:\n{}",
            event.url
        )
    );
    assert_eq!(event.transparency, "TRANSPARENT");

    let (start, url) = (event.start, url.clone());
    let listed = tokio::task::spawn_blocking(move || {
        let app = CalendarApp::subscribe(&url);
        app.sync();
        app.list(start.date_naive(), start.date_naive())
    })
    .await
    .unwrap();
    let shown = listed.iter().find(|e| e.start == start).expect("listed");
    assert_eq!(shown.title, "On call: Primary, Payments");
    assert!(shown.description.contains("With: Ben Okafor (Secondary)"));

    let team = events(&crew.feed(&crew.ben, "payments").await).await;
    let all: i64 = sqlx::query_scalar("select count(*) from on_call")
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    assert_eq!(i64::try_from(team.len()).unwrap(), all);
    let event = find(&team, &uid.replace("personal-", "team-"));
    assert_eq!(event.summary, "Ayşe Demir: Primary, Payments");
    assert!(event.description.contains("They take over from Chen Wei."));
}

#[tokio::test]
async fn what_changes_in_a_shift_raises_its_sequence_and_no_others() {
    let crew = Crew::start().await;
    let db = &crew.app.db;
    let url = crew.feed(&crew.ayse, "").await;
    let shift = next_primary(db, &crew.ayse, crew.app.clock.now()).await;
    let uid = format!(
        "personal-{shift}-{}-{}@127.0.0.1",
        crew.rotation.roles[0], crew.ayse.id
    );
    let before = events(&url).await;
    assert_eq!(events(&url).await, before, "nothing changed");

    // The partner's telephone.
    sqlx::query("update contact_methods set value = '+44 1' where person_id = $1")
        .bind(crew.ben.id)
        .execute(db)
        .await
        .unwrap();
    let called = events(&url).await;
    let (old, new) = (find(&before, &uid), find(&called, &uid));
    assert!(new.sequence > old.sequence && new.stamp >= old.stamp);
    assert!(
        new.description
            .contains("Ben Okafor (Secondary): Phone +44 1\n")
    );
    for old in &before {
        let new = find(&called, &old.uid);
        assert_eq!(
            new.sequence > old.sequence,
            new.description != old.description,
            "{}",
            old.description
        );
    }

    // A name, which also stands in the handover of the shifts beside theirs.
    sqlx::query("update people set name = 'Chen Wei-Ling' where id = $1")
        .bind(crew.chen.id)
        .execute(db)
        .await
        .unwrap();
    let named = events(&url).await;
    for old in &called {
        let new = find(&named, &old.uid);
        assert!(
            new.description == old.description || new.sequence > old.sequence,
            "{}",
            new.description
        );
    }
    assert!(
        find(&named, &uid)
            .description
            .contains("You take over from Chen Wei-Ling.")
    );

    // Given away: gone from here, there for the other, and whoever hands over to them learns of it.
    let ben = crew.feed(&crew.ben, "").await;
    let ben_before = events(&ben).await;
    sqlx::query("update assignments set person_id = $1 where shift_id = $2 and person_id = $3")
        .bind(crew.chen.id)
        .bind(shift)
        .bind(crew.ayse.id)
        .execute(db)
        .await
        .unwrap();
    let given = events(&url).await;
    assert_eq!(given.len(), named.len() - 1);
    assert!(given.iter().all(|e| e.uid != uid));
    let chen = events(&crew.feed(&crew.chen, "").await).await;
    let taken = uid.replace(
        &format!("-{}@", crew.ayse.id),
        &format!("-{}@", crew.chen.id),
    );
    assert!(
        find(&chen, &taken)
            .description
            .contains("You serve the shift before, too.")
    );
    let mut told = 0;
    for old in &ben_before {
        let new = find(&events(&ben).await, &old.uid).clone();
        if new.description != old.description {
            told += 1;
            assert!(new.sequence > old.sequence, "{}", new.description);
        }
    }
    // His own slot of that shift, and the one after it, which takes over from Chen now.
    assert_eq!(told, 2);
}

#[tokio::test]
async fn a_new_version_that_changes_nothing_changes_no_byte() {
    let crew = Crew::start().await;
    let url = crew.feed(&crew.ayse, "payments").await;
    let before = body(&url).await;
    let mut tx = crew.app.db.begin().await.unwrap();
    let publish = [
        "insert into schedules (rotation_id, month, state, created_at, updated_at)
            select rotation_id, month, 'draft', created_at, updated_at from schedules where state = 'published'",
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, weekday_minutes,
                night_minutes, weekend_minutes, holiday_minutes, points, escalation_order, is_shadow)
            select d.id, 'draft', a.shift_id, a.role_id, a.person_id, a.starts_at, a.ends_at, a.weekday_minutes,
                a.night_minutes, a.weekend_minutes, a.holiday_minutes, a.points, a.escalation_order, a.is_shadow
            from assignments a join schedules p on p.id = a.schedule_id
            join schedules d on d.rotation_id = p.rotation_id and d.month = p.month and d.state = 'draft'",
        "update schedules set state = 'superseded' where state = 'published'",
        "update schedules set state = 'published', version = 2, published_at = created_at where state = 'draft'",
    ];
    for sql in publish {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(body(&url).await, before);
}

#[tokio::test]
async fn links_are_renewed_removed_and_end_with_the_membership() {
    let crew = Crew::start().await;
    let visitor = crew.visitor(&crew.ayse).await;
    let page = visitor.get("/calendar").await;
    assert_eq!(page.all(".feed h3"), ["My own shifts", "All of Payments"]);
    let shown = visitor
        .post_form("/calendar/feeds", &[("team", "payments")])
        .await;
    let url = shown.attributes("#feed-link", "value").remove(0);
    let secret = url.rsplit('/').next().unwrap();
    let host = crew.app.url.trim_start_matches("http://");
    assert_eq!(
        shown.attributes(".feed-links a", "href"),
        [
            format!("webcal://{host}/calendar/{secret}"),
            format!(
                "https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2F{}%2Fcalendar%2F{secret}",
                host.replace(':', "%3A")
            ),
        ]
    );
    let again = visitor.get("/calendar").await;
    assert!(!again.body.contains(secret), "it is shown once");
    let renewed = make(&visitor, "payments").await;
    assert_eq!(ask(Method::GET, &url, &[]).await.status(), 404);
    assert_eq!(ask(Method::GET, &renewed, &[]).await.status(), 200);

    // Busy is part of what is shown.
    let own = make(&visitor, "").await;
    let free = events(&own).await;
    let ids: Vec<String> = visitor
        .get("/calendar")
        .await
        .attributes("form[action$=removal]", "action");
    let feed = ids[0].trim_end_matches("/removal").to_owned();
    crew.app.clock.advance(TimeDelta::minutes(1));
    let said = visitor.submit(&feed, &[("busy", "yes")]).await;
    assert!(said.text().contains("Your shifts show as busy"));
    let busy = events(&own).await;
    for (free, busy) in free.iter().zip(&busy) {
        assert_eq!(
            (free.transparency.as_str(), busy.transparency.as_str()),
            ("TRANSPARENT", "OPAQUE")
        );
        assert!(busy.sequence > free.sequence && busy.stamp > free.stamp);
    }

    // Nobody else's business.
    let ben = crew.visitor(&crew.ben).await;
    for path in [
        feed.clone(),
        format!("{feed}/removal"),
        "/calendar/feeds/999".to_owned(),
    ] {
        assert_eq!(ben.post_form(&path, &[]).await.status, 404, "{path}");
    }
    let other = ben
        .post_form("/calendar/feeds", &[("team", "search")])
        .await;
    assert_eq!(other.status, 404);

    // Out of the team: its feed ends, one's own shifts stay, without the colleagues' numbers.
    assert!(busy[0].description.contains("+44 20"));
    sqlx::query("delete from team_members where person_id = $1 and team_id = $2")
        .bind(crew.ayse.id)
        .bind(crew.team.id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    assert_eq!(ask(Method::GET, &renewed, &[]).await.status(), 404);
    let left = events(&own).await;
    assert_eq!(left.len(), busy.len());
    for (old, new) in busy.iter().zip(&left) {
        assert!(new.sequence > old.sequence);
        assert!(!new.description.contains("+44 20"), "{}", new.description);
    }

    let gone = visitor.submit(&format!("{feed}/removal"), &[]).await;
    assert!(gone.text().contains("The link no longer works."));
    assert_eq!(ask(Method::GET, &own, &[]).await.status(), 404);
    let lines: Vec<String> = sqlx::query_scalar("select action from audit order by id")
        .fetch_all(&crew.app.db)
        .await
        .unwrap();
    assert_eq!(
        lines,
        [
            "made feed",
            "made feed",
            "made feed",
            "changed feed",
            "removed feed"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_log_never_names_a_token() {
    let folder = DataFolder::new("feed-log");
    let mut command = folder.command();
    command.env("FAIRSHIFT_LOG", "debug");
    let running = Running::start(command);
    let secret = "5ec2e7".repeat(10);
    let url = format!("{}/calendar/{secret}.ics", running.url);
    assert_eq!(ask(Method::GET, &url, &[]).await.status(), 404);
    let (_, log) = running.end("-TERM");
    assert!(log.contains("/calendar/{file}"), "{log}");
    assert!(!log.contains(&secret), "{log}");
}
