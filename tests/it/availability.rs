//! Availability: entered in every way people enter it, asked for, and seen by managers.

use fairshift::availability::{self, Part, Source, Week, WeekDay};
use fairshift::vocab::{Interval, Level, Month, PersonId};
use thirtyfour::prelude::*;

use crate::fixtures::{self, Payments};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::visitor::Visitor;

struct Stage {
    app: TestApp,
    crew: Payments,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let crew = fixtures::payments(&app.db).await;
        Self { app, crew }
    }

    async fn signed_in(&self, person: &fixtures::Person) -> Visitor {
        let visitor = self.app.visitor();
        visitor.sign_in(&person.email, fixtures::PASSWORD).await;
        visitor
    }

    async fn ayse(&self) -> Visitor {
        self.signed_in(&self.crew.ayse).await
    }

    async fn carla(&self) -> Visitor {
        self.signed_in(&self.crew.carla).await
    }

    /// Entries of a person: "start/end level note".
    async fn entries(&self, person: PersonId) -> Vec<String> {
        sqlx::query_scalar(
            "select to_char(starts_at at time zone 'UTC', 'MM-DD HH24:MI') || '/' || to_char(ends_at at time zone 'UTC', 'MM-DD HH24:MI')
                || ' ' || level || case when note = '' then '' else ' ' || note end
            from availability_entries where person_id = $1 order by starts_at",
        )
        .bind(person)
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    async fn ayses(&self) -> Vec<String> {
        self.entries(self.crew.ayse.id).await
    }

    async fn audit(&self) -> Vec<String> {
        sqlx::query_scalar("select action || ': ' || summary from audit order by id")
            .fetch_all(&self.app.db)
            .await
            .unwrap()
    }
}

fn month() -> Month {
    "2026-12".parse().unwrap()
}

fn interval(from: &str, to: &str) -> Interval {
    Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

const DECEMBER: (&str, &str) = ("month", "2026-12");

#[tokio::test]
async fn days_are_set_by_a_plain_form() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    let page = ayse.get("/availability?month=2026-12").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Europe/Istanbul"));
    assert_eq!(page.all(".month .day").len(), 31);
    assert_eq!(page.all(".month .weekend").len(), 8);

    let fields = [
        DECEMBER,
        ("day", "2026-12-11"),
        ("day", "2026-12-12"),
        ("day", "2026-12-14"),
        ("level", "leave"),
        ("note", "Family <b>visit</b>"),
    ];
    let page = ayse.submit("/availability/days", &fields).await;
    // Days by her clock, neighbours in one entry.
    assert_eq!(
        stage.ayses().await,
        [
            "12-10 21:00/12-12 21:00 leave Family <b>visit</b>",
            "12-13 21:00/12-14 21:00 leave Family <b>visit</b>",
        ]
    );
    assert_eq!(page.all(".month .l-leave").len(), 3);
    assert!(page.text().contains("3 days: leave"), "{}", page.text());
    assert!(!page.body.contains("<b>visit"), "markup is text");

    // A part of a day cuts the middle out.
    let fields = [
        DECEMBER,
        ("day", "2026-12-11"),
        ("level", "preferred"),
        ("part_from", "09:00"),
        ("part_to", "12:00"),
    ];
    let page = ayse.submit("/availability/days", &fields).await;
    assert_eq!(
        stage.ayses().await[..3],
        [
            "12-10 21:00/12-11 06:00 leave Family <b>visit</b>",
            "12-11 06:00/12-11 09:00 preferred",
            "12-11 09:00/12-12 21:00 leave Family <b>visit</b>",
        ]
    );
    assert!(
        page.all(".band")
            .iter()
            .any(|b| b.contains("09:00 to 12:00 preferred"))
    );

    // And back.
    let page = ayse.submit("/availability/undo", &[DECEMBER]).await;
    assert!(page.text().contains("Taken back"));
    assert_eq!(stage.ayses().await.len(), 2);
    let page = ayse.submit("/availability/undo", &[DECEMBER]).await;
    assert!(page.text().contains("no change of yours"));

    // "As in my usual week" takes entries away.
    let fields = [DECEMBER, ("day", "2026-12-12"), ("level", "clear")];
    ayse.submit("/availability/days", &fields).await;
    assert_eq!(
        stage.ayses().await[0],
        "12-10 21:00/12-11 21:00 leave Family <b>visit</b>"
    );
    assert!(
        stage
            .audit()
            .await
            .iter()
            .all(|line| !line.contains("availability"))
    );
}

#[tokio::test]
async fn a_range_replaces_only_when_asked_to() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    let range = |from, to, level| {
        vec![
            DECEMBER,
            ("range_from", from),
            ("range_to", to),
            ("range_level", level),
            ("range_note", "Bodrum"),
        ]
    };
    ayse.submit(
        "/availability/range",
        &range("2026-12-24", "2026-12-27", "leave"),
    )
    .await;
    assert_eq!(
        stage.ayses().await,
        ["12-23 21:00/12-27 21:00 leave Bodrum"]
    );

    let again = range("2026-12-26", "2026-12-31", "unavailable");
    let page = ayse.post_form("/availability/range", &again).await;
    assert_eq!(page.status, 422);
    let wrong = page.all("#replace-error").join(" ");
    assert!(
        wrong.contains("24 to 27 Dec 2026") && wrong.contains("leave") && wrong.contains("Bodrum"),
        "{wrong}"
    );
    assert_eq!(page.attributes("#range_from", "value"), ["2026-12-26"]);
    assert_eq!(stage.ayses().await.len(), 1);

    let mut replacing = again.clone();
    replacing.push(("replace", "yes"));
    ayse.submit("/availability/range", &replacing).await;
    assert_eq!(
        stage.ayses().await,
        [
            "12-23 21:00/12-25 21:00 leave Bodrum",
            "12-25 21:00/12-31 21:00 unavailable Bodrum",
        ]
    );

    // With times.
    let mut timed = range("2026-12-07", "2026-12-08", "unavailable");
    timed.extend([("range_from_time", "18:30"), ("range_to_time", "08:00")]);
    ayse.submit("/availability/range", &timed).await;
    assert_eq!(
        stage.ayses().await[0],
        "12-07 15:30/12-08 05:00 unavailable Bodrum"
    );
}

#[tokio::test]
async fn notes_are_edited_and_entries_removed_by_their_owner_only() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    let fields = [DECEMBER, ("day", "2026-12-11"), ("level", "leave")];
    ayse.submit("/availability/days", &fields).await;
    let id: i64 = sqlx::query_scalar("select id from availability_entries")
        .fetch_one(&stage.app.db)
        .await
        .unwrap();
    let note = [DECEMBER, ("note", "Moving house\nall day")];
    let ben = stage.signed_in(&stage.crew.ben).await;
    for path in [
        format!("/availability/entries/{id}"),
        format!("/availability/entries/{id}/removal"),
    ] {
        assert_eq!(ben.post_form(&path, &note).await.status, 404, "{path}");
    }
    let path = format!("/availability/entries/{id}");
    let long = "x".repeat(10_000);
    for bad in [long.as_str(), "a\u{7}b", "a\u{202E}b"] {
        let page = ayse.post_form(&path, &[DECEMBER, ("note", bad)]).await;
        assert_eq!(page.status, 422);
        assert_eq!(page.all(".entries .wrong").len(), 1);
        assert!(
            page.all(".entries textarea").concat().len() >= 2,
            "what was typed stays"
        );
    }
    let page = ayse.submit(&path, &note).await;
    assert!(page.text().contains("Moving house all day"));
    let outdated = ayse.post_form(&path, &note).await;
    assert_eq!(outdated.status, 409, "the entry was replaced");
    let text = outdated.text();
    assert!(
        text.contains("You wanted the note “Moving house")
            && text.contains("December 2026 now: Fri 11 Dec 2026, leave"),
        "{text}"
    );
    let gone = ayse
        .post_form(&format!("{path}/removal"), &[DECEMBER])
        .await;
    assert_eq!(gone.status, 409, "{}", gone.text());
    let id: i64 = sqlx::query_scalar("select id from availability_entries")
        .fetch_one(&stage.app.db)
        .await
        .unwrap();
    ayse.submit(&format!("/availability/entries/{id}/removal"), &[DECEMBER])
        .await;
    assert!(stage.ayses().await.is_empty());
}

#[tokio::test]
async fn the_usual_week_holds_from_its_day_until_the_next() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    let week = |from: &'static str, weekend: &'static str| {
        let mut fields = vec![DECEMBER, ("pattern_from", from)];
        for day in ["w0", "w1", "w2", "w3", "w4"] {
            fields.push((day, "available"));
        }
        fields.extend([("w5", weekend), ("w6", weekend)]);
        fields
    };
    let mut first = week("2026-12-01", "unavailable");
    first.extend([
        ("w2_1_from", "18:00"),
        ("w2_1_to", "00:00"),
        ("w2_1_level", "preferred"),
    ]);
    let page = ayse.submit("/availability/pattern", &first).await;
    assert!(
        page.text()
            .contains("Wed available, 18:00 to 24:00 preferred"),
        "{}",
        page.text()
    );
    ayse.submit("/availability/pattern", &week("2026-12-14", "if_needed"))
        .await;
    let page = ayse.get("/availability?month=2026-12").await;
    assert_eq!(page.all(".month .l-unavailable").len(), 4);
    assert_eq!(page.all(".month .l-if_needed").len(), 4);
    assert_eq!(page.all(".month .band.l-preferred").len(), 2);
    // The form shows what holds on the day it would change.
    assert_eq!(page.attributes("#pattern_from", "value"), ["2026-12-01"]);
    assert_eq!(page.attributes("#w2_1_to", "value"), ["00:00"]);

    let bad = |more: &[(&'static str, &'static str)]| {
        let mut fields = week("2026-12-01", "available");
        fields.extend(more);
        fields
    };
    for (fields, at) in [
        (
            bad(&[
                ("w0_1_from", "12:00"),
                ("w0_1_to", "09:00"),
                ("w0_1_level", "leave"),
            ]),
            "w0_1_to",
        ),
        (bad(&[("w0_1_from", "12:00")]), "w0_1_to"),
        (
            bad(&[
                ("w0_1_from", "09:00"),
                ("w0_1_to", "12:00"),
                ("w0_1_level", "leave"),
                ("w0_2_from", "11:00"),
                ("w0_2_to", "13:00"),
                ("w0_2_level", "leave"),
            ]),
            "w0_2_from",
        ),
        (week("0001-01-01", "available"), "pattern_from"),
        (week("9999-12-31", "available"), "pattern_from"),
    ] {
        let page = ayse.post_form("/availability/pattern", &fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        assert_eq!(page.all(&format!("#{at}-error")).len(), 1, "{fields:?}");
    }
    let from = [DECEMBER, ("from", "2026-12-14")];
    let page = ayse.submit("/availability/pattern/removal", &from).await;
    assert_eq!(page.all(".month .l-unavailable").len(), 8);
    assert_eq!(
        ayse.post_form("/availability/pattern/removal", &from)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn bad_input_is_refused_at_its_field_and_changes_nothing() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    let long = "x".repeat(10_000);
    let day = ("day", "2026-12-11");
    let level = ("level", "leave");
    for (fields, at) in [
        (vec![DECEMBER, day, ("level", "holiday")], "#level"),
        (vec![DECEMBER, level], "#day"),
        (vec![DECEMBER, level, ("day", "0001-01-01")], "#day"),
        (vec![DECEMBER, level, ("day", "9999-12-31")], "#day"),
        (vec![DECEMBER, level, ("day", "<b>")], "#day"),
        (vec![DECEMBER, level, day, ("day", "2028-12-11")], "#day"),
        (vec![DECEMBER, level, day, ("note", &long)], "#note-error"),
        (
            vec![DECEMBER, level, day, ("note", "a\u{1}")],
            "#note-error",
        ),
        (
            vec![DECEMBER, level, day, ("note", "a\u{200F}")],
            "#note-error",
        ),
        (
            vec![
                DECEMBER,
                level,
                day,
                ("part_from", "12:00"),
                ("part_to", "11:00"),
            ],
            "#part_to-error",
        ),
        (
            vec![DECEMBER, level, day, ("part_from", "12:00")],
            "#part_to-error",
        ),
        (
            vec![
                DECEMBER,
                level,
                day,
                ("part_from", "25:00"),
                ("part_to", "26:00"),
            ],
            "#part_from-error",
        ),
    ] {
        let page = ayse.post_form("/availability/days", &fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        assert_eq!(page.all(at).len(), 1, "{at} {fields:?}");
        assert!(page.text().contains("Nothing was changed"));
    }
    let range = |from, to, level| {
        vec![
            DECEMBER,
            ("range_from", from),
            ("range_to", to),
            ("range_level", level),
        ]
    };
    for (fields, at) in [
        (
            range("2026-12-11", "2026-12-10", "leave"),
            "#range_to-error",
        ),
        (
            range("2026-12-11", "2028-01-01", "leave"),
            "#range_to-error",
        ),
        (
            range("0001-01-01", "2026-12-10", "leave"),
            "#range_from-error",
        ),
        (
            range("2026-12-10", "9999-12-31", "leave"),
            "#range_to-error",
        ),
        (
            range("2026-12-10", "2026-12-11", "nice"),
            "#range_level-error",
        ),
    ] {
        let page = ayse.post_form("/availability/range", &fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        assert_eq!(page.all(at).len(), 1, "{at} {fields:?}");
    }
    assert!(stage.ayses().await.is_empty());
}

#[tokio::test]
async fn bad_numbers_months_and_sizes_are_refused() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    for percent in ["301", "-1", "abc", "1.5", "99999999999"] {
        let page = ayse
            .post_form(
                "/availability/utilisation",
                &[DECEMBER, ("percent", percent)],
            )
            .await;
        assert_eq!(page.status, 422, "{percent}");
        assert_eq!(
            page.all("#percent-error"),
            ["Must be a whole number from 0 to 300"]
        );
        assert_eq!(page.attributes("#percent", "value"), [percent]);
    }
    let huge = "x".repeat(300 * 1024);
    let page = ayse
        .post_form("/availability/days", &[DECEMBER, ("note", &huge)])
        .await;
    assert_eq!(page.status, 413);
    for month in ["2026-13", "0001-01", "9999-12", "x"] {
        assert_eq!(
            ayse.get(&format!("/availability?month={month}"))
                .await
                .status,
            400
        );
        let page = ayse
            .post_form("/availability/answer", &[("month", month)])
            .await;
        assert_eq!(page.status, 400);
    }
    assert!(stage.ayses().await.is_empty());
}

#[tokio::test]
async fn clashes_with_what_is_published_are_shown_at_once() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    // On day n she is primary when n % 3 = 0: 4 December 09:00 to the 5th.
    let fields = [
        DECEMBER,
        ("day", "2026-12-05"),
        ("level", "unavailable"),
        ("note", "Concert"),
    ];
    let page = ayse.submit("/availability/days", &fields).await;
    assert!(
        page.all(".flash")
            .concat()
            .contains("You are on call then: Primary"),
        "{}",
        page.text()
    );
    let clash = page.all("#clashes").concat();
    assert!(
        clash.contains("Fri 4 Dec 09:00 to Sat 5 Dec 2026 09:00: unavailable (“Concert”)"),
        "{clash}"
    );
    assert!(clash.contains("Carla Díaz"), "{clash}");
    let links = page.attributes("#clashes a", "href");
    let [cant, manager] = &links[..] else {
        panic!("{links:?}")
    };
    assert_eq!(manager, "mailto:carla@example.com");
    // Where she says so herself.
    assert!(
        stage
            .ayse()
            .await
            .get(cant)
            .await
            .text()
            .contains("I can't make it")
    );

    let people = [stage.crew.ayse.id, stage.crew.ben.id];
    let range = month().interval(chrono_tz::UTC);
    let mut conn = stage.app.db.acquire().await.unwrap();
    let clashes = availability::clashes(&mut conn, &people, range)
        .await
        .unwrap();
    assert_eq!(clashes.len(), 1);
    assert_eq!(
        (clashes[0].person, clashes[0].level),
        (stage.crew.ayse.id, Level::Unavailable)
    );

    let carla = stage.carla().await;
    let page = carla
        .get("/teams/payments/availability?month=2026-12")
        .await;
    let problem = page.all(".problem").concat();
    assert!(
        problem.contains("Ayşe Demir") && problem.contains("Concert"),
        "{problem}"
    );
    assert_eq!(
        page.attributes(".problem a", "href"),
        ["/teams/payments/plan/2026-12"]
    );

    // If needed is no clash.
    let fields = [DECEMBER, ("day", "2026-12-05"), ("level", "if_needed")];
    let page = ayse.submit("/availability/days", &fields).await;
    assert!(page.all("#clashes").concat().trim().is_empty());
}

#[tokio::test]
async fn a_round_is_opened_answered_and_closed() {
    let stage = Stage::set().await;
    let (ayse, carla) = (stage.ayse().await, stage.carla().await);
    let open = |day: &'static str| [DECEMBER, ("closes_on", day)];
    for bad in [
        "2026-11-15",
        "2027-01-01",
        "0001-01-01",
        "9999-12-31",
        "soon",
        "",
    ] {
        let page = carla.post_form("/teams/payments/rounds", &open(bad)).await;
        assert_eq!(page.status, 422, "{bad}");
        assert_eq!(page.all("#closes_on-error").len(), 1, "{bad}");
    }
    let past = [("month", "2026-10"), ("closes_on", "2026-11-20")];
    assert_eq!(
        carla
            .post_form("/teams/payments/rounds", &past)
            .await
            .status,
        422
    );
    let page = carla
        .submit("/teams/payments/rounds", &open("2026-11-20"))
        .await;
    assert!(
        page.text()
            .contains("December 2026 is open until Friday, 20 November")
    );
    assert!(
        page.text()
            .contains("Not yet Ayşe Demir, Ben Okafor, Chen Wei"),
        "{}",
        page.text()
    );

    // The month asked for is the one that opens, and another month's page reminds of it.
    let page = ayse.get("/availability").await;
    assert!(page.all("h1").concat().contains("December 2026"));
    assert!(page.all(".ask").is_empty());
    let page = ayse.get("/availability?month=2026-11").await;
    assert!(
        page.all(".ask")
            .concat()
            .contains("December 2026 is open until Friday, 20 November")
    );
    let mut conn = stage.app.db.acquire().await.unwrap();
    let now = stage.app.clock.now();
    let id = stage.crew.ayse.id;
    let banner = availability::banner(&mut conn, id, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((banner.month, banner.team.as_str()), (month(), "Payments"));
    // Its last day ends by the team's clock: 21:00 UTC in Istanbul.
    let late = "2026-11-20T20:59:00Z".parse().unwrap();
    assert!(
        availability::banner(&mut conn, id, late)
            .await
            .unwrap()
            .is_some()
    );
    let later = "2026-11-20T21:00:00Z".parse().unwrap();
    assert!(
        availability::banner(&mut conn, id, later)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        availability::banner(&mut conn, stage.crew.carla.id, now)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn an_answer_ends_the_reminder() {
    let stage = Stage::set().await;
    let (ayse, carla) = (stage.ayse().await, stage.carla().await);
    let id = stage.crew.ayse.id;
    let now = stage.app.clock.now();
    let mut conn = stage.app.db.acquire().await.unwrap();
    let fields = [DECEMBER, ("closes_on", "2026-11-20")];
    carla.submit("/teams/payments/rounds", &fields).await;
    let page = ayse.submit("/availability/answer", &[DECEMBER]).await;
    assert!(page.text().contains("You said so on 16 Nov 2026"));
    assert!(
        availability::banner(&mut conn, id, now)
            .await
            .unwrap()
            .is_none()
    );
    let answered = availability::answered(&mut conn, &[id], month())
        .await
        .unwrap();
    assert_eq!(answered.get(&id), Some(&now));
    let page = carla
        .get("/teams/payments/availability?month=2026-12")
        .await;
    assert!(page.text().contains("Answers: 1 of 3"));
    ayse.submit("/availability/answer/removal", &[DECEMBER])
        .await;
    assert!(
        availability::banner(&mut conn, id, now)
            .await
            .unwrap()
            .is_some()
    );

    carla
        .submit("/teams/payments/rounds/removal", &[DECEMBER])
        .await;
    assert!(
        availability::banner(&mut conn, id, now)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        stage.audit().await,
        [
            "opened round: December 2026 is open until Friday, 20 November",
            "closed round: December 2026",
        ]
    );
}

#[tokio::test]
async fn utilisation_says_who_entered_it() {
    let stage = Stage::set().await;
    let (ayse, carla) = (stage.ayse().await, stage.carla().await);
    let id = stage.crew.ayse.id;
    let page = ayse
        .submit("/availability/utilisation", &[DECEMBER, ("percent", "38")])
        .await;
    assert!(
        page.text()
            .contains("38 %, entered by Ayşe Demir (own estimate) on 16 Nov 2026"),
        "{}",
        page.text()
    );

    let (field, before) = (format!("percent_{id}"), format!("before_{id}"));
    let other = format!("percent_{}", stage.crew.ben.id);
    let set = |from: &'static str, to: &'static str| {
        vec![
            DECEMBER,
            (before.as_str(), from),
            (field.as_str(), to),
            (other.as_str(), ""),
        ]
    };
    for bad in ["301", "-1", "abc"] {
        let page = carla
            .post_form("/teams/payments/utilisation", &set("38", bad))
            .await;
        assert_eq!(page.status, 422);
        assert_eq!(page.all(&format!("#{field}-error")).len(), 1);
        assert_eq!(page.attributes(&format!("#{field}"), "value"), [bad]);
    }
    // She changed it while the manager's page was open: both are shown, nothing is lost.
    let page = carla
        .post_form("/teams/payments/utilisation", &set("20", "70"))
        .await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("now 38 %") && page.text().contains("You typed 70"));
    assert_eq!(
        page.attributes(&format!("[name={before}]"), "value"),
        ["38"]
    );
    let page = carla
        .submit("/teams/payments/utilisation", &set("38", "70"))
        .await;
    assert!(
        page.text()
            .contains("70 %, Carla Díaz (manager), 16 Nov 2026"),
        "{}",
        page.text()
    );
    let mut conn = stage.app.db.acquire().await.unwrap();
    let known = availability::utilisations(&mut conn, &[id], &[month()])
        .await
        .unwrap();
    let known = &known[&(id, month())];
    assert_eq!((known.percent, known.source), (70, Source::Manager));
    assert_eq!(
        stage.audit().await,
        ["set utilisation: Ayşe Demir: 70 % in December 2026"]
    );
    ayse.submit("/availability/utilisation", &[DECEMBER, ("percent", "")])
        .await;
    let known = availability::utilisations(&mut conn, &[id], &[month()])
        .await
        .unwrap();
    assert!(known.is_empty());
}

#[tokio::test]
async fn a_manager_enters_leave_for_somebody_and_it_shows() {
    let stage = Stage::set().await;
    let carla = stage.carla().await;
    let base = format!("/teams/payments/availability/{}", stage.crew.ben.id);
    let page = carla.get(&format!("{base}?month=2026-12")).await;
    assert!(
        page.text().contains("Ben Okafor in December 2026")
            && page.text().contains("Europe/London")
    );
    let fields = [
        DECEMBER,
        ("day", "2026-12-08"),
        ("level", "leave"),
        ("note", "Ill"),
    ];
    let page = carla.submit(&format!("{base}/days"), &fields).await;
    // His days are days in London.
    assert_eq!(
        stage.entries(stage.crew.ben.id).await,
        ["12-08 00:00/12-09 00:00 leave Ill"]
    );
    assert!(page.text().contains("entered by Carla Díaz on 16 Nov 2026"));
    assert_eq!(
        stage.audit().await,
        ["set availability: Ben Okafor: Tue 8 Dec 2026: leave"]
    );
    let page = carla
        .get("/teams/payments/availability?month=2026-12")
        .await;
    assert!(
        page.text().contains("Tue 8 Dec 2026: leave, “Ill”"),
        "in text, not only on hover"
    );
    assert_eq!(page.all(".grid .g").len(), 3 * 31);
    assert_eq!(page.all(".grid .l-leave").len(), 1);
    // He can take away what was entered for him, but not take back what he didn't do.
    let ben = stage.signed_in(&stage.crew.ben).await;
    let page = ben.submit("/availability/undo", &[DECEMBER]).await;
    assert!(page.text().contains("no change of yours"));

    // Nobody else's business.
    let (ayse, stranger) = (
        stage.ayse().await,
        stage.signed_in(&stage.crew.stranger).await,
    );
    for path in [base.as_str(), "/teams/payments/availability"] {
        assert_eq!(ayse.get(path).await.status, 403);
        assert_eq!(stranger.get(path).await.status, 404);
    }
    assert_eq!(
        ayse.post_form(&format!("{base}/days"), &fields)
            .await
            .status,
        403
    );
    assert_eq!(
        stranger
            .post_form(&format!("{base}/days"), &fields)
            .await
            .status,
        404
    );
    let elsewhere = format!("/teams/search/availability/{}", stage.crew.ben.id);
    assert_eq!(stranger.get(&elsewhere).await.status, 404);
    assert_eq!(
        stranger
            .post_form(&format!("{elsewhere}/days"), &fields)
            .await
            .status,
        404
    );
    for odd in ["0", "-1", "x", "99999999999999999999"] {
        assert_eq!(
            carla
                .get(&format!("/teams/payments/availability/{odd}"))
                .await
                .status,
            404
        );
    }
}

#[tokio::test]
async fn planning_gets_whole_teams() {
    let stage = Stage::set().await;
    let (ayse, ben) = (stage.crew.ayse.id, stage.crew.ben.id);
    let mut tx = stage.app.db.begin().await.unwrap();
    let now = stage.app.clock.now();
    let evening = Part {
        from: 1080,
        to: 1440,
        level: Level::Preferred,
    };
    let mut week = Week::every_day(Level::IfNeeded);
    week.0[1] = WeekDay::new(Level::Available, vec![evening]).unwrap();
    availability::set_pattern(&mut tx, ben, "2026-01-01".parse().unwrap(), &week)
        .await
        .unwrap();
    let away = interval("2026-12-07T21:00:00Z", "2026-12-09T21:00:00Z");
    let note = "away".parse().unwrap();
    availability::set_entry(&mut tx, ayse, away, Level::Leave, &note, ayse, now)
        .await
        .unwrap();
    let range = interval("2026-12-08T00:00:00Z", "2026-12-11T00:00:00Z");
    let nobody = PersonId(999_999);
    let timelines =
        availability::for_planning(&mut tx, &[ayse, ben, stage.crew.chen.id, nobody], range)
            .await
            .unwrap();
    assert_eq!(timelines.len(), 3);
    let spans: Vec<_> = timelines[&ayse]
        .spans()
        .iter()
        .map(|s| (s.level, s.note.as_str(), s.interval.minutes()))
        .collect();
    assert_eq!(
        spans,
        [
            (Level::Leave, "away", 45 * 60),
            (Level::Available, "", 27 * 60)
        ]
    );
    assert_eq!(timelines[&ayse].leave_minutes(range), 45 * 60);
    // Tuesday evening in London.
    let tuesday = interval("2026-12-08T18:00:00Z", "2026-12-09T00:00:00Z");
    assert_eq!(timelines[&ben].level(tuesday), Level::Preferred);
    assert_eq!(timelines[&ben].level(range), Level::IfNeeded);
    assert_eq!(
        timelines[&stage.crew.chen.id].level(range),
        Level::Available
    );
}

#[tokio::test]
async fn two_tabs_paint_one_after_the_other() {
    let stage = Stage::set().await;
    let ayse = stage.ayse().await;
    let mut painting = Vec::new();
    for n in 0..12 {
        let ayse = ayse.clone();
        painting.push(tokio::spawn(async move {
            let days: Vec<String> = (1..=20)
                .map(|d| format!("2026-12-{:02}", (d + n) % 28 + 1))
                .collect();
            let level = Level::ALL[n % 5].key();
            let mut fields = vec![DECEMBER, ("level", level)];
            fields.extend(days.iter().map(|d| ("day", d.as_str())));
            ayse.post_form("/availability/days", &fields).await.status
        }));
    }
    for done in painting {
        assert_eq!(done.await.unwrap(), 303);
    }
    assert!(!stage.ayses().await.is_empty());
}

async fn open(stage: &Stage, browser: &Browser, email: &str, path: &str) {
    browser
        .sign_in(&stage.app.url, email, fixtures::PASSWORD)
        .await;
    browser
        .goto(format!("{}{path}", stage.app.url))
        .await
        .unwrap();
}

async fn day(browser: &Browser, date: &str) -> WebElement {
    browser.wait(&format!("[data-day='{date}']")).await
}

/// Waits until the page says so.
async fn said(browser: &Browser, words: &str) {
    browser.shows("#said", words).await;
}

#[tokio::test]
async fn painted_by_mouse_and_taken_back() {
    let stage = Stage::set().await;
    let browser = Browser::open().await;
    open(
        &stage,
        &browser,
        &stage.crew.ayse.email,
        "/availability?month=2026-12",
    )
    .await;
    browser.press(".chip [value=if_needed]").await;
    let (from, over, to) = (
        day(&browser, "2026-12-14").await,
        day(&browser, "2026-12-15").await,
        day(&browser, "2026-12-16").await,
    );
    browser
        .execute(
            "arguments[0].scrollIntoView({block: 'center'})",
            vec![from.to_json().unwrap()],
        )
        .await
        .unwrap();
    browser
        .action_chain()
        .move_to_element_center(&from)
        .click_and_hold()
        .move_to_element_center(&over)
        .move_to_element_center(&to)
        .release()
        .perform()
        .await
        .unwrap();
    said(&browser, "3 days: if needed.").await;
    assert_eq!(stage.ayses().await, ["12-13 21:00/12-16 21:00 if_needed"]);
    assert!(
        day(&browser, "2026-12-15")
            .await
            .class_name()
            .await
            .unwrap()
            .unwrap()
            .contains("l-if_needed")
    );
    let entry = "14 to 16 Dec 2026 if needed";
    browser.shows("#entries", entry).await;

    // A click on a day of hers on call: told at once.
    browser.press(".chip [value=unavailable]").await;
    day(&browser, "2026-12-17").await.click().await.unwrap();
    said(&browser, "Thu 17 Dec 2026: unavailable. You are on call then: Primary, Wed 16 Dec 09:00 to Thu 17 Dec 2026 09:00. See on the page how to go on.").await;
    assert_eq!(
        browser
            .find_all(By::Css("#clashes li"))
            .await
            .unwrap()
            .len(),
        1
    );
    browser.press("#undo-box button").await;
    said(&browser, "Taken back: Thu 17 Dec 2026 is as it was before.").await;
    assert_eq!(stage.ayses().await, ["12-13 21:00/12-16 21:00 if_needed"]);
}

/// Keys held and pressed, as the driver takes them.
fn typed(keys: &[Key]) -> String {
    keys.iter().map(Key::value).collect()
}

#[tokio::test]
async fn painted_by_keyboard() {
    let stage = Stage::set().await;
    let browser = Browser::open().await;
    open(
        &stage,
        &browser,
        &stage.crew.ayse.email,
        "/availability?month=2026-12",
    )
    .await;
    let first = browser.wait(".day[tabindex='0']").await;
    first.focus().await.unwrap();
    let keys = async |keys: &str| {
        let focused = browser.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    };
    // From the 1st to the 9th and, extending, to the 11th; 5 is leave.
    keys(&typed(&[Key::Down])).await;
    keys(&typed(&[Key::Right])).await;
    assert_eq!(
        browser
            .active_element()
            .await
            .unwrap()
            .attr("data-day")
            .await
            .unwrap()
            .unwrap(),
        "2026-12-09"
    );
    keys(&typed(&[Key::Shift, Key::Right])).await;
    keys(&typed(&[Key::Shift, Key::Right])).await;
    said(&browser, "3 days chosen.").await;
    keys("5").await;
    said(&browser, "3 days: leave. You are on call then: Secondary, Wed 9 Dec 09:00 to Thu 10 Dec 2026 09:00 and 1 more. See on the page how to go on.").await;
    assert_eq!(stage.ayses().await, ["12-08 21:00/12-11 21:00 leave"]);
    // The focus is where it was; Space sets the level that is chosen now, 0 the usual week.
    assert_eq!(
        browser
            .active_element()
            .await
            .unwrap()
            .attr("data-day")
            .await
            .unwrap()
            .unwrap(),
        "2026-12-11"
    );
    keys(&typed(&[Key::Right])).await;
    keys(" ").await;
    said(&browser, "Sat 12 Dec 2026: leave. You are on call then: Secondary, Sat 12 Dec 09:00 to Sun 13 Dec 2026 09:00. See on the page how to go on.").await;
    keys("0").await;
    said(&browser, "Sat 12 Dec 2026: as in the usual week.").await;
    keys(&(typed(&[Key::Control]) + "z")).await;
    said(&browser, "Taken back: Sat 12 Dec 2026 is as it was before.").await;
    assert_eq!(stage.ayses().await, ["12-08 21:00/12-12 21:00 leave"]);
}

#[tokio::test]
async fn painted_by_touch() {
    let stage = Stage::set().await;
    let browser = Browser::open().await;
    browser.resize(390, 844).await;
    let touch = serde_json::json!({ "enabled": true, "maxTouchPoints": 1 });
    browser
        .cdp()
        .send_raw("Emulation.setTouchEmulationEnabled", touch)
        .await
        .unwrap();
    open(
        &stage,
        &browser,
        &stage.crew.ayse.email,
        "/availability?month=2026-12",
    )
    .await;
    let script = "const day = document.querySelector(`[data-day='${arguments[0]}']`); day.scrollIntoView({block: 'center'});
        const box = day.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]";
    let point = async |date: &str| {
        let answer = browser.execute(script, vec![date.into()]).await.unwrap();
        let at = answer.json().as_array().unwrap().clone();
        serde_json::json!({ "x": at[0], "y": at[1] })
    };
    let send = async |kind: &str, points: Vec<serde_json::Value>| {
        let event = serde_json::json!({ "type": kind, "touchPoints": points });
        browser
            .cdp()
            .send_raw("Input.dispatchTouchEvent", event)
            .await
            .unwrap();
    };
    // A finger along the week paints.
    let days = ["2026-12-21", "2026-12-22", "2026-12-23"];
    send("touchStart", vec![point(days[0]).await]).await;
    for date in &days[1..] {
        send("touchMove", vec![point(date).await]).await;
    }
    send("touchEnd", vec![]).await;
    said(&browser, "3 days: unavailable. You are on call then: Secondary, Mon 21 Dec 09:00 to Tue 22 Dec 2026 09:00 and 1 more. See on the page how to go on.").await;
    assert_eq!(stage.ayses().await, ["12-20 21:00/12-23 21:00 unavailable"]);
    // A tap paints one day.
    send("touchStart", vec![point("2026-12-09").await]).await;
    send("touchEnd", vec![]).await;
    let entry = "#entries li:nth-child(2)";
    browser.wait(entry).await;
    assert_eq!(
        stage.ayses().await[0],
        "12-08 21:00/12-09 21:00 unavailable"
    );
}

#[tokio::test]
async fn filled_in_without_scripts() {
    let stage = Stage::set().await;
    let browser = Browser::open().await;
    browser.scripts(false).await;
    open(
        &stage,
        &browser,
        &stage.crew.ayse.email,
        "/availability?month=2026-12",
    )
    .await;
    for date in ["2026-12-14", "2026-12-16"] {
        browser.press(&format!("[data-day='{date}'] input")).await;
    }
    browser.press(".chip [value=preferred]").await;
    browser.press(".set").await;
    browser.shows(".flash", "2 days: preferred.").await;
    assert_eq!(
        stage.ayses().await,
        [
            "12-13 21:00/12-14 21:00 preferred",
            "12-15 21:00/12-16 21:00 preferred"
        ]
    );
    let complete = "form[action='/availability/answer'] button";
    browser.shows(complete, "My December is complete").await;
    browser.follow(complete).await;
    browser
        .shows(".flash", "your December 2026 is complete")
        .await;
}

/// A month as it is in life.
#[allow(clippy::too_many_lines)] // Most of them are a table.
async fn lived_in(stage: &Stage) {
    let (ayse, ben, chen, carla) = (
        stage.crew.ayse.id,
        stage.crew.ben.id,
        stage.crew.chen.id,
        stage.crew.carla.id,
    );
    let now = stage.app.clock.now();
    let mut tx = stage.app.db.begin().await.unwrap();
    for (person, from, to, level, note, by) in [
        (
            ayse,
            "2026-12-10T21:00:00Z",
            "2026-12-11T21:00:00Z",
            Level::Unavailable,
            "",
            ayse,
        ),
        (
            ayse,
            "2026-12-07T06:00:00Z",
            "2026-12-07T09:30:00Z",
            Level::Unavailable,
            "Dentist, then back at the desk",
            ayse,
        ),
        (
            ayse,
            "2026-12-15T21:00:00Z",
            "2026-12-17T21:00:00Z",
            Level::Preferred,
            "",
            ayse,
        ),
        (
            ayse,
            "2026-12-23T21:00:00Z",
            "2026-12-27T21:00:00Z",
            Level::Leave,
            "Family in Bodrum",
            carla,
        ),
        (
            ayse,
            "2026-12-28T15:00:00Z",
            "2026-12-29T06:00:00Z",
            Level::IfNeeded,
            "",
            ayse,
        ),
        (
            ben,
            "2026-12-21T00:00:00Z",
            "2027-01-02T00:00:00Z",
            Level::Leave,
            "Christmas at home",
            ben,
        ),
        (
            ben,
            "2026-12-09T00:00:00Z",
            "2026-12-10T00:00:00Z",
            Level::IfNeeded,
            "Release day",
            ben,
        ),
        (
            chen,
            "2026-12-01T21:00:00Z",
            "2026-12-04T21:00:00Z",
            Level::Unavailable,
            "Conference",
            chen,
        ),
    ] {
        let note = note.parse().unwrap();
        availability::set_entry(&mut tx, person, interval(from, to), level, &note, by, now)
            .await
            .unwrap();
    }
    let mut week = Week::every_day(Level::Available);
    week.0[5] = WeekDay::whole(Level::IfNeeded);
    week.0[6] = WeekDay::whole(Level::IfNeeded);
    availability::set_pattern(&mut tx, ayse, "2026-12-01".parse().unwrap(), &week)
        .await
        .unwrap();
    availability::open_round(
        &mut tx,
        stage.crew.team.id,
        month(),
        "2026-11-20".parse().unwrap(),
        carla,
        now,
    )
    .await
    .unwrap();
    availability::set_utilisation(
        &mut tx,
        ayse,
        month(),
        "38".parse().unwrap(),
        Source::Engineer,
        ayse,
        now,
    )
    .await
    .unwrap();
    availability::answer(&mut tx, chen, month(), now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn pages_fit_every_window() {
    let stage = Stage::set().await;
    lived_in(&stage).await;
    let browser = Browser::open().await;
    open(
        &stage,
        &browser,
        &stage.crew.ayse.email,
        "/availability?month=2026-12",
    )
    .await;
    let shots = async |name: &str, path: &str| {
        for (kind, width, dark) in [
            ("desktop", 1280, false),
            ("phone", 390, false),
            ("dark", 1280, true),
            ("narrow", 320, false),
        ] {
            browser.resize(width, 900).await;
            browser.prefer_dark(dark).await;
            browser
                .goto(format!("{}{path}", stage.app.url))
                .await
                .unwrap();
            browser.picture(&format!("{name}-{kind}")).await;
            // Nothing is wider than the window.
            let wide = browser
                .execute("return document.documentElement.scrollWidth", vec![])
                .await
                .unwrap();
            assert!(
                wide.json().as_u64().unwrap() <= u64::from(width),
                "{path} at {width}"
            );
        }
    };
    shots("availability", "/availability?month=2026-12").await;
    browser.scripts(false).await;
    shots("availability-plain", "/availability?month=2027-02").await;
    browser.scripts(true).await;
    browser.resize(1280, 900).await;
    browser.press(".who button").await;
    open(&stage, &browser, &stage.crew.carla.email, "/").await;
    shots(
        "team-availability",
        "/teams/payments/availability?month=2026-12",
    )
    .await;
}
