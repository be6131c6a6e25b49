//! When and how calendars are read.

use std::sync::Arc;

use chrono::TimeDelta;
use fairshift::secret::SecretKey;
use fairshift::state::{AppState, Site};
use fairshift::{app, jobs};

use super::server::Reply;
use super::{AWAY, DECEMBER, HALF, HOME, MEETING, Stage, calendar, run, serve};

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
