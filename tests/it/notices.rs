//! What people are told, and whether it arrives: against a mail server that misbehaves.

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::jobs::{self, Action, Invitation, Method, Notice, To, Topic};
use fairshift::vocab::PersonId;

use crate::cast::{Cast, PASSWORD, Who};
use crate::cover::{Crew, send};
use crate::fixtures;
use crate::support::smtp::{Fault, Received, Sink};
use crate::support::{TestApp, failed};

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
    assert!(failed(&app.db).await[0].1, "tried again");
    sink.fault(Fault::None);
    app.clock.advance(TimeDelta::minutes(1));
    app.work().await;
    assert!(failed(&app.db).await.is_empty());
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
        let failed = failed(&app.db).await;
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
    let failed = failed(&app.db).await;
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
    let failed = failed(&app.db).await;
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

/// Has somebody's notices come once a day, at eight: 05:00 UTC in Istanbul.
async fn daily(app: &TestApp, person: PersonId) {
    sqlx::query("insert into notice_choices (person_id, digest_hour) values ($1, 8)")
        .bind(person)
        .execute(&app.db)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_must_be_known_before_the_next_digest_comes_at_once() {
    let (sink, app, person) = somebody().await;
    daily(&app, person).await;
    let now = app.clock.now();
    let digest: DateTime<Utc> = "2026-11-17T05:00:00Z".parse().unwrap();
    let mut conn = app.db.acquire().await.unwrap();
    for (key, by) in [
        ("now", now),
        ("tonight", digest - TimeDelta::hours(3)),
        ("tomorrow", digest + TimeDelta::hours(3)),
    ] {
        // A month's news: it is of use long after it must be known.
        let month = Notice {
            until: Some("2026-12-31T00:00:00Z".parse().unwrap()),
            title: key.into(),
            ..notice(To::Person(person), Topic::Published, key)
        };
        jobs::notify_by(&mut conn, now, &month, by).await.unwrap();
    }
    app.work().await;
    let subjects = |sink: &Sink| {
        let mails = sink.mails();
        let read = mails.iter().map(Received::read);
        let subjects = read.map(|mail| mail.headers["subject"].clone());
        subjects.collect::<Vec<_>>()
    };
    assert_eq!(subjects(&sink), ["now", "tonight"]);
    app.clock.set(digest);
    app.work().await;
    assert_eq!(subjects(&sink), ["now", "tonight", "tomorrow"]);
}

#[tokio::test]
async fn whose_shift_it_was_hears_of_a_cover_at_once_and_managers_before_the_shift() {
    let crew = Crew::new().await;
    sqlx::query(
        "insert into notice_choices (person_id, digest_hour) select person_id, 8 from recipients",
    )
    .execute(&crew.app.db)
    .await
    .unwrap();
    let told = async || -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, o.subject from outbox o join people p on p.email = o.recipient order by o.id",
        )
        .fetch_all(&crew.app.db)
        .await
        .unwrap()
    };
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (_, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    crew.app.work().await;
    let mails = told().await;
    let heard = |who: &str, what: &str| {
        let mut mails = mails.iter();
        mails.any(|(name, subject)| name == who && subject.contains(what))
    };
    assert!(heard("Ayşe Demir", "takes Primary"), "{mails:?}");
    assert!(!heard(&crew.carla.name, ""), "weeks are left: {mails:?}");
    // Half an hour before a shift, and long before the next digest.
    crew.app.clock.set("2026-12-01T05:30:00Z".parse().unwrap());
    crew.app.work().await;
    let before = told().await.len();
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-01", 0, &[]).await;
    crew.app.work().await;
    let mails = told().await.split_off(before);
    let mut mails = mails.iter();
    let carla = mails.any(|(name, subject)| {
        *name == crew.carla.name && subject.starts_with("Ayşe Demir can't make Primary, Tue 1 Dec")
    });
    assert!(carla, "{mails:?}");
}

#[tokio::test]
async fn overdue_cover_and_shifts_that_start_wait_for_no_digest() {
    let (sink, app, person) = somebody().await;
    daily(&app, person).await;
    for (topic, key) in [(Topic::CoverOverdue, "a"), (Topic::ShiftStarts, "b")] {
        let days_left = Notice {
            until: Some(app.clock.now() + TimeDelta::days(3)),
            ..notice(To::Person(person), topic, key)
        };
        tell(&app, &days_left).await;
    }
    app.work().await;
    assert_eq!(sink.mails().len(), 2);
}

#[tokio::test]
async fn a_digest_of_more_than_one_mail_holds_loses_nothing() {
    let (sink, app, person) = somebody().await;
    daily(&app, person).await;
    for number in 0..230 {
        let words = Notice {
            title: format!("News {number:03}"),
            ..notice(To::Person(person), Topic::Published, &number.to_string())
        };
        tell(&app, &words).await;
    }
    app.work().await;
    app.clock.set("2026-11-17T05:00:00Z".parse().unwrap());
    app.work().await;
    let mails = sink.mails();
    let sizes: Vec<usize> = mails
        .iter()
        .map(|mail| mail.read().part("text/plain").matches("News ").count())
        .collect();
    assert_eq!(sizes, [100, 100, 30]);
    let ids: std::collections::BTreeSet<String> = mails
        .iter()
        .map(|mail| mail.read().headers["message-id"].clone())
        .collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_digest_that_is_sent_again_holds_nothing_new() {
    let (sink, app, person) = somebody().await;
    daily(&app, person).await;
    tell(&app, &notice(To::Person(person), Topic::Published, "a")).await;
    app.work().await;
    app.clock.set("2026-11-17T05:00:00Z".parse().unwrap());
    sink.fault(Fault::DropAfterData);
    app.work().await;
    assert_eq!(sink.mails().len(), 1);
    // Put aside meanwhile, for tomorrow; and by a process whose transaction ended late, for today.
    tell(&app, &notice(To::Person(person), Topic::Published, "b")).await;
    app.work().await;
    sqlx::query(
        "insert into digest_items (person_id, key, notice, added_at)
        select person_id, 'late', notice, '2026-11-17T04:59:59Z' from digest_items order by id limit 1",
    )
    .execute(&app.db)
    .await
    .unwrap();
    sink.fault(Fault::None);
    app.clock.advance(TimeDelta::minutes(1));
    app.work().await;
    let mails: Vec<_> = sink.mails().iter().map(Received::read).collect();
    let parts = |n: usize| mails[n].part("text/plain").matches("/offers/").count();
    assert_eq!(
        mails[0].headers["message-id"],
        mails[1].headers["message-id"]
    );
    assert_eq!((parts(0), parts(1)), (1, 1), "the same mail");
    assert_eq!(mails.len(), 3, "what came late follows in one of its own");
    assert_ne!(
        mails[2].headers["message-id"],
        mails[1].headers["message-id"]
    );
    app.clock.set("2026-11-18T05:00:00Z".parse().unwrap());
    app.work().await;
    assert_eq!(sink.mails().len(), 4);
    let left = "select count(*) from digest_items";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&app.db).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_was_put_aside_for_a_digest_that_was_sent_already_is_found() {
    let (sink, app, person) = somebody().await;
    daily(&app, person).await;
    tell(&app, &notice(To::Person(person), Topic::Published, "a")).await;
    app.work().await;
    // As by a process whose clock is behind: the digest of its hour is done.
    sqlx::query("update jobs set state = 'done', finished_at = now(), payload = '{}' where kind = 'notices.digest'")
        .execute(&app.db)
        .await
        .unwrap();
    app.clock.advance(TimeDelta::minutes(5));
    app.work().await;
    assert_eq!(sink.mails().len(), 1);
    app.clock.advance(TimeDelta::days(1));
    app.work().await;
    assert_eq!(sink.mails().len(), 1);
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
    assert!(sink.mails().is_empty() && failed(&app.db).await.is_empty());
}

/// Subjects and texts of the mails that say that a shift starts, to somebody.
fn starts(sink: &Sink, address: &str) -> Vec<(String, String)> {
    let mails = sink.mails_to(address).into_iter().map(|mail| mail.read());
    let mails = mails.map(|mail| {
        let text = mail.part("text/plain").replace("\r\n", "\n");
        (mail.headers["subject"].clone(), text)
    });
    mails
        .filter(|(subject, _)| subject.starts_with("You are on call from"))
        .collect()
}

#[tokio::test]
async fn a_shift_is_announced_once_with_partner_escalation_and_handover() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    fixtures::payments(&app.db).await;
    // The day before 4 December: Ayşe Primary, Ben Secondary, as every third day.
    app.clock.set("2026-12-03T07:00:00Z".parse().unwrap());
    app.work().await;
    app.work().await;
    let told = starts(&sink, "ayse@example.com");
    assert_eq!(told.len(), 1, "{told:#?}");
    let (subject, text) = &told[0];
    assert_eq!(
        subject,
        "You are on call from Fri 4 Dec 09:00: Main, Primary"
    );
    for wanted in [
        "Payments, Main: you are Primary from Fri 4 Dec 09:00 to Sat 5 Dec 09:00 (Europe/Istanbul).",
        "With you:\nSecondary: Ben Okafor",
        "Escalate to:\n1. Secondary: Ben Okafor, Phone +44 20 7946 0303\n2. Manager: Carla Díaz, Phone +90 212 555 01 01",
        "You take over from Chen Wei.",
        "You hand over to Ben Okafor.",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[tokio::test]
async fn only_who_serves_at_the_same_time_is_a_partner() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let crew = fixtures::payments(&app.db).await;
    // On the 4th Ayşe's Primary ends at 11:00 of her clock, and Ben's Secondary an hour later.
    let shift = "select shift_id from assignments where schedule_state = 'published'
        and starts_at = '2026-12-04T06:00:00Z' limit 1";
    let shift: i64 = sqlx::query_scalar(shift).fetch_one(&app.db).await.unwrap();
    for (role, until, after) in [
        (0, "2026-12-04T08:00:00Z", &crew.chen),
        (1, "2026-12-04T09:00:00Z", &crew.carla),
    ] {
        let until: DateTime<Utc> = until.parse().unwrap();
        for sql in [
            "update assignments set ends_at = $3 where shift_id = $1 and role_id = $2 and person_id <> $4",
            "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at,
                escalation_order, weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points)
            select schedule_id, schedule_state, shift_id, role_id, $4, $3, '2026-12-05T06:00:00Z', escalation_order,
                0, 0, 0, 0, 0 from assignments where shift_id = $1 and role_id = $2",
        ] {
            sqlx::query(sql)
                .bind(shift)
                .bind(crew.rotation.roles[role])
                .bind(until)
                .bind(after.id)
                .execute(&app.db)
                .await
                .unwrap();
        }
    }
    app.clock.set("2026-12-03T07:00:00Z".parse().unwrap());
    app.work().await;
    let (_, ayse) = &starts(&sink, "ayse@example.com")[0];
    assert!(
        ayse.contains("With you:\nSecondary: Ben Okafor\n"),
        "{ayse}"
    );
    assert!(!ayse.contains("Secondary: Carla"), "{ayse}");
}

#[tokio::test]
async fn a_shift_is_announced_as_long_before_as_its_person_chose() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let crew = fixtures::payments(&app.db).await;
    let choose = "insert into notice_choices (person_id, lead_minutes) values ($1, 180)";
    sqlx::query(choose)
        .bind(crew.ayse.id)
        .execute(&app.db)
        .await
        .unwrap();
    // Ayşe's begins at 06:00 UTC on the 4th.
    for (at, told) in [
        ("2026-12-03T12:00:00Z", 0),
        ("2026-12-04T02:59:00Z", 0),
        ("2026-12-04T03:00:00Z", 1),
        ("2026-12-04T05:59:00Z", 1),
    ] {
        app.clock.set(at.parse().unwrap());
        app.work().await;
        let starts = starts(&sink, "ayse@example.com");
        let first = starts.iter().filter(|(s, _)| s.contains("Fri 4 Dec 09:00"));
        assert_eq!(first.count(), told, "{at}");
    }
}

#[tokio::test]
async fn a_moved_shift_is_announced_anew() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    fixtures::payments(&app.db).await;
    app.clock.set("2026-12-03T07:00:00Z".parse().unwrap());
    app.work().await;
    assert_eq!(starts(&sink, "ayse@example.com").len(), 1);
    sqlx::query(
        "update assignments set starts_at = starts_at + interval '2 hours'
        where schedule_state = 'published' and starts_at = '2026-12-04T06:00:00Z'",
    )
    .execute(&app.db)
    .await
    .unwrap();
    app.clock.advance(TimeDelta::hours(2));
    app.work().await;
    let told = starts(&sink, "ayse@example.com");
    assert_eq!(told.len(), 2);
    assert!(told[1].0.contains("Fri 4 Dec 11:00"), "{told:#?}");
}

#[tokio::test]
async fn shifts_in_a_row_are_announced_once() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let crew = fixtures::payments(&app.db).await;
    // Ayşe takes Primary on the 5th, too: two days in a row, and Secondary on the 6th as before.
    sqlx::query(
        "update assignments set person_id = case when role_id = $1 then $2::bigint end
        where schedule_state = 'published' and starts_at = '2026-12-05T06:00:00Z'",
    )
    .bind(crew.rotation.roles[0])
    .bind(crew.ayse.id)
    .execute(&app.db)
    .await
    .unwrap();
    for at in ["2026-12-03T07:00:00Z", "2026-12-04T07:00:00Z"] {
        app.clock.set(at.parse().unwrap());
        app.work().await;
    }
    let told = starts(&sink, "ayse@example.com");
    assert_eq!(told.len(), 1, "{told:#?}");
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
        8
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
    let told = page.text().matches("to gone@example.com").count();
    assert_eq!(told, 2, "{}", page.text());
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
async fn an_administrator_pages_through_what_failed_and_retries_all() {
    let cast = Cast::new().await;
    sqlx::query(
        "insert into jobs (kind, key, lane, payload, created_at, due_at, next_at, state, finished_at, attempts, error)
        select 'elsewhere', n::text, n::text, jsonb_build_object('title', 'Number ' || n), $1, $1, $1,
            case when n > 30 then 'failed' else 'waiting' end, case when n > 30 then $1 end, 3, 'no'
        from generate_series(1, 230) n",
    )
    .bind(cast.app.clock.now())
    .execute(&cast.app.db)
    .await
    .unwrap();
    let admin = cast.visitor(Who::Administrator).await;
    let mut seen = vec![];
    let mut path = "/undelivered".to_owned();
    loop {
        let page = admin.get(&path).await;
        let titles = page.all("tbody th").into_iter();
        seen.push(
            titles
                .map(|t| t.split(" since").next().unwrap().trim().to_owned())
                .collect::<Vec<_>>(),
        );
        let links = page.attributes("main a[href^='/undelivered?page=']", "href");
        let next = format!("/undelivered?page={}", seen.len());
        if !links.contains(&next) {
            break;
        }
        path = next;
    }
    let sizes: Vec<usize> = seen.iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 30]);
    assert!(seen[0][0].starts_with("Number 230"), "{seen:?}");
    assert!(seen[2][0].starts_with("Number 1"), "{seen:?}");
    let page = admin.submit("/undelivered", &[]).await;
    assert!(
        page.text().contains("All 230 are tried again now."),
        "{}",
        page.text()
    );
    let waiting = "select count(*) from jobs where kind = 'elsewhere' and state = 'waiting'";
    assert_eq!(cast.count(waiting).await, 230);
    let noted = "select count(*) from audit where action = 'retried all jobs'";
    assert_eq!(cast.count(noted).await, 1);
}

#[tokio::test]
async fn a_manager_of_a_demo_sees_the_outbox_and_an_engineer_does_not() {
    let app = TestApp::start_as(true).await;
    let crew = fixtures::payments(&app.db).await;
    tell(
        &app,
        &notice(To::Person(crew.ayse.id), Topic::CoverAsk, "a"),
    )
    .await;
    app.work().await;
    let (manager, engineer) = (app.visitor(), app.visitor());
    manager.sign_in(&crew.carla.email, PASSWORD).await;
    engineer.sign_in(&crew.ayse.email, PASSWORD).await;
    let list = manager.get("/outbox").await;
    let subjects = list.all("main table a");
    let ask = subjects
        .iter()
        .position(|s| s.trim() == "Ayşe asks: take her shift");
    let path = list.attributes("main table a", "href").remove(ask.unwrap());
    assert!(
        manager
            .get(&path)
            .await
            .text()
            .contains("to ayse@example.com")
    );
    let linked = "a[href='/outbox']";
    assert!(!manager.get("/").await.attributes(linked, "href").is_empty());
    for path in ["/outbox", &path] {
        assert_eq!(engineer.get(path).await.status, 404);
    }
    assert!(
        engineer
            .get("/")
            .await
            .attributes(linked, "href")
            .is_empty()
    );
}

#[tokio::test]
async fn links_of_mails_bring_no_session() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let manager = crew.visitor("carla").await;
    let fields = [("email", "new@example.com"), ("is_engineer", "yes")];
    manager
        .post_form("/teams/payments/invitations", &fields)
        .await;
    crew.app.work().await;
    let texts: Vec<String> = sqlx::query_scalar("select body_text from outbox")
        .fetch_all(&crew.app.db)
        .await
        .unwrap();
    let mut links: Vec<String> = texts
        .iter()
        .flat_map(|text| text.split_whitespace())
        .filter_map(|word| word.strip_prefix(&crew.app.url))
        .filter(|link| link.starts_with('/'))
        .map(str::to_owned)
        .collect();
    links.sort();
    links.dedup();
    for kind in ["/offers/", "/invitations/", "/covers/"] {
        assert!(links.iter().any(|link| link.starts_with(kind)), "{links:?}");
    }
    for link in links {
        let page = crew.app.visitor().get(&link).await;
        assert!(page.headers.get("set-cookie").is_none(), "{link}");
    }
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
    // What a mail program shows, in a frame that can do nothing.
    assert_eq!(page.attributes("iframe", "sandbox"), [""]);
    let frame = page.attributes("iframe", "src").remove(0);
    let shown = admin.get(&frame).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("/offers/token"), "{}", shown.body);
    let rules = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(
        rules.contains("default-src 'none'") && rules.contains("sandbox"),
        "{rules}"
    );
    assert!(!rules.contains("script-src"), "{rules}");
    assert_eq!(shown.headers["x-frame-options"], "SAMEORIGIN");
    let rules = page.headers["content-security-policy"].to_str().unwrap();
    assert!(rules.contains("frame-src 'self'"), "{rules}");
    let engineer = cast.visitor(Who::Engineer).await;
    assert_eq!(engineer.get(&frame).await.status, 404);
    // A test is where its reader may see it, and nowhere else.
    let sent = admin.submit("/notices/test", &[]).await;
    assert_eq!(sent.attributes(".flash a", "href"), ["/outbox"]);
    let sent = engineer.submit("/notices/test", &[]).await;
    assert!(sent.attributes(".flash a", "href").is_empty());
    assert!(
        sent.text().contains("Administrators see it"),
        "{}",
        sent.text()
    );
}
