//! What concerns a team is posted: against a server that keeps what it is posted and answers as it is
//! told.

use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::TimeDelta;
use fairshift::app;
use fairshift::fetch::Fetcher;
use fairshift::jobs::{self, Action, Notice, To, Topic};
use tokio::net::TcpListener;

use crate::a11y;
use crate::cast::{Cast, PASSWORD, Who};
use crate::cover::told::swap;
use crate::cover::{Crew, TAKE_BACK, send};
use crate::planning::serial_free::race;
use crate::support::browser::Browser;
use crate::support::receiver::{Receiver, Reply};
use crate::support::visitor::{Page, Visitor};
use crate::support::{TestApp, failed};

const PAGE: &str = "/teams/payments/webhooks";

/// The HMAC-SHA256 of a text in hexadecimal, as Python works it out.
fn hmac(secret: &str, text: &str) -> String {
    let script = "
import hashlib, hmac, sys
print(hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), hashlib.sha256).hexdigest(), end='')";
    let mut python = Command::new("python3")
        .args(["-c", script, secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap()
}

/// A manager at the page, and somewhere to post to.
async fn stage() -> (Cast, Visitor, Receiver) {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    (cast, manager, Receiver::start().await)
}

async fn add(visitor: &Visitor, address: &str, shape: &str, name: &str) -> Page {
    let fields = [("address", address), ("shape", shape), ("name", name)];
    let page = visitor.post_form(PAGE, &fields).await;
    assert!([200, 303].contains(&page.status), "{}", page.text());
    page
}

/// The secret that a page shows.
fn secret(page: &Page) -> String {
    page.attributes("#webhook-secret", "value").remove(0)
}

/// Something that concerns the team: its number, within a subject.
async fn tell(app: &TestApp, subject: &str, number: u32) {
    let team = sqlx::query_scalar("select id from teams where slug = 'payments'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    let notice = Notice {
        to: To::Team(team),
        topic: Topic::CoverNews,
        key: format!("{subject}:{number}"),
        lane: format!("team:{subject}"),
        title: format!("{subject} {number}"),
        lines: vec!["Primary, <Thu> & Fri.".into(), "Times are in UTC.".into()],
        actions: vec![
            Action {
                label: "See the request".into(),
                path: "/covers/1".into(),
            },
            Action {
                label: "Agree".into(),
                path: "/offers/topsecret".into(),
            },
        ],
        until: None,
    };
    let mut conn = app.db.acquire().await.unwrap();
    jobs::notify(&mut conn, app.clock.now(), &notice)
        .await
        .unwrap();
}

#[tokio::test]
async fn json_is_as_documented_and_its_signature_holds() {
    let (cast, manager, receiver) = stage().await;
    let page = add(&manager, &receiver.at("/hook?t=topsecret"), "json", "Pager").await;
    let secret = secret(&page);
    assert_eq!(secret.len(), 64);
    tell(&cast.app, "cover", 1).await;
    cast.app.work().await;
    let posted = receiver.posted();
    assert_eq!(posted.len(), 1);
    let (headers, body) = (&posted[0].headers, &posted[0].body);
    assert_eq!(posted[0].path, "/hook?t=topsecret");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["fairshift-id"], "cover:1");
    let at = cast.app.clock.now().timestamp().to_string();
    assert_eq!(headers["fairshift-timestamp"], at);
    let signature = hmac(&secret, &format!("{at}.{body}"));
    assert_eq!(headers["fairshift-signature"], format!("v1={signature}"));
    let url = format!("{}/covers/1", cast.app.url);
    let zone = cast.payments.zone;
    let time = cast.app.clock.now().with_timezone(&zone);
    assert_eq!(
        posted[0].json(),
        serde_json::json!({
            "id": "cover:1",
            "event": "cover_news",
            "time": time.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "time_zone": zone.name(),
            "team": { "slug": "payments", "name": "Payments" },
            "title": "cover 1",
            "text": "Primary, <Thu> & Fri.\nTimes are in UTC.",
            "links": [{ "label": "See the request", "url": url }],
        })
    );
    let page = manager.get(PAGE).await;
    assert!(page.text().contains("last arrived"), "{}", page.text());
}

#[tokio::test]
async fn a_message_is_as_slack_takes_it() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/slack"), "slack", "").await;
    tell(&cast.app, "cover", 1).await;
    cast.app.work().await;
    let posted = &receiver.posted()[0];
    let text = format!(
        "*cover 1*\nPrimary, &lt;Thu&gt; &amp; Fri.\nTimes are in UTC.\n<{}/covers/1|See the request>",
        cast.app.url
    );
    assert_eq!(posted.json(), serde_json::json!({ "text": text }));
    assert!(!posted.headers.contains_key("fairshift-signature"));
}

#[tokio::test]
async fn secrets_are_shown_once_and_kept_nowhere_in_the_clear() {
    let (cast, manager, receiver) = stage().await;
    let address = receiver.at("/hook/topsecret");
    let page = add(&manager, &address, "json", "Pager").await;
    let first = secret(&page);
    receiver.always("/hook/topsecret", Reply::Status(500));
    tell(&cast.app, "cover", 1).await;
    cast.app.work().await;
    let page = manager.get(PAGE).await;
    assert!(!page.body.contains(&first) && !page.body.contains("topsecret"));
    assert!(page.text().contains("127.0.0.1"), "the host is shown");
    let path = page
        .attributes("form[action$='/secret']", "action")
        .remove(0);
    let renewed = secret(&manager.post_form(&path, &[]).await);
    assert_ne!(first, renewed);
    receiver.always("/hook/topsecret", Reply::Status(200));
    cast.app.clock.advance(TimeDelta::minutes(1));
    cast.app.work().await;
    let last = receiver.posted().pop().unwrap();
    let text = format!("{}.{}", last.headers["fairshift-timestamp"], last.body);
    let signature = format!("v1={}", hmac(&renewed, &text));
    assert_eq!(last.headers["fairshift-signature"], signature);
    // Nothing of it stands anywhere in the database.
    for table in ["webhooks", "jobs", "audit"] {
        for secret in [&*first, &*renewed, "topsecret"] {
            let sql = format!("select count(*) from {table} t where t::text like '%' || $1 || '%'");
            let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(secret)
                .fetch_one(&cast.app.db)
                .await
                .unwrap();
            assert_eq!(found, 0, "{table}");
        }
    }
}

#[tokio::test]
async fn private_addresses_and_what_is_none_are_refused_at_the_field() {
    let cast = Cast::new().await;
    let closed = fairshift::state::AppState {
        fetcher: Fetcher::new(false),
        ..cast.app.state.clone()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = app::router(closed.clone());
    let service = service.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let manager = Visitor::new(&url);
    manager.sign_in(Who::Manager.email(), PASSWORD).await;
    for (address, said) in [
        ("", "Is not a web address"),
        ("chat.example.com/hook", "Is not a web address"),
        ("https://127.0.0.1/hook", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://[::1]/hook", "private network"),
        ("http://chat.example.com/hook", "Must begin with https://"),
        ("https://me:pw@chat.example.com/", "user name or password"),
        ("https://chat.example.com:8443/", "must not name a port"),
        ("ftp://chat.example.com/", "Must begin with https://"),
    ] {
        let fields = [("address", address), ("shape", "json"), ("name", "")];
        let page = manager.post_form(PAGE, &fields).await;
        assert_eq!(page.status, 422, "{address}");
        let message = page.all("#address-error").join("");
        let (message, said) = (message.to_lowercase(), said.to_lowercase());
        assert!(message.contains(&said), "{address}: {message}");
        assert_eq!(page.attributes("#address", "value"), [address], "kept");
    }
    for shape in ["", "xml"] {
        let fields = [("address", "https://a.example.com"), ("shape", shape)];
        assert_eq!(manager.post_form(PAGE, &fields).await.status, 422);
    }
    assert_eq!(cast.count("select count(*) from webhooks").await, 0);
    // One that was allowed when it was entered is vetted again when it is asked.
    let receiver = Receiver::start().await;
    let open = cast.visitor(Who::Manager).await;
    add(&open, &receiver.at("/hook"), "json", "").await;
    tell(&cast.app, "cover", 1).await;
    jobs::run_due(&closed, &app::handlers()).await.unwrap();
    let failed = failed(&cast.app.db).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(
        !failed[0].1 && failed[0].0.starts_with("The address must"),
        "{failed:?}"
    );
    assert!(receiver.posted().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/hook"), "json", "").await;
    let elsewhere = format!("location: {}", receiver.at("/elsewhere"));
    receiver.always("/hook", Reply::Header(307, elsewhere));
    tell(&cast.app, "cover", 1).await;
    cast.app.work().await;
    let posted = receiver.posted();
    assert!(posted.iter().all(|posted| posted.path == "/hook"));
    let failed = failed(&cast.app.db).await;
    assert!(failed[0].1 && failed[0].0.contains("(307)"), "{failed:?}");
}

#[tokio::test]
async fn what_fails_is_tried_again_in_order_and_holds_up_nobody_else() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/a"), "json", "A").await;
    add(&manager, &receiver.at("/b"), "json", "B").await;
    receiver.next("/a", [Reply::Status(500), Reply::Status(503)]);
    for number in [1, 2] {
        tell(&cast.app, "x", number).await;
    }
    tell(&cast.app, "y", 1).await;
    cast.app.work().await;
    assert_eq!(receiver.titles("/b"), ["x 1", "x 2", "y 1"], "at once");
    assert_eq!(receiver.titles("/a"), ["x 1", "y 1"], "both failed");
    let page = manager.get(PAGE).await;
    assert_eq!(page.all(".badge.bad").len(), 1);
    assert!(
        page.text().contains("problem of its own (503)"),
        "{}",
        page.text()
    );
    for minutes in [1, 2] {
        cast.app.clock.advance(TimeDelta::minutes(minutes));
        cast.app.work().await;
    }
    let titles = receiver.titles("/a");
    let x: Vec<&String> = titles[2..].iter().filter(|t| t.starts_with('x')).collect();
    assert_eq!(x, ["x 1", "x 2"], "{titles:?}");
    assert!(failed(&cast.app.db).await.is_empty());
    assert!(manager.get(PAGE).await.all(".badge.bad").is_empty());
    // A key that was told is not told again.
    tell(&cast.app, "x", 1).await;
    cast.app.work().await;
    assert_eq!(receiver.posted().len(), 3 + 5);
}

#[tokio::test]
async fn a_webhook_that_wants_to_be_left_alone_is() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/hook"), "json", "").await;
    receiver.next("/hook", [Reply::Header(429, "retry-after: 600".into())]);
    tell(&cast.app, "x", 1).await;
    cast.app.work().await;
    tell(&cast.app, "y", 1).await;
    cast.app.clock.advance(TimeDelta::minutes(9));
    cast.app.work().await;
    assert_eq!(receiver.posted().len(), 1, "no subject is posted");
    cast.app.clock.advance(TimeDelta::minutes(3));
    cast.app.work().await;
    let mut titles = receiver.titles("/hook");
    titles.sort();
    assert_eq!(titles, ["x 1", "x 1", "y 1"]);
}

#[tokio::test]
async fn silence_is_no_answer() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/hook"), "json", "").await;
    receiver.next("/hook", [Reply::Silence]);
    tell(&cast.app, "x", 1).await;
    cast.app.work().await;
    assert_eq!(
        failed(&cast.app.db).await,
        [("Nothing arrives: no answer in time.".to_owned(), true)]
    );
}

#[tokio::test]
async fn what_is_refused_is_given_up_and_managers_hear_of_it_once() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/hook"), "json", "Pager").await;
    receiver.always("/hook", Reply::Status(403));
    for number in [1, 2] {
        tell(&cast.app, "x", number).await;
    }
    cast.app.work().await;
    let refused = ("The other side refuses it (403).".to_owned(), false);
    assert_eq!(failed(&cast.app.db).await, [refused.clone(), refused]);
    let page = manager.get(PAGE).await;
    assert!(page.text().contains("refuses it (403)"), "{}", page.text());
    let admin = cast.visitor(Who::Administrator).await;
    let page = admin.get("/undelivered").await;
    assert!(page.text().contains("x 1") && page.text().contains("(403)"));
    let told: Vec<(String, String)> = sqlx::query_as("select recipient, subject from outbox")
        .fetch_all(&cast.app.db)
        .await
        .unwrap();
    let subject = "Not posted to Pager, webhook of Payments";
    assert_eq!(
        told,
        [(Who::Manager.email().to_owned(), subject.to_owned())]
    );
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_disabled_until_a_test_arrives() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/hook"), "json", "Pager").await;
    receiver.next("/hook", [Reply::Status(410), Reply::Status(410)]);
    tell(&cast.app, "x", 1).await;
    cast.app.work().await;
    tell(&cast.app, "x", 2).await;
    cast.app.work().await;
    assert_eq!(receiver.titles("/hook"), ["x 1"], "nothing more is posted");
    let page = manager.get(PAGE).await;
    assert!(page.text().contains("disabled") && page.text().contains("gone (410)"));
    let test = page.attributes("form[action$='/test']", "action").remove(0);
    let page = manager.submit(&test, &[]).await;
    assert!(page.text().contains("did not arrive") && page.text().contains("disabled"));
    let page = manager.submit(&test, &[]).await;
    assert!(
        page.text().contains("The test arrived at Pager."),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("disabled"));
    let event = receiver.posted()[2].json()["event"].clone();
    assert_eq!(event, "test");
    tell(&cast.app, "x", 3).await;
    cast.app.work().await;
    assert_eq!(receiver.titles("/hook").last().unwrap(), "x 3");
}

#[tokio::test]
async fn a_removed_webhook_gets_nothing_more() {
    let (cast, manager, receiver) = stage().await;
    add(&manager, &receiver.at("/hook"), "json", "Pager").await;
    receiver.next("/hook", [Reply::Status(500)]);
    tell(&cast.app, "x", 1).await;
    cast.app.work().await;
    let page = manager.get(PAGE).await;
    let removal = page
        .attributes("form[action$='/removal']", "action")
        .remove(0);
    let page = manager.submit(&removal, &[]).await;
    assert!(page.text().contains("Nothing is posted anywhere yet."));
    cast.app.clock.advance(TimeDelta::hours(1));
    cast.app.work().await;
    assert_eq!(receiver.posted().len(), 1);
    assert!(failed(&cast.app.db).await.is_empty());
    let actions: Vec<String> =
        sqlx::query_scalar("select action from audit where action like '%webhook' order by id")
            .fetch_all(&cast.app.db)
            .await
            .unwrap();
    assert_eq!(actions, ["added webhook", "removed webhook"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_has_ten_webhooks_at_most() {
    let (cast, manager, receiver) = stage().await;
    for number in 0..8 {
        add(&manager, &receiver.at(&format!("/{number}")), "slack", "").await;
    }
    // Also where several are added at the same moment.
    let add = |number: usize| {
        let (manager, address) = (manager.clone(), receiver.at(&format!("/at-once/{number}")));
        async move {
            let fields = [("address", &*address), ("shape", "slack")];
            manager.post_form(PAGE, &fields).await.status
        }
    };
    race(8, add).await;
    let address = receiver.at("/more");
    let fields = [("address", &*address), ("shape", "slack")];
    let page = manager.post_form(PAGE, &fields).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("which is the most"));
    assert_eq!(cast.count("select count(*) from webhooks").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_the_team_is_posted_to_nobody_in_particular() {
    let crew = Crew::new().await;
    let receiver = Receiver::start().await;
    let manager = crew.visitor("carla").await;
    add(&manager, &receiver.at("/hook"), "json", "").await;
    let ayse = crew.visitor("ayse").await;
    // Withdrawn, then closed, then taken and taken back.
    let first = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    ayse.submit(&format!("/covers/{first}/withdrawal"), &[])
        .await;
    let second = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let fields = [("note", "We pause the service.")];
    manager
        .submit(&format!("/covers/{second}/closure"), &fields)
        .await;
    let third = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (_, link) = crew.link().await;
    let taker = crew.app.visitor();
    let answered = send(&taker, &format!("{link}/answer"), "agree").await;
    assert_eq!(answered.status, 303, "{}", answered.text());
    let choice = [("choice", "undo")];
    let undone = taker.post_form(&format!("{link}/undo"), &choice).await;
    assert_eq!(undone.status, 303, "{}", undone.text());
    let fields = [("month", "2027-01"), ("closes_on", "2026-12-20")];
    let opened = manager.post_form("/teams/payments/rounds", &fields).await;
    assert_eq!(opened.status, 303);
    crew.app.work().await;
    let mut titles = receiver.titles("/hook");
    let shift = "Primary, Wed 9 Dec";
    for (request, wanted) in [
        (first, vec!["can't make", "serves after all"]),
        (second, vec!["can't make", "Closed"]),
        (third, vec!["can't make", " takes ", "took it back"]),
    ] {
        let link = format!("/covers/{request}");
        let posted = receiver.posted();
        let theirs = posted.iter().filter(|posted| posted.body.contains(&link));
        let theirs: Vec<String> = theirs
            .map(|posted| posted.json()["title"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(theirs.len(), wanted.len(), "{theirs:?}");
        for (title, wanted) in theirs.iter().zip(wanted) {
            assert!(
                title.contains(wanted) && title.contains(shift),
                "{theirs:?}"
            );
            titles.retain(|known| known != title);
        }
    }
    assert_eq!(
        titles,
        ["Until Sun 20 Dec: say when you can be on call in January 2027"]
    );
    for posted in receiver.posted() {
        assert!(!posted.body.contains("/offers/"), "{}", posted.body);
        assert!(!posted.body.contains("still yours"), "{}", posted.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_agree_on_is_posted_once_it_is_settled_and_when_that_is_taken_back() {
    let crew = Crew::new().await;
    let receiver = Receiver::start().await;
    let manager = crew.visitor("carla").await;
    add(&manager, &receiver.at("/hook"), "json", "").await;
    let ayse = crew.visitor("ayse").await;
    let nobody = crew.app.visitor();
    let posted = async || {
        crew.app.work().await;
        receiver.titles("/hook")
    };
    // Withdrawn, refused, closed, or unanswered for days: it concerns nobody else.
    let id = swap(&crew, "2026-12-09", "2026-12-11").await;
    ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    let id = swap(&crew, "2026-12-09", "2026-12-11").await;
    manager.submit(&format!("/covers/{id}/closure"), &[]).await;
    swap(&crew, "2026-12-09", "2026-12-11").await;
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    assert_eq!(posted().await, [""; 0]);
    // Settled and taken back, by the one and by the other.
    let shift = "Primary, Wed 9 Dec 09:00 to Thu 10 Dec 09:00";
    for undone in ["Ayşe Demir serves after all", "Chen Wei took it back"] {
        let before = posted().await.len();
        let id = swap(&crew, "2026-12-09", "2026-12-11").await;
        let (_, link) = crew.link().await;
        send(&nobody, &format!("{link}/answer"), "agree").await;
        if undone.starts_with("Ayşe") {
            ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
        } else {
            nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
        }
        let titles = posted().await.split_off(before);
        let takes = format!("Chen Wei takes {shift}");
        assert_eq!(titles, [takes, format!("{undone}: {shift}")]);
        let last = receiver.posted().pop().unwrap().json();
        let text = last["text"].as_str().unwrap();
        let other = "Primary, Fri 11 Dec 09:00 to Sat 12 Dec 09:00, is Chen Wei's as before.";
        assert!(text.contains(other), "{text}");
        assert_eq!(last["event"], "cover_news");
    }
    // An agreement that waits for a manager's approval is no news yet.
    let approval = [("approval", "1")];
    manager
        .submit("/teams/payments/covers/settings", &approval)
        .await;
    let before = posted().await.len();
    let id = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    let (name, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(posted().await.len(), before + 1, "that she can't make it");
    let yes = [("approval", "yes")];
    manager
        .submit(&format!("/covers/{id}/approval"), &yes)
        .await;
    let title = posted().await.pop().unwrap();
    assert!(
        title.starts_with(&format!("{name} takes Primary")),
        "{title}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_and_what_nobody_takes_are_posted() {
    let crew = Crew::new().await;
    let receiver = Receiver::start().await;
    let manager = crew.visitor("carla").await;
    add(&manager, &receiver.at("/hook"), "json", "").await;
    let plan = "/teams/payments/plan/2027-01";
    manager.get(plan).await;
    let page = manager.get(&format!("{plan}/publication")).await;
    let mut fields = vec![];
    let names = page.attributes("main form input[type=hidden]", "name");
    let values = page.attributes("main form input[type=hidden]", "value");
    for (name, value) in names.iter().zip(&values) {
        fields.push((name.as_str(), value.as_str()));
    }
    let published = manager
        .post_form(&format!("{plan}/publication"), &fields)
        .await;
    assert_eq!(published.status, 303, "{}", published.text());
    let told = "select count(*) from jobs where payload ->> 'topic' = 'published' and payload -> 'to' ? 'person'";
    assert!(crew.count(told).await > 5);
    crew.app.work().await;
    let titles = receiver.titles("/hook");
    assert_eq!(titles, ["Published: Main, January 2027, version 1"]);
    // Everybody says no, or nothing, until the shift begins.
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    for _ in 0..24 {
        crew.app.clock.advance(TimeDelta::days(1));
        crew.app.work().await;
    }
    let titles = receiver.titles("/hook");
    for wanted in ["1 week left", "Nobody left to ask", "Nobody was found"] {
        let found = titles.iter().filter(|title| title.contains(wanted)).count();
        assert_eq!(found, 1, "{wanted}: {titles:#?}");
    }
    for posted in receiver.posted() {
        assert!(!posted.body.contains("still yours"), "{}", posted.body);
    }
}

#[tokio::test]
async fn the_page_is_good_to_look_at() {
    let (cast, manager, receiver) = stage().await;
    let browser = Browser::open().await;
    browser
        .sign_in(&cast.app.url, Who::Manager.email(), PASSWORD)
        .await;
    browser
        .goto(format!("{}{PAGE}", cast.app.url))
        .await
        .unwrap();
    browser.picture("webhooks-empty").await;
    add(&manager, &receiver.at("/a"), "slack", "#on-call").await;
    add(&manager, &receiver.at("/b"), "json", "Status page").await;
    add(&manager, &receiver.at("/c"), "json", "Old pager").await;
    receiver.always("/b", Reply::Status(503));
    receiver.always("/c", Reply::Status(410));
    tell(&cast.app, "x", 1).await;
    cast.app.work().await;
    browser.write("#address", &receiver.at("/d")).await;
    browser
        .on("#shape option[value=json]", async |o| o.click().await)
        .await;
    browser.write("#name", "Pager").await;
    browser.follow("form[action$='/webhooks'] button").await;
    browser.wait("#webhook-secret").await;
    a11y::look(&browser, "webhooks").await;
}
