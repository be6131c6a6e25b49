//! What people are told, and whether it arrives: against a mail server that misbehaves.

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::jobs::{self, Action, Invitation, Method, Notice, To, Topic};
use fairshift::vocab::PersonId;

use crate::cast::{Cast, PASSWORD, Who};
use crate::fixtures;
use crate::support::TestApp;
use crate::support::smtp::{Fault, Sink};

fn notice(to: To, topic: Topic, key: &str) -> Notice {
    Notice {
        to,
        topic,
        key: key.into(),
        lane: "lane".into(),
        title: "Ayşe asks: take her shift".into(),
        lines: vec!["Primary, Thu 3 Dec <09:00> (Europe/Istanbul).".into()],
        actions: vec![Action {
            label: "Answer".into(),
            path: "/offers/token".into(),
        }],
        until: None,
    }
}

async fn tell(app: &TestApp, notice: &Notice) {
    let mut conn = app.db.acquire().await.unwrap();
    jobs::notify(&mut conn, app.clock.now(), notice)
        .await
        .unwrap();
}

/// Somebody in Istanbul, on an installation with a mail server.
async fn somebody() -> (Sink, TestApp, PersonId) {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let zone = chrono_tz::Europe::Istanbul;
    let person = fixtures::person(&app.db, "ayse", "Ayşe Demir", zone).await;
    (sink, app, person.id)
}

/// Errors of jobs that failed, and whether they are tried again.
async fn failed(app: &TestApp) -> Vec<(String, bool)> {
    let mut conn = app.db.acquire().await.unwrap();
    let failed = jobs::undelivered(&mut conn, 100).await.unwrap();
    failed
        .into_iter()
        .map(|job| (job.error, job.next_at.is_some()))
        .collect()
}

#[tokio::test]
async fn a_mail_is_text_and_html_with_the_zone_and_no_secret_stays() {
    let (sink, app, person) = somebody().await;
    tell(&app, &notice(To::Person(person), Topic::CoverAsk, "a")).await;
    app.work().await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        (
            "fairshift@localhost",
            ["ayse@example.com".to_owned()].as_slice()
        )
    );
    assert_eq!(mails[0].link("/offers/"), "/offers/token");
    let read = mails[0].read();
    assert_eq!(read.headers["subject"], "Ayşe asks: take her shift");
    assert_eq!(read.headers["auto-submitted"], "auto-generated");
    assert!(read.headers["list-unsubscribe"].ends_with("/notices>"));
    let kinds: Vec<&str> = read.parts.iter().map(|part| part.kind.as_str()).collect();
    assert_eq!(kinds, ["multipart/alternative", "text/plain", "text/html"]);
    assert!(
        read.part("text/plain").contains("<09:00>")
            && read.part("text/plain").contains("Europe/Istanbul")
    );
    let html = read.part("text/html");
    assert!(
        html.contains("/offers/token\"") && !html.contains("<09:00>"),
        "{html}"
    );
    assert!(
        !html.contains("src=") && !html.contains("url("),
        "nothing is loaded"
    );
    let left: i64 =
        sqlx::query_scalar("select count(*) from jobs where payload::text like '%token%'")
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_invitation_is_laid_out_as_calendar_programs_want_it() {
    let (sink, app, person) = somebody().await;
    let long = "ä".repeat(600);
    let ics = format!("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX-LONG:{long}\r\nEND:VCALENDAR\r\n");
    let invitation = Invitation {
        method: Method::Request,
        uid: "1@fairshift".into(),
        ics: ics.clone(),
    };
    let mut conn = app.db.acquire().await.unwrap();
    let words = notice(To::Person(person), Topic::Published, "a");
    jobs::invite(&mut conn, app.clock.now(), &words, &invitation)
        .await
        .unwrap();
    app.work().await;
    let mail = &sink.mails()[0];
    let read = mail.read();
    let tree: Vec<(usize, &str)> = read
        .parts
        .iter()
        .map(|part| (part.depth, part.kind.as_str()))
        .collect();
    assert_eq!(
        tree,
        [
            (0, "multipart/mixed"),
            (1, "multipart/alternative"),
            (2, "text/plain"),
            (2, "text/html"),
            (2, "text/calendar"),
            (1, "application/ics"),
        ]
    );
    assert_eq!(read.parts[4].method.as_deref(), Some("REQUEST"));
    assert_eq!(
        (&read.parts[4].content, &read.parts[5].content),
        (&ics, &ics)
    );
    assert_eq!(read.parts[5].file.as_deref(), Some("invite.ics"));
    assert!(read.headers["from"].contains(&mail.from));
}

#[tokio::test]
async fn a_connection_dropped_after_data_gives_the_same_mail_again() {
    let (sink, app, person) = somebody().await;
    sink.fault(Fault::DropAfterData);
    tell(&app, &notice(To::Person(person), Topic::CoverAsk, "a")).await;
    app.work().await;
    assert!(failed(&app).await[0].1, "tried again");
    sink.fault(Fault::None);
    app.clock.advance(TimeDelta::minutes(1));
    app.work().await;
    assert!(failed(&app).await.is_empty());
    let ids: Vec<String> = sink
        .mails()
        .iter()
        .map(|mail| mail.read().headers["message-id"].clone())
        .collect();
    assert_eq!(ids.len(), 2, "at least once");
    assert_eq!(ids[0], ids[1], "which the reader's program can tell");
    app.clock.advance(TimeDelta::days(1));
    app.work().await;
    assert_eq!(sink.mails().len(), 2);
}

#[tokio::test]
async fn a_server_that_is_down_or_babbles_or_asks_for_patience_is_tried_again() {
    for fault in [Fault::Garbage, Fault::Later, Fault::Silent] {
        // A connection that is kept open would not meet what a new one meets.
        let (sink, app, person) = somebody().await;
        sink.fault(fault.clone());
        tell(&app, &notice(To::Person(person), Topic::CoverAsk, "a")).await;
        app.work().await;
        let failed = failed(&app).await;
        assert!(
            failed.len() == 1 && failed[0].1 && !failed[0].0.is_empty(),
            "{fault:?}: {failed:?}"
        );
        assert_eq!(sink.mails().len(), 0, "{fault:?}");
        sink.fault(Fault::None);
        app.clock.advance(TimeDelta::minutes(1));
        app.work().await;
        assert_eq!(sink.mails().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_said_and_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sink = Sink {
        url: format!("smtp://{}", listener.local_addr().unwrap()),
        ..Sink::start().await
    };
    drop(listener);
    let app = TestApp::start_with_mail(&sink).await;
    let person = fixtures::person(&app.db, "ayse", "Ayşe", chrono_tz::UTC).await;
    tell(&app, &notice(To::Person(person.id), Topic::CoverAsk, "a")).await;
    app.work().await;
    let failed = failed(&app).await;
    assert!(
        failed[0].1 && failed[0].0.contains("mail server"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn one_refused_recipient_is_given_up_and_holds_up_nobody() {
    let (sink, app, person) = somebody().await;
    sink.fault(Fault::RefuseRecipient("gone@example.com"));
    let gone = To::Address("gone@example.com".into());
    tell(&app, &notice(gone, Topic::Invitation, "a")).await;
    tell(&app, &notice(To::Person(person), Topic::CoverAsk, "b")).await;
    app.work().await;
    assert_eq!(sink.mails_to("ayse@example.com").len(), 1);
    let failed = failed(&app).await;
    assert_eq!(failed.len(), 1);
    assert!(
        !failed[0].1 && failed[0].0.contains("no such mailbox"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_digest_is_one_mail_at_the_persons_hour_and_asks_do_not_wait() {
    let (sink, app, person) = somebody().await;
    sqlx::query(
        "insert into notice_choices (person_id, digest_hour, muted) values ($1, 8, '{cover_news}')",
    )
    .bind(person)
    .execute(&app.db)
    .await
    .unwrap();
    for (topic, key) in [
        (Topic::Published, "a"),
        (Topic::CoverNews, "muted"),
        (Topic::RoundOpen, "b"),
        (Topic::CoverAsk, "c"),
    ] {
        tell(&app, &notice(To::Person(person), topic, key)).await;
    }
    app.work().await;
    assert_eq!(sink.mails().len(), 1, "the ask");
    app.clock.set("2026-11-17T05:00:00Z".parse().unwrap());
    app.work().await;
    app.work().await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    let digest = mails[1].read();
    assert!(
        digest.headers["subject"].ends_with("and 1 more"),
        "{digest:?}"
    );
    assert_eq!(
        digest.part("text/plain").matches("/offers/token").count(),
        2
    );
}

#[tokio::test]
async fn who_left_and_what_is_too_late_is_not_told() {
    let (sink, app, person) = somebody().await;
    let late = Notice {
        until: Some(app.clock.now()),
        ..notice(To::Person(person), Topic::CoverAsk, "late")
    };
    tell(&app, &late).await;
    app.work().await;
    sqlx::query("update people set left_on = '2026-11-16' where id = $1")
        .bind(person)
        .execute(&app.db)
        .await
        .unwrap();
    tell(&app, &notice(To::Person(person), Topic::CoverAsk, "left")).await;
    app.work().await;
    assert!(sink.mails().is_empty() && failed(&app).await.is_empty());
}

#[tokio::test]
async fn a_shift_is_announced_once_with_partner_and_handover() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let crew = fixtures::payments(&app.db).await;
    // The day before a shift of December, which nobody has been told of.
    let next: DateTime<Utc> =
        sqlx::query_scalar("select min(starts_at) from on_call where starts_at > $1")
            .bind(app.clock.now())
            .fetch_one(&app.db)
            .await
            .unwrap();
    app.clock.set(next - TimeDelta::hours(2));
    app.work().await;
    app.work().await;
    let told: Vec<_> = sink
        .mails()
        .iter()
        .map(crate::support::smtp::Received::read)
        .collect();
    let starts = told
        .iter()
        .filter(|mail| mail.headers["subject"].starts_with("You are on call from"));
    let starts: Vec<_> = starts.collect();
    assert!(!starts.is_empty(), "{} of {}", told.len(), crew.team.name);
    let ids: std::collections::BTreeSet<_> = starts
        .iter()
        .map(|mail| &mail.headers["message-id"])
        .collect();
    assert_eq!(ids.len(), starts.len(), "each once");
    let text = starts[0].part("text/plain");
    assert!(
        text.contains("With you:") && text.contains("over"),
        "{text}"
    );
}

#[tokio::test]
async fn a_requirement_that_lapses_is_announced_at_30_7_and_1_days() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let team = fixtures::team(&app.db, "payments", "Payments", chrono_tz::UTC).await;
    let person = fixtures::person(&app.db, "ayse", "Ayşe", chrono_tz::UTC).await;
    fixtures::join(&app.db, &team, &person, false, true).await;
    sqlx::query(
        "with q as (insert into requirements (team_id, title, needs_sign_off) values ($1, 'Pager test', false) returning id)
        insert into holdings (requirement_id, person_id, state, asked_at, decided_at, held_from, held_until)
        select id, $2, 'held', '2026-01-01', '2026-01-01', '2026-01-01', '2026-12-31T12:00:00Z' from q",
    )
    .bind(team.id)
    .bind(person.id)
    .execute(&app.db)
    .await
    .unwrap();
    for (day, mails) in [
        ("2026-12-01", 0),
        ("2026-12-02", 1),
        ("2026-12-20", 1),
        ("2026-12-24", 1),
        ("2026-12-25", 2),
        ("2026-12-30", 2),
        ("2026-12-31", 3),
        ("2027-01-02", 3),
    ] {
        app.clock.set(format!("{day}T09:00:00Z").parse().unwrap());
        app.work().await;
        assert_eq!(sink.mails().len(), mails, "{day}");
    }
    assert_eq!(
        sink.mails()[2].read().headers["subject"],
        "Pager test lapses on 31 Dec"
    );
}

#[tokio::test]
async fn an_invitation_to_the_team_is_mailed_and_its_link_works() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let fields = [("email", "new@example.com"), ("is_engineer", "yes")];
    assert_eq!(
        manager
            .post_form("/teams/payments/invitations", &fields)
            .await
            .status,
        200
    );
    cast.app.work().await;
    let text: String =
        sqlx::query_scalar("select body_text from outbox where recipient = 'new@example.com'")
            .fetch_one(&cast.app.db)
            .await
            .unwrap();
    let at = text.find("/invitations/").unwrap();
    let path = text[at..].split_whitespace().next().unwrap();
    let page = cast.app.visitor().get(path).await;
    assert!(
        page.status == 200 && page.text().contains("Join Payments"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn a_round_is_announced_to_engineers_once_and_not_to_who_opened_it() {
    let cast = Cast::new().await;
    let manager = cast.visitor(Who::Manager).await;
    let fields = [("month", "2026-12"), ("closes_on", "2026-11-25")];
    for _ in 0..2 {
        assert_eq!(
            manager
                .post_form("/teams/payments/rounds", &fields)
                .await
                .status,
            303
        );
        cast.app.work().await;
    }
    let told: Vec<(String, String)> = sqlx::query_as("select recipient, subject from outbox")
        .fetch_all(&cast.app.db)
        .await
        .unwrap();
    let subject = "Until Wed 25 Nov: say when you can be on call in December 2026";
    assert_eq!(
        told,
        [("engineer@example.com".to_owned(), subject.to_owned())]
    );
}

#[tokio::test]
async fn the_settings_page_keeps_choices_and_refuses_what_is_none() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Engineer).await;
    let page = visitor.get("/notices").await;
    assert_eq!(
        page.attributes("input[name=topic][checked]", "value").len(),
        7
    );
    let fields = [
        ("topic", "published"),
        ("digest_hour", "8"),
        ("lead_minutes", "60"),
    ];
    let page = visitor.submit("/notices", &fields).await;
    assert!(page.text().contains("Your choices are saved."));
    assert_eq!(
        page.attributes("input[name=topic][checked]", "value"),
        ["published"]
    );
    assert_eq!(
        page.attributes("select[name=digest_hour] option[selected]", "value"),
        ["8"]
    );
    assert!(
        page.attributes("input[name=by_mail][checked]", "value")
            .is_empty()
    );
    for wrong in [
        [
            ("topic", "everything"),
            ("digest_hour", ""),
            ("lead_minutes", "60"),
        ],
        [
            ("topic", "published"),
            ("digest_hour", "24"),
            ("lead_minutes", "60"),
        ],
        [
            ("topic", "published"),
            ("digest_hour", "-1"),
            ("lead_minutes", "60"),
        ],
        [
            ("topic", "published"),
            ("digest_hour", "8"),
            ("lead_minutes", "99999"),
        ],
        [
            ("topic", "published"),
            ("digest_hour", "8"),
            ("lead_minutes", ""),
        ],
    ] {
        let page = visitor.post_form("/notices", &wrong).await;
        assert_eq!(page.status, 422, "{wrong:?}");
    }
    let page = visitor.get("/notices").await;
    assert_eq!(
        page.attributes("select[name=lead_minutes] option[selected]", "value"),
        ["60"]
    );
    visitor.submit("/notices/test", &[]).await;
    cast.app.work().await;
    let tests = cast
        .count("select count(*) from outbox where subject = 'This test arrived'")
        .await;
    assert_eq!(tests, 1, "a test can't be switched off");
    assert_eq!(
        cast.count("select count(*) from audit where action = 'changed notifications'")
            .await,
        1
    );
}

#[tokio::test]
async fn an_administrator_retries_and_drops_what_failed() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let admin = fixtures::person(&app.db, "admin", "Ada", chrono_tz::UTC).await;
    fixtures::make_admin(&app.db, &admin).await;
    let visitor = app.visitor();
    visitor.sign_in(&admin.email, PASSWORD).await;
    assert!(
        visitor
            .get("/undelivered")
            .await
            .text()
            .contains("Everything has been delivered.")
    );
    sink.fault(Fault::RefuseRecipient("gone@example.com"));
    for key in ["a", "b"] {
        let gone = To::Address("gone@example.com".into());
        tell(&app, &notice(gone, Topic::Invitation, key)).await;
    }
    app.work().await;
    let page = visitor.get("/undelivered").await;
    assert!(
        page.text().contains("no such mailbox") && page.text().contains("given up"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("token"), "no secret is shown");
    let forms = page.attributes("form[action^='/undelivered/']", "action");
    assert_eq!(forms.len(), 2);
    sink.fault(Fault::None);
    let page = visitor.submit(&forms[0], &[("action", "retry")]).await;
    assert!(page.text().contains("tried again"));
    let page = visitor.submit(&forms[1], &[("action", "drop")]).await;
    app.work().await;
    assert!(page.text().contains("dropped"));
    assert_eq!(sink.mails_to("gone@example.com").len(), 1);
    assert_eq!(
        visitor
            .post_form(&forms[1], &[("action", "drop")])
            .await
            .status,
        409
    );
    assert_eq!(
        visitor
            .post_form(&forms[1], &[("action", "hide")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_outbox_shows_what_would_have_been_sent_with_its_links() {
    let cast = Cast::new().await;
    tell(
        &cast.app,
        &notice(To::Person(cast.engineer), Topic::CoverAsk, "a"),
    )
    .await;
    cast.app.work().await;
    let admin = cast.visitor(Who::Administrator).await;
    let list = admin.get("/outbox").await;
    let path = list.attributes("main table a", "href").remove(0);
    let page = admin.get(&path).await;
    assert!(page.text().contains("to engineer@example.com"));
    let links = page.attributes("main .mail a", "href");
    assert!(links[0].ends_with("/offers/token"), "{links:?}");
}
