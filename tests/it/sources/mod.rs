//! People's own calendars: connected, read again and again, and what follows from them.

mod belief;
mod dav;
mod follow;
mod journey;
mod kept;
mod private;
pub mod server;
mod turns;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::availability;
use fairshift::jobs;
use fairshift::secret::SecretKey;
use fairshift::state::{AppState, Site};
use fairshift::vocab::{Interval, Month, PersonId};
use fairshift::{app, planning, rotations};
use sqlx::postgres::PgListener;

use crate::fixtures::{self, Payments};
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};
use server::{Reply, Server};

const HOME: &str = "/availability/calendars";
const DECEMBER: &str = "/availability?month=2026-12";

/// A calendar with these events: lines between BEGIN:VEVENT and END:VEVENT.
pub fn calendar(events: &[&str]) -> String {
    let events = events.iter().enumerate().map(|(number, event)| {
        let event = event.replace('\n', "\r\n");
        format!(
            "BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Very private {number}\r\n{event}\r\nEND:VEVENT\r\n"
        )
    });
    let events: String = events.collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

/// Tuesday 1 December, 10:00 to 12:00 in Istanbul.
const MEETING: &str = "DTSTART:20261201T070000Z\nDTEND:20261201T090000Z";
/// Every working day of December from 09:00 to 13:00 in Istanbul: half of working time.
const HALF: &str = "DTSTART;TZID=Europe/Istanbul:20261201T090000\nDTEND;TZID=Europe/Istanbul:20261201T130000\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261231T210000Z";
/// 7 to 9 December, out of office.
const AWAY: &str =
    "DTSTART;VALUE=DATE:20261207\nDTEND;VALUE=DATE:20261210\nX-MICROSOFT-CDO-BUSYSTATUS:OOF";

struct Stage {
    app: TestApp,
    crew: Payments,
    server: Server,
    ayse: Visitor,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let crew = fixtures::payments(&app.db).await;
        let ayse = app.visitor();
        ayse.sign_in(&crew.ayse.email, fixtures::PASSWORD).await;
        Self {
            crew,
            server: Server::start().await,
            ayse,
            app,
        }
    }

    async fn carla(&self) -> Visitor {
        let carla = self.app.visitor();
        carla
            .sign_in(&self.crew.carla.email, fixtures::PASSWORD)
            .await;
        carla
    }

    /// Ayşe connects what the server has at this path.
    async fn connect(&self, path: &str) -> Page {
        let address = self.server.at(path);
        let fields = [("address", address.as_str()), ("address_name", "Work")];
        self.ayse
            .submit("/availability/calendars/addresses", &fields)
            .await
    }

    async fn one<T>(&self, sql: &'static str) -> T
    where
        T: Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
    {
        sqlx::query_scalar(sql)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    /// The page of the only calendar.
    async fn page(&self) -> Page {
        let id: i64 = self.one("select max(id) from sources").await;
        self.ayse.get(&format!("{HOME}/{id}")).await
    }

    /// Reads the only calendar again, at once.
    async fn read_again(&self) -> Page {
        // Pressing the button twice in a row is held back; an hour later it isn't.
        self.app.clock.advance(TimeDelta::minutes(1));
        let id: i64 = self.one("select max(id) from sources").await;
        self.ayse.submit(&format!("{HOME}/{id}/reading"), &[]).await;
        self.run().await;
        self.page().await
    }

    async fn run(&self) -> usize {
        run(&self.app.state).await
    }

    async fn spans(&self) -> i64 {
        self.one("select count(*) from source_spans").await
    }

    /// What counts for Ayşe in December, in percent.
    async fn december(&self) -> Option<i16> {
        let (ayse, month) = (self.crew.ayse.id, december());
        let mut conn = self.app.db.acquire().await.unwrap();
        let known = availability::utilisations(&mut conn, &[ayse], &[month]).await;
        known.unwrap().get(&(ayse, month)).map(|u| u.percent)
    }
}

async fn run(state: &AppState) -> usize {
    jobs::run_due(state, &app::handlers()).await.unwrap()
}

fn december() -> Month {
    "2026-12".parse().unwrap()
}

#[tokio::test]
async fn a_secret_address_is_read_at_once_and_again_when_it_changed() {
    let stage = Stage::set().await;
    stage.server.reply(
        "/private-abc/basic.ics",
        Reply::Calendar(calendar(&[MEETING])),
    );
    let page = stage.connect("/private-abc/basic.ics").await;
    assert!(
        page.text().contains("Work is connected: 1 entry read."),
        "{}",
        page.text()
    );
    assert!(page.text().contains("read just now"), "{}", page.text());
    // Neither page shows the address again, and no title is anywhere.
    let page = stage.page().await;
    assert!(page.text().contains("127.0.0.1"));
    assert!(!page.body.contains("private-abc") && !page.body.contains("Very private"));
    let kept: String = stage
        .one("select string_agg(t::text, ' ') from (select s::text as t from sources s union all select x::text from source_spans x union all select j::text from jobs j) u")
        .await;
    assert!(
        !kept.contains("private-abc") && !kept.contains("Very private"),
        "{kept}"
    );
    let sealed: Vec<u8> = stage.one("select secret from sources").await;
    assert!(!sealed.windows(11).any(|w| w == b"private-abc"));
    // 2 of 184 hours.
    assert_eq!(stage.december().await, Some(1));
    let page = stage.ayse.get(DECEMBER).await;
    assert!(page.text().contains("meetings 2 h"), "{}", page.text());
    assert!(
        page.text().contains("In the calendar: busy 10:00 to 12:00"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("1 calendar, read just now"),
        "{}",
        page.text()
    );

    // Nothing changed: the server says so, and nothing is worked out.
    stage.read_again().await;
    let asked = stage.server.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked[1].contains("if-none-match: \""), "{asked:?}");
    assert_eq!(stage.december().await, Some(1));
    // A day later the whole is read again all the same: what repeats reaches further.
    stage.app.clock.advance(TimeDelta::hours(21));
    stage.run().await;
    assert!(!stage.server.asked()[2].contains("if-none-match"));
    // It changed: everything follows.
    stage
        .server
        .reply("/private-abc/basic.ics", Reply::Calendar(calendar(&[HALF])));
    stage.read_again().await;
    assert_eq!(stage.december().await, Some(50));
    let counted: Vec<(String, i32, i32)> = sqlx::query_as(
        "select starts_on::text, working_minutes, meeting_minutes from booked_times
        where period = 'week' and starts_on between '2026-11-30' and '2026-12-13' order by 1",
    )
    .fetch_all(&stage.app.db)
    .await
    .unwrap();
    assert_eq!(
        counted,
        [
            ("2026-11-30".to_owned(), 2400, 4 * 240),
            ("2026-12-07".to_owned(), 2400, 1200)
        ]
    );
}

#[tokio::test]
async fn working_hours_and_corrections_decide_what_counts() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    assert_eq!(stage.december().await, Some(50));
    // Mornings only, and two nights over midnight: 09:00 to 13:00 is all of the mornings.
    let hours = |typed: &[(&'static str, &'static str)]| {
        let mut fields = vec![("month", "2026-12")];
        fields.extend(typed);
        fields
    };
    let page = stage
        .ayse
        .submit(
            "/availability/working-hours",
            &hours(&[
                ("works0_from", "09:00"),
                ("works0_to", "13:00"),
                ("works5_from", "22:00"),
                ("works5_to", "02:00"),
            ]),
        )
        .await;
    assert!(
        page.text()
            .contains("You work Monday 09:00 to 13:00; Saturday 22:00 to 02:00"),
        "{}",
        page.text()
    );
    assert_eq!(
        stage.december().await,
        Some(50),
        "Mondays are full, nights are free"
    );
    for bad in [
        vec![],
        hours(&[("works0_from", "09:00")])[1..].to_vec(),
        hours(&[("works0_from", "9am"), ("works0_to", "17:00")])[1..].to_vec(),
        hours(&[("works0_from", "25:00"), ("works0_to", "17:00")])[1..].to_vec(),
    ] {
        let page = stage
            .ayse
            .post_form("/availability/working-hours", &hours(&bad))
            .await;
        assert_eq!(page.status, 422, "{bad:?}");
        assert!(page.text().contains("Nothing was changed"));
    }
    let usual: Vec<(&str, &str)> = [
        ("works0_from", "09:00"),
        ("works0_to", "17:00"),
        ("works1_from", "09:00"),
        ("works1_to", "17:00"),
    ]
    .into();
    stage
        .ayse
        .submit("/availability/working-hours", &hours(&usual))
        .await;
    // A correction wins, names its author, and can be taken away.
    let carla = stage.carla().await;
    let id = stage.crew.ayse.id;
    let base = format!("/teams/payments/availability/{id}");
    let page = carla
        .submit(
            &format!("{base}/utilisation"),
            &[("month", "2026-12"), ("percent", "80")],
        )
        .await;
    let text = page.text();
    assert!(
        text.contains("80 %, entered by Carla Díaz (manager)")
            && text.contains("This counts, not what the calendars say"),
        "{text}"
    );
    assert!(text.contains("50 %"), "both are shown: {text}");
    assert_eq!(stage.december().await, Some(80));
    let page = carla
        .get("/teams/payments/availability?month=2026-12")
        .await;
    assert!(
        page.text().contains("calendars say 50 %"),
        "{}",
        page.text()
    );
    assert_eq!(page.attributes(&format!("#percent_{id}"), "value"), ["80"]);
    stage
        .ayse
        .submit(
            "/availability/utilisation",
            &[("month", "2026-12"), ("percent", "")],
        )
        .await;
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // A table.
async fn a_failure_never_means_free() {
    let stage = Stage::set().await;
    let good = calendar(&[HALF, AWAY]);
    stage.server.reply("/c.ics", Reply::Calendar(good.clone()));
    stage.connect("/c.ics").await;
    let (spans, percent) = (stage.spans().await, stage.december().await);
    assert!(spans > 20 && percent.is_some());
    let with = |status, kind, body: &str| Reply::With(status, kind, body.as_bytes().to_vec());
    let location = |to: &str| Reply::Header(302, format!("location: {to}"));
    stage.server.reply("/loop", location("/loop"));
    stage.server.reply("/bare", location(""));
    for (reply, words) in [
        (
            with(200, "text/html", "<!doctype html><title>Sign in</title>"),
            "The address gave a web page, not a calendar",
        ),
        (
            with(200, "application/json", "{\"error\": 1}"),
            "The address gave JSON",
        ),
        (with(200, "text/calendar", ""), "came back empty"),
        (with(200, "text/calendar", "hello"), "no BEGIN:VCALENDAR"),
        (
            with(200, "text/calendar", &good[..good.len() / 2]),
            "cut off",
        ),
        (
            with(500, "text/plain", "oops"),
            "The server has a problem of its own (500)",
        ),
        (with(503, "text/plain", ""), "too busy (503)"),
        (
            with(401, "text/plain", ""),
            "does not let us read this address",
        ),
        (
            with(403, "text/plain", ""),
            "does not let us read this address",
        ),
        (
            with(404, "text/plain", ""),
            "There is no calendar at this address any more",
        ),
        (with(418, "text/plain", ""), "The server answers 418"),
        (Reply::Cut(good.as_bytes().to_vec()), "The connection broke"),
        (Reply::Endless, "larger than 10 MB"),
        (Reply::Bomb, "larger than 10 MB"),
        (location("/loop"), "more than 5 times"),
        (location(""), "does not say where to"),
        (location("file:///etc/passwd"), "must begin with https://"),
        (
            location("http://me:secret@127.0.0.1/c.ics"),
            "must not have a user name or password",
        ),
        (location("http://127.0.0.1:1/c.ics"), "No connection"),
    ] {
        stage.server.reply("/c.ics", reply);
        let page = stage.read_again().await;
        let text = page.text();
        assert!(text.contains(words), "{words}: {text}");
        assert!(
            text.contains("still counts: you are not taken to be free"),
            "{text}"
        );
        assert_eq!(
            (stage.spans().await, stage.december().await),
            (spans, percent),
            "{words}"
        );
    }
    let failures: i32 = stage.one("select failures from sources").await;
    assert_eq!(failures, 19);
    // Attempts get rarer.
    let wait: i64 = stage
        .one("select extract(epoch from next_at - read_at)::bigint / 3600 from sources")
        .await;
    assert!((10..=13).contains(&wait), "{wait} h");
    let page = stage.ayse.get("/").await;
    assert!(
        page.text().contains("A calendar of yours can't be read"),
        "{}",
        page.text()
    );
    let page = stage.ayse.get(DECEMBER).await;
    assert!(
        page.text().contains("it can't be read now"),
        "{}",
        page.text()
    );
    // Who only can mend it is told, once.
    let told: i64 = stage
        .one("select count(*) from jobs where key like '%calendar.unreadable%'")
        .await;
    assert_eq!(told, 1);

    // A wrong content type is no failure, nor is a redirect: relative, and more than one.
    stage.server.reply("/c.ics", location("/a"));
    stage.server.reply(
        "/a",
        Reply::Header(301, format!("location: {}", stage.server.at("/b"))),
    );
    stage
        .server
        .reply("/b", with(200, "text/html", &calendar(&[HALF])));
    let page = stage.read_again().await;
    assert!(!page.text().contains("It can't be read"), "{}", page.text());
    assert_eq!(stage.december().await, Some(50));
    assert_eq!(stage.one::<i32>("select failures from sources").await, 0);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_20_s() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    stage.server.reply("/c.ics", Reply::Silent);
    let page = stage.read_again().await;
    assert!(
        page.text().contains("longer than 20 s") || page.text().contains("No answer in time"),
        "{}",
        page.text()
    );
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
async fn the_server_s_wish_to_be_left_alone_is_heard() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    let day = 86400;
    for (status, headers, wanted) in [
        (429, "retry-after: 7200", 7200),
        (503, "retry-after: 9223372036854775807", day),
        // It was no failure to ask a server that says so.
        (200, "retry-after: 9223372036854775807", 0),
        (
            503,
            "date: Fri, 27 Nov 2026 12:00:00 GMT\r\nretry-after: Sat, 28 Nov 2026 08:00:00 GMT",
            20 * 3600,
        ),
    ] {
        let reply = Reply::Header(status, headers.to_owned());
        stage.server.reply("/c.ics", reply);
        stage.read_again().await;
        let wait: i64 = stage
            .one("select extract(epoch from next_at - read_at)::bigint from sources")
            .await;
        assert!(
            wait == wanted || (wanted == 0 && (1..day).contains(&wait)),
            "{headers}: {wait}"
        );
        assert_eq!(stage.december().await, Some(50));
    }
}

/// Another process on the same database, with Ayşe signed in.
async fn serve(stage: &Stage, process: AppState) -> Visitor {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service =
        app::router(process).into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let visitor = Visitor::new(&url);
    visitor
        .sign_in(&stage.crew.ayse.email, fixtures::PASSWORD)
        .await;
    visitor
}

#[tokio::test]
async fn another_key_or_none_is_a_clear_state() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    let with = |secret_key| AppState {
        site: Arc::new(Site {
            secret_key,
            ..(*stage.app.state.site).clone()
        }),
        ..stage.app.state.clone()
    };
    let (other, none) = (with(Some(SecretKey::random())), with(None));
    for (state, words) in [
        (&other, "Fairshift's key is another one"),
        (&none, "Fairshift's key is gone"),
    ] {
        stage.app.clock.advance(TimeDelta::hours(24));
        run(state).await;
        let page = stage.page().await;
        assert!(page.text().contains(words), "{}", page.text());
        assert_eq!(stage.december().await, Some(50));
    }
    // Without a key the page says what the administrator must do; a file still works.
    let visitor = serve(&stage, none).await;
    let page = visitor.get(HOME).await;
    assert!(
        page.text()
            .contains("the administrator has to set FAIRSHIFT_SECRET_KEY")
    );
    let address = stage.server.at("/c.ics");
    for (path, fields) in [
        ("addresses", vec![("address", address.as_str())]),
        (
            "accounts",
            vec![
                ("server", "caldav.example.com"),
                ("user", "a"),
                ("password", "b"),
            ],
        ),
    ] {
        let page = visitor.post_form(&format!("{HOME}/{path}"), &fields).await;
        assert_eq!(page.status, 422);
        assert!(
            page.all(".wrong")
                .join(" ")
                .contains("FAIRSHIFT_SECRET_KEY"),
            "{path}"
        );
    }
    // Entered anew, with the key there is now.
    let visitor = serve(&stage, other).await;
    let id: i64 = stage.one("select id from sources").await;
    visitor
        .submit(&format!("{HOME}/{id}/secret"), &[("address", &address)])
        .await;
    assert_eq!(stage.one::<i32>("select failures from sources").await, 0);
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // From the proposal to its end.
async fn out_of_office_becomes_leave_with_one_click() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY, MEETING])));
    stage.connect("/c.ics").await;
    for path in ["/", DECEMBER] {
        let page = stage.ayse.get(path).await;
        assert!(
            page.text().contains("7 to 9 Dec 2026") && page.text().contains("Accept as leave"),
            "{}",
            page.text()
        );
    }
    // Her manager can't decide it, and does not see the question.
    let id: i64 = stage.one("select id from leave_proposals").await;
    let (path, carla) = (format!("/availability/leave/{id}"), stage.carla().await);
    assert_eq!(
        carla.post_form(&path, &[("answer", "accept")]).await.status,
        404
    );
    let about = format!(
        "/teams/payments/availability/{}?month=2026-12",
        stage.crew.ayse.id
    );
    assert!(!carla.get(&about).await.text().contains("Accept as leave"));
    assert_eq!(
        stage
            .ayse
            .post_form(&path, &[("answer", "maybe")])
            .await
            .status,
        400
    );
    let before = stage.december().await;
    let page = stage
        .ayse
        .submit(&path, &[("answer", "accept"), ("month", "2026-12")])
        .await;
    assert!(
        page.text()
            .contains("7 to 9 Dec 2026 is leave now: it excuses you. But you are on call then: "),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("Accept as leave"));
    let leave =
        "select level || ' ' || starts_at::text || ' ' || ends_at::text from availability_entries";
    assert_eq!(
        stage.one::<String>(leave).await,
        "leave 2026-12-06 21:00:00+00 2026-12-09 21:00:00+00"
    );
    // Leave is no working time: it doesn't count as booked on top of that.
    assert_eq!((before, stage.december().await), (Some(14), Some(1)));
    let again = stage.ayse.post_form(&path, &[("answer", "accept")]).await;
    assert_eq!(again.status, 409, "{}", again.text());
    // The next reading changes nothing; then the entry goes, and the page says so.
    stage.read_again().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[MEETING])));
    stage.read_again().await;
    let page = stage.ayse.get(DECEMBER).await;
    assert!(
        page.text()
            .contains("accepted as leave, but no longer in your calendar"),
        "{}",
        page.text()
    );
    assert_eq!(
        stage
            .one::<i64>("select count(*) from availability_entries")
            .await,
        1
    );
    stage.ayse.submit(&path, &[("answer", "remove")]).await;
    assert_eq!(
        stage
            .one::<i64>("select count(*) from availability_entries")
            .await,
        0
    );
    assert!(
        !stage
            .ayse
            .get(DECEMBER)
            .await
            .text()
            .contains("no longer in your calendar")
    );
    // Dismissed, it is not asked again.
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.read_again().await;
    let id: i64 = stage.one("select id from leave_proposals").await;
    stage
        .ayse
        .submit(
            &format!("/availability/leave/{id}"),
            &[("answer", "dismiss")],
        )
        .await;
    stage.read_again().await;
    assert!(!stage.ayse.get("/").await.text().contains("is it leave?"));
    assert_eq!(
        stage.december().await,
        Some(13),
        "it still counts as booked"
    );
}

#[tokio::test]
async fn a_team_may_take_out_of_office_as_leave_by_itself() {
    let stage = Stage::set().await;
    let carla = stage.carla().await;
    let page = carla
        .submit("/teams/payments/calendars", &[("accepts", "yes")])
        .await;
    assert!(
        page.text().contains("becomes leave by itself"),
        "{}",
        page.text()
    );
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.connect("/c.ics").await;
    assert_eq!(
        stage
            .one::<i64>("select count(*) from availability_entries where level = 'leave'")
            .await,
        1
    );
    assert!(!stage.ayse.get("/").await.text().contains("is it leave?"));
    // Managers see how fresh it is, and nothing of what is in it.
    let page = carla.get("/teams/payments/calendars").await;
    assert!(
        page.text().contains("Ayşe Demir 1 calendar, read just now"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("Work") && !page.body.contains("127.0.0.1"));
    let id: i64 = stage.one("select id from sources").await;
    for (method, path) in [
        ("get", ""),
        ("post", "/removal"),
        ("post", "/reading"),
        ("post", "/secret"),
    ] {
        let path = format!("{HOME}/{id}{path}");
        let page = if method == "get" {
            carla.get(&path).await
        } else {
            carla.post_form(&path, &[]).await
        };
        assert_eq!(page.status, 404, "{path}");
    }
    // A meeting of the week before is another matter.
    carla.submit("/teams/payments/calendars", &[]).await;
    let trail: Vec<String> =
        sqlx::query_scalar("select summary from audit where action = 'set calendars' order by id")
            .fetch_all(&stage.app.db)
            .await
            .unwrap();
    assert_eq!(trail.len(), 2);
}

#[tokio::test]
async fn a_clash_is_shown_to_both_and_told_once() {
    let stage = Stage::set().await;
    // Ayşe is Primary from Tuesday 1 December 09:00 to Wednesday 09:00: a meeting is no clash, an
    // evening out is.
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[MEETING])));
    stage.connect("/c.ics").await;
    assert!(
        !stage
            .ayse
            .get("/")
            .await
            .text()
            .contains("Your calendar clashes")
    );
    let evening = "DTSTART:20261201T170000Z\nDTEND:20261201T200000Z";
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[MEETING, evening])));
    stage.read_again().await;
    let page = stage.ayse.get("/").await;
    assert!(
        page.text().contains("Your calendar clashes with a shift"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("busy Tue 1 Dec 2026 20:00 to 23:00"),
        "{}",
        page.text()
    );
    let page = stage.ayse.get(DECEMBER).await;
    assert!(
        page.text()
            .contains("On call while your calendar has something else")
    );
    let carla = stage.carla().await;
    for (path, words) in [
        ("/", "A shift clashes with a calendar"),
        (
            "/teams/payments/availability?month=2026-12",
            "Published shifts that clash with their person's calendar",
        ),
        (
            "/teams/payments/plan/2026-12",
            "A published shift clashes with a calendar",
        ),
    ] {
        let page = carla.get(path).await;
        assert!(page.text().contains(words), "{path}: {}", page.text());
        assert!(page.text().contains("Ayşe Demir"));
    }
    let page = carla.get("/teams/payments/plan/2026-12").await;
    assert!(
        page.text().contains("How fresh the calendars are"),
        "{}",
        page.text()
    );
    for _ in 0..3 {
        stage.read_again().await;
    }
    let told: i64 = stage
        .one("select count(*) from jobs where key like '%calendar.clash%'")
        .await;
    assert_eq!(told, 2, "she and her manager, once each");
}

#[tokio::test]
async fn a_clash_with_another_teams_shift_is_named_as_such_in_the_plan() {
    let stage = Stage::set().await;
    let (db, crew) = (&stage.app.db, &stage.crew);
    let team = fixtures::team(db, "checkout", "Checkout", crew.team.zone).await;
    fixtures::join(db, &team, &crew.ayse, false, true).await;
    let rotation =
        fixtures::rotation(db, &team, "Nights", &[("Primary", false)], &[&crew.ayse]).await;
    let schedule = fixtures::schedule(db, &rotation, december(), "published").await;
    // The 8th, when she is on call nowhere else.
    let interval = fixtures::day_shift(&rotation, "2026-12-08".parse().unwrap());
    let shift = fixtures::shift(db, &rotation, interval).await;
    fixtures::assign(db, &rotation, schedule, shift, 0, Some(&crew.ayse)).await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.connect("/c.ics").await;
    let page = stage
        .carla()
        .await
        .get("/teams/payments/plan/2026-12")
        .await;
    let lines = page.all(".warning li");
    let named = |of: &str| lines.iter().filter(|l| l.contains(of)).count();
    assert_eq!(
        named("Primary for Checkout, Nights (not in this plan)"),
        1,
        "{lines:?}"
    );
    assert!(named("not in this plan") < lines.len(), "{lines:?}");
}

#[tokio::test]
async fn the_level_in_the_planner_moves_by_itself() {
    let stage = Stage::set().await;
    let mut plans = PgListener::connect_with(&stage.app.db).await.unwrap();
    plans.listen("plan").await.unwrap();
    let level = async || {
        let mut conn = stage.app.db.acquire().await.unwrap();
        let rotation = rotations::load(&mut conn, stage.crew.rotation.id)
            .await
            .unwrap()
            .unwrap();
        let month: Month = "2027-01".parse().unwrap();
        let now = stage.app.clock.now();
        let plan = planning::current(&mut conn, &rotation, month, now)
            .await
            .unwrap();
        let place = plan
            .inputs
            .people
            .iter()
            .position(|p| p.id == stage.crew.ayse.id)
            .unwrap();
        (
            plan.levels[place],
            plan.basis(),
            plan.inputs.people[place].utilisation_percent,
        )
    };
    // Ben and Chen are half booked.
    for person in [stage.crew.ben.id, stage.crew.chen.id] {
        sqlx::query(
            "insert into utilisations values ($1, '2027-01-01', 50, 'engineer', null, now())",
        )
        .bind(person)
        .execute(&stage.app.db)
        .await
        .unwrap();
    }
    let free = MEETING.to_owned();
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&free])));
    stage.connect("/c.ics").await;
    let (calm, basis, percent) = level().await;
    assert_eq!(percent, Some(0));
    while plans
        .try_recv()
        .await
        .is_ok_and(|n| n.is_some_and(|n| n.payload() != stage.crew.team.id.to_string()))
    {}
    let all_day = HALF
        .replace("202612", "202701")
        .replace("T130000", "T163000");
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&all_day])));
    stage.read_again().await;
    let (busy, changed, percent) = level().await;
    assert!(percent.is_some_and(|p| p > 80), "{percent:?}");
    assert!(busy < calm, "{busy} is below {calm}");
    assert_ne!(basis, changed, "a draft made before is computed again");
    // An open planner hears of it.
    let heard = tokio::time::timeout(std::time::Duration::from_secs(10), plans.recv()).await;
    assert_eq!(
        heard.unwrap().unwrap().payload(),
        stage.crew.team.id.to_string()
    );
}

#[tokio::test]
async fn a_calendar_is_read_by_one_worker_however_often_it_is_asked_for() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    let id: i64 = stage.one("select id from sources").await;
    stage.app.clock.advance(TimeDelta::minutes(5));
    for _ in 0..3 {
        stage
            .ayse
            .submit(&format!("{HOME}/{id}/reading"), &[])
            .await;
    }
    // Two processes.
    let (one, two) = tokio::join!(run(&stage.app.state), run(&stage.app.state));
    assert!(one + two >= 1);
    assert_eq!(stage.server.asked().len(), 2, "connected, and read once");
    // The one that was planned before is dropped; the new plan goes on from here.
    stage.app.clock.advance(TimeDelta::minutes(58));
    stage.run().await;
    stage.app.clock.advance(TimeDelta::minutes(9));
    stage.run().await;
    assert_eq!(stage.server.asked().len(), 3);
    // A job that was lost is made again.
    sqlx::query("delete from jobs")
        .execute(&stage.app.db)
        .await
        .unwrap();
    stage.app.clock.advance(TimeDelta::hours(5));
    jobs::tick(&stage.app.state, &app::handlers())
        .await
        .unwrap();
    stage.run().await;
    assert_eq!(stage.server.asked().len(), 4);
    // Who has left is not read any more; this one comes back.
    let left = "update people set left_on = '2026-11-01' where name = 'Ayşe Demir'";
    sqlx::query(left).execute(&stage.app.db).await.unwrap();
    stage.app.clock.advance(TimeDelta::hours(2));
    stage.run().await;
    assert_eq!(stage.server.asked().len(), 4);
    assert!(
        stage
            .one::<bool>("select next_at is null from sources")
            .await
    );
    sqlx::query("update people set left_on = null")
        .execute(&stage.app.db)
        .await
        .unwrap();
    sqlx::query("update sources set next_at = read_at + interval '1 hour'")
        .execute(&stage.app.db)
        .await
        .unwrap();
    // One that was removed meanwhile is not read.
    stage.app.clock.advance(TimeDelta::minutes(5));
    stage
        .ayse
        .submit(&format!("{HOME}/{id}/reading"), &[])
        .await;
    stage
        .ayse
        .submit(&format!("{HOME}/{id}/removal"), &[])
        .await;
    stage.run().await;
    assert_eq!(stage.server.asked().len(), 4);
}

/// A form with a file, as a browser sends it.
async fn upload(
    visitor: &Visitor,
    path: &str,
    fields: &[(&str, &str)],
    file: &[u8],
) -> (u16, String) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--X7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    body.extend(b"--X7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"work.ics\"\r\nContent-Type: text/calendar\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--X7--\r\n");
    let request = visitor
        .client()
        .post(visitor.address(path))
        .header("origin", visitor.address(""))
        .header("content-type", "multipart/form-data; boundary=X7")
        .body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_file_is_uploaded_or_pasted_and_goes_with_all_its_data() {
    let stage = Stage::set().await;
    let (half, path) = (calendar(&[HALF, AWAY]), format!("{HOME}/files"));
    for (fields, file, words) in [
        (vec![], &b""[..], "Choose a file that ends in .ics"),
        (vec![], b"<html>", "gave a web page"),
        (vec![("text", "hello")], b"", "BEGIN:VCALENDAR"),
        (
            vec![("file_counts", "everything")],
            half.as_bytes(),
            "what the calendar counts for",
        ),
        (
            vec![("file_name", "a\u{202E}b")],
            half.as_bytes(),
            "can't be shown",
        ),
    ] {
        let (status, body) = upload(&stage.ayse, &path, &fields, file).await;
        assert_eq!(status, 422, "{words}");
        assert!(
            body.contains(words) || body.contains(&words.replace('\'', "&#39;")),
            "{words}: {body}"
        );
    }
    assert_eq!(
        upload(&stage.ayse, &path, &[], &vec![b' '; 10_200_000])
            .await
            .0,
        413
    );
    assert_eq!(
        upload(
            &stage.ayse,
            &path,
            &[("file_name", "Export")],
            half.as_bytes()
        )
        .await
        .0,
        303
    );
    let page = stage.ayse.get(HOME).await;
    assert!(
        page.text().contains("Export uploaded just now"),
        "{}",
        page.text()
    );
    assert_eq!(
        stage.december().await,
        Some(57),
        "half of the rest, and three days away"
    );
    // Pasted, as without a file to hand; for out of office only.
    let pasted = [("text", half.as_str()), ("file_counts", "out_of_office")];
    assert_eq!(upload(&stage.ayse, &path, &pasted, b"").await.0, 303);
    let (first, second): (i64, i64) = sqlx::query_as("select min(id), max(id) from sources")
        .fetch_one(&stage.app.db)
        .await
        .unwrap();
    stage
        .ayse
        .submit(&format!("{HOME}/{first}/removal"), &[])
        .await;
    assert_eq!(
        stage.december().await,
        None,
        "only out of office is left, which does not say how busy she is"
    );
    // The other is uploaded anew, then goes: nothing of it is left, and nothing means not known.
    let path = format!("{HOME}/{second}/file");
    assert_eq!(
        upload(&stage.ayse, &path, &[], calendar(&[HALF]).as_bytes())
            .await
            .0,
        303
    );
    assert_eq!(stage.december().await, None);
    stage
        .ayse
        .submit(
            &format!("{HOME}/{second}"),
            &[("name", "Export"), ("counts", "busy")],
        )
        .await;
    assert_eq!(stage.december().await, Some(50));
    stage
        .ayse
        .submit(&format!("{HOME}/{second}/removal"), &[])
        .await;
    assert_eq!(stage.december().await, None);
    let left: i64 = stage
        .one("select (select count(*) from sources) + (select count(*) from source_spans) + (select count(*) from booked_times) + (select count(*) from leave_proposals)")
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_person_connects_at_most_20() {
    let stage = Stage::set().await;
    let file = calendar(&[MEETING]);
    for _ in 0..20 {
        assert_eq!(
            upload(&stage.ayse, &format!("{HOME}/files"), &[], file.as_bytes())
                .await
                .0,
            303
        );
    }
    let (status, body) = upload(&stage.ayse, &format!("{HOME}/files"), &[], file.as_bytes()).await;
    assert_eq!(status, 422);
    assert!(body.contains("Remove one first"));
}

#[tokio::test]
async fn managers_see_busy_time_of_their_own_team_only() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    let mut conn = stage.app.db.acquire().await.unwrap();
    let range = Interval::new(
        "2026-12-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        "2026-12-02T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let people: [PersonId; 2] = [stage.crew.ayse.id, stage.crew.ben.id];
    let busy = availability::busy_of(&mut conn, &people, range)
        .await
        .unwrap();
    assert_eq!(busy.keys().collect::<Vec<_>>(), [&stage.crew.ayse.id]);
    let stranger = stage.app.visitor();
    stranger
        .sign_in(&stage.crew.stranger.email, fixtures::PASSWORD)
        .await;
    let about = format!(
        "/teams/payments/availability/{}?month=2026-12",
        stage.crew.ayse.id
    );
    assert_eq!(stranger.get(&about).await.status, 404);
    let page = stage.carla().await.get(&about).await;
    assert!(
        page.text().contains("In the calendar: busy 09:00 to 13:00"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("Very private") && !page.body.contains("127.0.0.1"));
}
