//! Requirements: what engineers see, declare and ask for; what managers define and decide; what
//! planning reads.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use fairshift::requirements::{self, RotationRequirements};
use fairshift::vocab::{Interval, RoleId};

use crate::fixtures::{self, PASSWORD, Payments, Person};
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

const MINE: &str = "/requirements";
const TEAM: &str = "/teams/payments/requirements";

async fn start() -> (TestApp, Payments) {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    (app, crew)
}

async fn signed_in(app: &TestApp, person: &Person) -> Visitor {
    let visitor = app.visitor();
    visitor.sign_in(&person.email, PASSWORD).await;
    visitor
}

/// Defines a requirement as a manager does, and returns its id.
async fn define(app: &TestApp, manager: &Visitor, title: &str, more: &[(&str, &str)]) -> i64 {
    let mut fields = vec![("title", title)];
    fields.extend_from_slice(more);
    if !more.iter().any(|(n, _)| *n == "confirmed") {
        fields.push(("confirmed", "signed"));
    }
    manager.submit(TEAM, &fields).await;
    sqlx::query_scalar("select id from requirements where title = $1 order by id desc")
        .bind(title)
        .fetch_one(&app.db)
        .await
        .unwrap()
}

async fn request_of(app: &TestApp, person: &Person) -> i64 {
    sqlx::query_scalar(
        "select id from holdings where person_id = $1 and state = 'pending' order by id desc",
    )
    .bind(person.id)
    .fetch_one(&app.db)
    .await
    .unwrap()
}

async fn ask(visitor: &Visitor, id: i64, note: &str) -> Page {
    let path = format!("{MINE}/{id}/request");
    visitor
        .post_form(&path, &[(&format!("note-{id}"), note)])
        .await
}

async fn declare(visitor: &Visitor, id: i64) -> Page {
    visitor
        .post_form(&format!("{MINE}/{id}/declaration"), &[])
        .await
}

/// `from` empty: from now.
async fn decide(visitor: &Visitor, request: i64, decision: &str, note: &str, from: &str) -> Page {
    let fields = [
        ("decision", decision),
        (&format!("note-{request}"), note),
        (&format!("held_from-{request}"), from),
    ];
    let path = format!("{TEAM}/requests/{request}/decision");
    visitor.post_form(&path, &fields).await
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
}

async fn planning(app: &TestApp, crew: &Payments) -> RotationRequirements {
    let mut conn = app.db.acquire().await.unwrap();
    requirements::holdings_for(&mut conn, crew.rotation.id, app.clock.now())
        .await
        .unwrap()
}

fn shift(start: DateTime<Utc>, hours: i64) -> Interval {
    Interval::new(start, start + TimeDelta::hours(hours)).unwrap()
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // One story.
async fn from_definition_to_duty_and_back() {
    let (app, crew) = start().await;
    let (primary, secondary) = (crew.rotation.roles[0], crew.rotation.roles[1]);
    let (carla, ayse) = (
        signed_in(&app, &crew.carla).await,
        signed_in(&app, &crew.ayse).await,
    );
    assert_eq!(
        ayse.get(MINE).await.all("h1"),
        ["You're ready for Primary, Secondary"]
    );
    let role = primary.to_string();
    let fields = [
        ("why", "Whoever is paged must be able to act.\nFast."),
        ("how", "Ask the platform team."),
        ("link", "https://wiki.example.com/access?team=payments"),
        ("valid_days", "365"),
        ("role", &role),
    ];
    let id = define(&app, &carla, "Production access", &fields).await;

    let page = ayse.get(MINE).await;
    assert_eq!(page.all("h1"), ["1 thing missing for Primary in Payments"]);
    assert_eq!(page.all(".need .badge"), ["missing"]);
    assert!(
        page.text()
            .contains("Whoever is paged must be able to act.")
    );
    assert!(page.text().contains("Ask the platform team."));
    let link = ".need a[href^='https://wiki.example.com/access']";
    assert_eq!(page.all(link), ["Open wiki.example.com"]);
    assert_eq!(page.attributes(link, "rel"), ["noopener noreferrer"]);
    let plan = planning(&app, &crew).await;
    let next = shift(app.clock.now(), 24);
    assert_eq!(
        plan.lacks(primary, crew.ayse.id, next),
        ["Production access"]
    );
    assert!(plan.lacks(secondary, crew.ayse.id, next).is_empty());

    // She asks; the manager sees it first, and decides.
    assert_eq!(ask(&ayse, id, "Ben watched me").await.status, 303);
    let page = ayse.get(MINE).await;
    assert_eq!(
        page.all("h1"),
        ["1 sign-off awaited for Primary in Payments"]
    );
    assert_eq!(page.all(".need .badge"), ["pending"]);
    let page = carla.get(TEAM).await;
    assert!(page.text().contains("1 request waits for a manager."));
    assert!(
        page.text()
            .contains("Ayşe Demir asks for Production access")
    );
    assert!(page.text().contains("“Ben watched me”"));
    let request = request_of(&app, &crew.ayse).await;
    let done = decide(&carla, request, "sign-off", "shown on 12 Nov", "2026-11-12").await;
    assert_eq!(done.status, 303);
    let page = ayse.get(MINE).await;
    assert_eq!(page.all("h1"), ["You're ready for Primary, Secondary"]);
    assert!(
        page.text().contains("Held until 12 Nov 2027"),
        "{}",
        page.text()
    );
    assert!(
        page.text()
            .contains("Signed off by Carla Díaz on 16 Nov 2026, 12:00")
    );
    assert!(page.text().contains("“shown on 12 Nov”"));

    // Planning: until the day it lapses in the team's zone, and not a minute longer.
    let plan = planning(&app, &crew).await;
    let lapses: DateTime<Utc> = "2027-11-11T21:00:00Z".parse().unwrap();
    let day_before = lapses - TimeDelta::hours(24);
    assert!(
        plan.lacks(primary, crew.ayse.id, shift(day_before, 24))
            .is_empty()
    );
    assert_eq!(
        plan.lacks(primary, crew.ayse.id, shift(day_before, 25)),
        ["Production access"]
    );
    assert_eq!(
        plan.lacks(primary, crew.ben.id, next),
        ["Production access"]
    );

    // A month before the end she renews; what runs goes on meanwhile, and after a refusal.
    app.clock.set(lapses - TimeDelta::days(31));
    let ayse = signed_in(&app, &crew.ayse).await;
    assert_eq!(ask(&ayse, id, "").await.status, 409);
    app.clock.advance(TimeDelta::days(1));
    assert!(ayse.get(MINE).await.text().contains("1 about to lapse"));
    assert_eq!(ask(&ayse, id, "").await.status, 303);
    let page = ayse.get(MINE).await;
    assert_eq!(page.all("h1"), ["You're ready for Primary, Secondary"]);
    assert_eq!(
        page.all(".need .badge"),
        ["held", "lapses in 30 days", "renewal pending"]
    );
    let carla = signed_in(&app, &crew.carla).await;
    let request = request_of(&app, &crew.ayse).await;
    let refusal = decide(&carla, request, "refusal", "Take the course again", "").await;
    assert_eq!(refusal.status, 303);
    let page = ayse.get(MINE).await;
    assert_eq!(page.all(".need .badge"), ["held", "lapses in 30 days"]);
    assert!(page.all(".no")[0].contains("Refused by Carla Díaz"));
    assert!(page.all(".no")[0].contains("“Take the course again”"));
    app.clock.set(lapses);
    let ayse = signed_in(&app, &crew.ayse).await;
    let page = ayse.get(MINE).await;
    assert_eq!(page.all("h1"), ["1 thing missing for Primary in Payments"]);
    assert_eq!(page.all(".need .badge"), ["expired"]);

    // The manager signs off unasked, and takes it away again.
    let carla = signed_in(&app, &crew.carla).await;
    let cell = format!("{TEAM}/{id}/people/{}", crew.ayse.id);
    let page = carla
        .submit(
            &format!("{cell}/sign-off"),
            &[("note", "seen"), ("held_from", "")],
        )
        .await;
    assert_eq!(page.all("h2 .badge"), ["held"]);
    app.clock.advance(TimeDelta::hours(5));
    let page = carla
        .submit(
            &format!("{cell}/revocation"),
            &[("reason", "Access was removed")],
        )
        .await;
    assert_eq!(page.all("h2 .badge"), ["missing"]);
    let page = ayse.get(&cell).await;
    for told in [
        "Ayşe Demir asked “Ben watched me”",
        "Carla Díaz signed off “shown on 12 Nov”",
        "Carla Díaz refused “Take the course again”",
        "Carla Díaz revoked it “Access was removed”",
    ] {
        assert!(page.text().contains(told), "{told}: {}", page.text());
    }
    let plan = planning(&app, &crew).await;
    let late = shift(app.clock.now(), 1);
    assert_eq!(
        plan.lacks(primary, crew.ayse.id, late),
        ["Production access"]
    );

    let trail = carla.get("/teams/payments/audit").await.text();
    for told in [
        "defined requirement Production access for Primary; signed off, 365 days",
        "asked for sign-off Production access for Ayşe Demir: Ben watched me",
        "signed off requirement Production access for Ayşe Demir: shown on 12 Nov",
        "refused sign-off Production access for Ayşe Demir: Take the course again",
        "revoked holding Production access for Ayşe Demir: Access was removed",
    ] {
        assert!(trail.contains(told), "{told}: {trail}");
    }
}

#[tokio::test]
async fn she_declares_withdraws_and_owes() {
    let (app, crew) = start().await;
    let carla = signed_in(&app, &crew.carla).await;
    let ayse = signed_in(&app, &crew.ayse).await;
    let roles: Vec<String> = crew.rotation.roles.iter().map(RoleId::to_string).collect();
    let both = [("role", roles[0].as_str()), ("role", roles[1].as_str())];
    let signed = define(&app, &carla, "Incident training", &both).await;
    let own = [&both[..], &[("confirmed", "declared"), ("valid_days", "7")]].concat();
    let own = define(&app, &carla, "Laptop at hand", &own).await;
    let summary = async || {
        let mut conn = app.db.acquire().await.unwrap();
        requirements::summary(&mut conn, crew.ayse.id, app.clock.now())
            .await
            .unwrap()
    };
    let owed = summary().await;
    assert_eq!(
        owed.headline,
        "2 things missing for Primary, Secondary in Payments"
    );
    assert_eq!(
        owed.texts,
        ["Incident training is missing", "Laptop at hand is missing"]
    );

    assert_eq!(declare(&ayse, signed).await.status, 409, "needs a manager");
    assert_eq!(ask(&ayse, own, "").await.status, 409, "needs no manager");
    assert_eq!(declare(&ayse, own).await.status, 303);
    assert_eq!(ask(&ayse, signed, "").await.status, 303);
    assert_eq!(ask(&ayse, signed, "").await.status, 409, "asked already");
    let owed = summary().await;
    assert_eq!((owed.missing, owed.pending, owed.lapsing), (0, 1, 1));
    let page = ayse.get(MINE).await;
    // 16 November and 7 days.
    assert!(page.text().contains("Held until 23 Nov 2026"));
    assert!(page.text().contains("Declared on 16 Nov 2026, 12:00."));

    let back = format!("{MINE}/{signed}/request/withdrawal");
    assert_eq!(ayse.post_form(&back, &[]).await.status, 303);
    assert_eq!(ayse.post_form(&back, &[]).await.status, 409);
    assert!(
        carla
            .get(TEAM)
            .await
            .text()
            .contains("Nothing waits for you.")
    );
    // It is nobody else's.
    let ben = signed_in(&app, &crew.ben).await;
    assert_eq!(ask(&ayse, signed, "").await.status, 303);
    assert_eq!(ben.post_form(&back, &[]).await.status, 409);
    assert_eq!(
        count(
            &app,
            "select count(*) from holdings where state = 'pending'"
        )
        .await,
        1
    );
    // For ever means that there's nothing to renew.
    let cell = format!("{TEAM}/{signed}/people/{}/sign-off", crew.ayse.id);
    carla.submit(&cell, &[]).await;
    assert_eq!(
        count(
            &app,
            "select count(*) from holdings where state = 'pending'"
        )
        .await,
        0
    );
    assert_eq!(ask(&ayse, signed, "").await.status, 409);
    assert!(summary().await.is_ready());
}

#[tokio::test]
async fn two_managers_and_one_request() {
    let (app, crew) = start().await;
    let carla = signed_in(&app, &crew.carla).await;
    let role = crew.rotation.roles[0].to_string();
    let id = define(&app, &carla, "Production access", &[("role", &role)]).await;
    let dan = fixtures::person(&app.db, "dan", "Dan Ek", Tz::UTC).await;
    fixtures::join(&app.db, &crew.team, &dan, true, false).await;
    let dan = signed_in(&app, &dan).await;
    for _ in 0..5 {
        let ayse = signed_in(&app, &crew.ayse).await;
        assert_eq!(ask(&ayse, id, "").await.status, 303);
        let request = request_of(&app, &crew.ayse).await;
        let (one, other) = tokio::join!(
            decide(&carla, request, "sign-off", "fine", ""),
            decide(&dan, request, "refusal", "not yet", ""),
        );
        let (loser, by) = if one.status == 303 {
            (&other, "Carla Díaz decided")
        } else {
            (&one, "Dan Ek decided")
        };
        assert_eq!([one.status.min(other.status), loser.status], [303, 409]);
        assert!(loser.text().contains(by), "{}", loser.text());
        let reset = format!("{TEAM}/{id}/people/{}/revocation", crew.ayse.id);
        if one.status == 303 {
            app.clock.advance(TimeDelta::minutes(1));
            let fields = [("reason", "again")];
            assert_eq!(carla.post_form(&reset, &fields).await.status, 303);
            // Revoking twice: the second is told so.
            assert_eq!(carla.post_form(&reset, &fields).await.status, 409);
        }
    }
    let lines =
        "select count(*) from audit where action in ('signed off requirement', 'refused sign-off')";
    assert_eq!(count(&app, lines).await, 5);
    // Withdrawn before the decision.
    let ayse = signed_in(&app, &crew.ayse).await;
    assert_eq!(ask(&ayse, id, "").await.status, 303);
    let request = request_of(&app, &crew.ayse).await;
    let back = format!("{MINE}/{id}/request/withdrawal");
    assert_eq!(ayse.post_form(&back, &[]).await.status, 303);
    let late = decide(&carla, request, "sign-off", "", "").await;
    assert_eq!(late.status, 409);
    assert!(late.text().contains("Ayşe Demir withdrew the request"));
}

#[tokio::test]
async fn definitions_change_retire_and_come_back() {
    let (app, crew) = start().await;
    let carla = signed_in(&app, &crew.carla).await;
    let ayse = signed_in(&app, &crew.ayse).await;
    let (first, second) = (
        crew.rotation.roles[0].to_string(),
        crew.rotation.roles[1].to_string(),
    );
    let id = define(&app, &carla, "Access", &[("role", &first)]).await;
    assert_eq!(ask(&ayse, id, "").await.status, 303);
    let request = request_of(&app, &crew.ayse).await;
    let edit = format!("{TEAM}/{id}");
    let page = carla.get(&edit).await;
    assert_eq!(page.attributes("#title", "value"), ["Access"]);
    assert_eq!(
        page.attributes("[name=role][checked]", "value"),
        [first.as_str()]
    );
    let revision = page.attributes("[name=revision]", "value")[0].clone();
    let change = |title: &'static str| {
        [
            ("title", title),
            ("confirmed", "declared"),
            ("role", second.as_str()),
            ("revision", revision.as_str()),
        ]
    };
    carla.submit(&edit, &change("Access to all")).await;

    // Stale: shows both, changes nothing, and can then be saved knowingly.
    let stale = carla.post_form(&edit, &change("Access of mine")).await;
    assert_eq!(stale.status, 409);
    assert!(stale.all(".problem dd")[0].contains("Access to all"));
    assert_eq!(stale.attributes("#title", "value"), ["Access of mine"]);
    assert_eq!(
        count(
            &app,
            "select count(*) from requirements where title = 'Access to all'"
        )
        .await,
        1
    );
    let now = stale.attributes("[name=revision]", "value")[0].clone();
    let mut again = change("Access of mine");
    again[3].1 = &now;
    carla.submit(&edit, &again).await;
    let page = ayse.get(MINE).await;
    assert_eq!(
        page.all("h1"),
        ["1 sign-off awaited for Secondary in Payments"]
    );

    let retire = format!("{edit}/retirement");
    assert_eq!(carla.post_form(&retire, &[]).await.status, 303);
    assert_eq!(carla.post_form(&retire, &[]).await.status, 409);
    assert_eq!(carla.post_form(&edit, &again).await.status, 409);
    assert_eq!(
        ayse.get(MINE).await.all("h1"),
        ["You're ready for Primary, Secondary"]
    );
    assert!(planning(&app, &crew).await.requirements().is_empty());
    assert_eq!(
        decide(&carla, request, "sign-off", "", "").await.status,
        409
    );
    assert_eq!(declare(&ayse, id).await.status, 409);
    let cell = format!("{edit}/people/{}/sign-off", crew.ayse.id);
    assert_eq!(carla.post_form(&cell, &[]).await.status, 409);
    // Another one took the title meanwhile.
    let other = define(&app, &carla, "access of MINE", &[]).await;
    let back = format!("{edit}/restoration");
    assert_eq!(carla.post_form(&back, &[]).await.status, 409);
    carla
        .submit(&format!("{TEAM}/{other}/retirement"), &[])
        .await;
    assert_eq!(carla.post_form(&back, &[]).await.status, 303);
    assert_eq!(planning(&app, &crew).await.requirements().len(), 1);
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // One story.
async fn bad_input_is_told_at_the_field_and_changes_nothing() {
    let (app, crew) = start().await;
    let carla = signed_in(&app, &crew.carla).await;
    let ayse = signed_in(&app, &crew.ayse).await;
    let role = crew.rotation.roles[0].to_string();
    let valid = [("role", role.as_str()), ("valid_days", "30")];
    let id = define(&app, &carla, "Access", &valid).await;
    let long = "x".repeat(10_000);
    let good = [
        ("title", "Training"),
        ("confirmed", "signed"),
        ("valid_days", ""),
        ("why", ""),
        ("how", ""),
        ("link", ""),
        ("role", role.as_str()),
    ];
    let cases = [
        ("title", ""),
        ("title", "  "),
        ("title", long.as_str()),
        ("title", "a\u{202E}b"),
        ("title", "a\u{7}b"),
        ("title", "aCCess"),
        ("why", long.as_str()),
        ("how", "a\u{200F}b"),
        ("link", "javascript:alert(1)"),
        ("link", "ftp://example.com"),
        ("link", "wiki"),
        ("valid_days", "0"),
        ("valid_days", "-1"),
        ("valid_days", "3651"),
        ("valid_days", "a year"),
        ("confirmed", ""),
        ("confirmed", "nobody"),
        ("role", "999999"),
        ("role", "x"),
    ];
    for path in [TEAM.to_owned(), format!("{TEAM}/{id}")] {
        for (name, typed) in cases {
            // Of its own title a requirement may be called.
            if path != TEAM && typed == "aCCess" {
                continue;
            }
            let mut fields = good
                .map(|(n, v)| if n == name { (n, typed) } else { (n, v) })
                .to_vec();
            fields.push(("revision", "1"));
            let page = carla.post_form(&path, &fields).await;
            assert_eq!(page.status, 422, "{path} {name} {typed}");
            let at = page.all(&format!("#{name}-error"));
            assert_eq!(at.len(), 1, "{path} {name} {typed}: {}", page.text());
            assert_eq!(
                page.attributes(".problem a", "href"),
                [format!("#{name}")],
                "{path} {name}"
            );
            if ["title", "link", "valid_days"].contains(&name) {
                assert_eq!(page.attributes(&format!("#{name}"), "value"), [typed]);
            }
        }
    }
    let untouched = "select count(*) from requirements where title = 'Access' and revision = 1";
    assert_eq!(count(&app, untouched).await, 1);
    assert_eq!(count(&app, "select count(*) from requirements").await, 1);

    // Asking.
    let field = format!("note-{id}");
    for typed in [long.as_str(), "a\u{202E}b"] {
        let page = ask(&ayse, id, typed).await;
        assert_eq!(page.status, 422);
        assert_eq!(page.all(&format!("#{field}-error")).len(), 1);
        assert_eq!(page.attributes(&format!("#{field}"), "value"), [typed]);
    }
    assert_eq!(count(&app, "select count(*) from holdings").await, 0);

    // Deciding. The clock stands at 16 November 2026; it lapses after 30 days.
    assert_eq!(ask(&ayse, id, "<b>please</b>").await.status, 303);
    let page = carla.get(TEAM).await;
    assert!(page.body.contains("&#60;b&#62;please"), "markup is text");
    assert!(page.all(".said b").is_empty());
    let request = request_of(&app, &crew.ayse).await;
    let (note, from) = (format!("note-{request}"), format!("held_from-{request}"));
    for (decision, said, day, wrong) in [
        ("refusal", "", "", &note),
        ("refusal", " \n ", "", &note),
        ("refusal", long.as_str(), "", &note),
        ("sign-off", "a\u{202E}b", "", &note),
        ("sign-off", "", "2026-11-17", &from),
        ("sign-off", "", "2026-10-01", &from),
        ("sign-off", "", "0001-01-01", &from),
        ("sign-off", "", "9999-12-31", &from),
        ("sign-off", "", "2026-02-30", &from),
    ] {
        let page = decide(&carla, request, decision, said, day).await;
        assert_eq!(page.status, 422, "{decision} {day}");
        assert_eq!(
            page.all(&format!("#{wrong}-error")).len(),
            1,
            "{decision} {day}"
        );
        assert_eq!(page.attributes(&format!("#{from}"), "value"), [day]);
    }
    assert_eq!(decide(&carla, request, "", "", "").await.status, 400);
    assert_eq!(
        count(
            &app,
            "select count(*) from holdings where state = 'pending'"
        )
        .await,
        1
    );
    let cell = format!("{TEAM}/{id}/people/{}", crew.ayse.id);
    let sign = format!("{cell}/sign-off");
    for (name, typed) in [
        ("note", long.as_str()),
        ("held_from", "2026-11-17"),
        ("held_from", "soon"),
    ] {
        let page = carla.post_form(&sign, &[(name, typed)]).await;
        assert_eq!(page.status, 422);
        assert_eq!(page.all(&format!("#{name}-error")).len(), 1, "{name}");
    }
    carla.submit(&sign, &[]).await;
    for typed in ["", "  ", long.as_str()] {
        let page = carla
            .post_form(&format!("{cell}/revocation"), &[("reason", typed)])
            .await;
        assert_eq!(page.status, 422);
        assert_eq!(page.all("#reason-error").len(), 1);
    }
    assert_eq!(
        count(&app, "select count(*) from holdings where state = 'held'").await,
        1
    );
}

#[tokio::test]
async fn every_route_as_everybody() {
    let (app, crew) = start().await;
    let root = fixtures::person(&app.db, "root", "Root", Tz::UTC).await;
    fixtures::make_admin(&app.db, &root).await;
    let carla = signed_in(&app, &crew.carla).await;
    let id = define(&app, &carla, "Access", &[]).await;
    let ayse = signed_in(&app, &crew.ayse).await;
    assert_eq!(ask(&ayse, id, "").await.status, 303);
    let request = request_of(&app, &crew.ayse).await;
    let cell = format!("{TEAM}/{id}/people/{}", crew.ayse.id);
    let nobody = app.visitor();
    let ben = signed_in(&app, &crew.ben).await;
    let stranger = signed_in(&app, &crew.stranger).await;
    let root = signed_in(&app, &root).await;
    let everybody = [&nobody, &ben, &stranger, &carla, &root];

    for (path, expected) in [
        (MINE.to_owned(), [303, 200, 200, 200, 200]),
        (TEAM.to_owned(), [303, 403, 404, 200, 200]),
        (format!("{TEAM}/{id}"), [303, 403, 404, 200, 200]),
        (cell.clone(), [303, 403, 404, 200, 200]),
    ] {
        for (who, status) in everybody.iter().zip(expected) {
            assert_eq!(who.get(&path).await.status, status, "GET {path}");
        }
    }
    assert_eq!(ayse.get(&cell).await.status, 200, "one's own history");
    // A form that says nothing: whoever may send it is told what is wrong, 422, 400 or 409. Managers
    // who take no shifts hold nothing themselves.
    for (path, expected) in [
        (
            format!("{MINE}/{id}/declaration"),
            [303, 409, 404, 404, 404],
        ),
        (
            format!("{MINE}/{id}/request/withdrawal"),
            [303, 409, 404, 404, 404],
        ),
        (TEAM.to_owned(), [303, 403, 404, 422, 422]),
        (format!("{TEAM}/{id}"), [303, 403, 404, 422, 422]),
        (
            format!("{TEAM}/requests/{request}/decision"),
            [303, 403, 404, 400, 400],
        ),
        (
            format!("{TEAM}/{id}/restoration"),
            [303, 403, 404, 409, 409],
        ),
        (format!("{cell}/revocation"), [303, 403, 404, 422, 422]),
    ] {
        for (n, (who, status)) in everybody.iter().zip(expected).enumerate() {
            let answer = who.post_form(&path, &[]).await;
            assert_eq!(answer.status, status, "POST {path} as number {n}");
            if status == 303 {
                assert!(answer.location().starts_with("/sign-in"), "POST {path}");
            }
        }
    }
    for (path, expected) in [
        (format!("{MINE}/{id}/request"), [303, 303, 404, 404, 404]),
        (format!("{cell}/sign-off"), [303, 403, 404, 303, 303]),
        (format!("{TEAM}/{id}/retirement"), [303, 403, 404, 303, 409]),
    ] {
        for (who, status) in everybody.iter().zip(expected) {
            assert_eq!(
                who.post_form(&path, &[]).await.status,
                status,
                "POST {path}"
            );
        }
    }

    // Ids of another team: not there, whoever asks at their own team's address.
    let search = "/teams/search/requirements";
    for path in [
        format!("{search}/{id}"),
        format!("{search}/{id}/people/{}", crew.ayse.id),
        format!("{search}/{id}/people/{}", crew.stranger.id),
    ] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    for path in [
        format!("{search}/{id}"),
        format!("{search}/{id}/retirement"),
        format!("{search}/{id}/restoration"),
        format!("{search}/requests/{request}/decision"),
        format!("{search}/{id}/people/{}/sign-off", crew.stranger.id),
        format!("{search}/{id}/people/{}/revocation", crew.stranger.id),
    ] {
        assert_eq!(stranger.post_form(&path, &[]).await.status, 404, "{path}");
    }
    // Nor may another team's people be signed off, or its roles be chosen.
    let foreign = format!("{TEAM}/{id}/people/{}/sign-off", crew.stranger.id);
    assert_eq!(carla.post_form(&foreign, &[]).await.status, 404);
    let role = crew.rotation.roles[0].to_string();
    let fields = [
        ("title", "Theirs"),
        ("confirmed", "signed"),
        ("role", &role),
    ];
    assert_eq!(stranger.post_form(search, &fields).await.status, 422);
}

#[tokio::test]
async fn only_the_rotations_she_is_on_count() {
    let (app, crew) = start().await;
    let carla = signed_in(&app, &crew.carla).await;
    let other = fixtures::rotation(
        &app.db,
        &crew.team,
        "Data",
        &[("Primary", false)],
        &[&crew.ben],
    )
    .await;
    let role = other.roles[0].to_string();
    define(&app, &carla, "Warehouse access", &[("role", &role)]).await;
    let verdict = async |who: &Person| {
        let visitor = signed_in(&app, who).await;
        visitor.get(MINE).await.all("h1").remove(0)
    };
    assert_eq!(
        verdict(&crew.ayse).await,
        "You're ready for Main: Primary, Main: Secondary"
    );
    assert_eq!(
        verdict(&crew.ben).await,
        "1 thing missing for Data: Primary in Payments"
    );
    // Who is on no rotation yet may come to be on any.
    let new = fixtures::person(&app.db, "new", "Noa New", Tz::UTC).await;
    fixtures::join(&app.db, &crew.team, &new, false, true).await;
    assert_eq!(
        verdict(&new).await,
        "1 thing missing for Data: Primary in Payments"
    );
    assert!(verdict(&crew.carla).await.contains("in no team"));
    // A role that a later version no longer has is nobody's concern.
    sqlx::query(
        "with v as (insert into rotation_versions (rotation_id, effective_from, created_at, weekday_rate, night_rate,
            weekend_rate, holiday_rate, night_from, night_to, min_rest_minutes, newcomer_until, experienced_from,
            experienced_per_shift, newcomers)
        select rotation_id, '2026-11-16', created_at, 1, 1, 1, 1, '22:00', '08:00', 0, 0, 0, 0, 'free'
        from rotation_versions where rotation_id = $1 returning id, rotation_id),
        r as (insert into roles (rotation_id, name) select rotation_id, 'Solo' from v returning id)
        insert into version_roles select v.id, r.id, 1, 100, false from v, r",
    )
    .bind(other.id)
    .execute(&app.db)
    .await
    .unwrap();
    assert_eq!(
        verdict(&crew.ben).await,
        "You're ready for Data: Solo, Main: Primary, Main: Secondary"
    );
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // A team with all that can be.
async fn no_page_is_wider_than_the_window() {
    use crate::support::browser::Browser;
    let (app, crew) = start().await;
    let carla = signed_in(&app, &crew.carla).await;
    let roles: Vec<String> = crew.rotation.roles.iter().map(RoleId::to_string).collect();
    let both = [("role", roles[0].as_str()), ("role", roles[1].as_str())];
    let access = [
        &both[..],
        &[
            (
                "why",
                "Whoever is paged has to be able to look at logs and roll back.",
            ),
            (
                "how",
                "Finish the access course, then open a ticket with the platform team.",
            ),
            ("link", "https://wiki.example.com/production-access"),
            ("valid_days", "365"),
        ],
    ]
    .concat();
    let access = define(&app, &carla, "Production access", &access).await;
    let training = [
        &both[..1],
        &[
            ("why", "The primary leads incidents."),
            ("valid_days", "180"),
        ],
    ]
    .concat();
    let training = define(&app, &carla, "Incident commander training", &training).await;
    let phone = [
        &both[..],
        &[
            ("confirmed", "declared"),
            ("valid_days", "30"),
            ("how", "Call yourself from the pager."),
        ],
    ]
    .concat();
    let phone = define(&app, &carla, "Phone tested with the pager", &phone).await;
    let shadow = define(&app, &carla, "Shadowed two shifts", &both[..1]).await;
    let nda = define(
        &app,
        &carla,
        "Signed the card data policy",
        &[("confirmed", "declared"), ("role", &roles[0])],
    )
    .await;
    let (ayse, ben, chen) = (
        signed_in(&app, &crew.ayse).await,
        signed_in(&app, &crew.ben).await,
        signed_in(&app, &crew.chen).await,
    );
    declare(&ayse, phone).await;
    declare(&ben, nda).await;
    ask(
        &ayse,
        access,
        "I finished the course on Friday, ticket PLAT-118.",
    )
    .await;
    ask(&ben, training, "").await;
    ask(&chen, shadow, "Shadowed Ben on 3 and 10 November.").await;
    ask(&ayse, shadow, "I think I have").await;
    decide(
        &carla,
        request_of(&app, &crew.ayse).await,
        "refusal",
        "Only one shift so far: do another with Ben.",
        "",
    )
    .await;
    for (id, who, from) in [
        (access, &crew.ben, "2025-11-30"),
        (access, &crew.chen, "2026-03-01"),
        (training, &crew.ayse, "2026-08-20"),
    ] {
        let path = format!("{TEAM}/{id}/people/{}/sign-off", who.id);
        carla
            .submit(&path, &[("note", "certificate seen"), ("held_from", from)])
            .await;
    }
    ask(&ben, access, "Renewal: did the refresher.").await;
    sqlx::query("update holdings set held_from = held_from - interval '1 year', held_until = '2026-11-01' where requirement_id = $1 and person_id = $2")
        .bind(access).bind(crew.chen.id).execute(&app.db).await.unwrap();
    let browser = Browser::open().await;
    for (who, name, path) in [
        (&crew.ayse, "mine", MINE.to_owned()),
        (&crew.carla, "team", TEAM.to_owned()),
        (&crew.carla, "definition", format!("{TEAM}/{access}")),
        (
            &crew.carla,
            "person",
            format!("{TEAM}/{access}/people/{}", crew.ben.id),
        ),
    ] {
        browser.delete_all_cookies().await.unwrap();
        browser.sign_in(&app.url, &who.email, PASSWORD).await;
        for (width, height, dark, kind) in [
            (1280, 900, false, "desktop"),
            (390, 844, false, "phone"),
            (1280, 900, true, "dark"),
            (320, 700, true, "small"),
        ] {
            browser.resize(width, height).await;
            browser.prefer_dark(dark).await;
            browser.goto(format!("{}{path}", app.url)).await.unwrap();
            browser
                .picture(&format!("requirements-{name}-{kind}"))
                .await;
            let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            let beyond = browser.execute(script, vec![]).await.unwrap();
            assert_eq!(beyond.json().as_i64(), Some(0), "{name} at {width}");
        }
    }
}
