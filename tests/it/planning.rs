//! The planner, from a recommendation to a published version, on the demo team.

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::demo;
use fairshift::vocab::{Month, PersonId};
use serial_free::race;

use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

pub const PLAN: &str = "/teams/payments/plan/2026-12";
const CHANGES: &str = "/teams/payments/plan/2026-12/changes";
const PUBLICATION: &str = "/teams/payments/plan/2026-12/publication";

/// The demo, with its manager signed in.
pub async fn planner() -> (TestApp, Visitor) {
    let app = TestApp::start_as(true).await;
    demo::create(&app.db, app.clock.now()).await.unwrap();
    let manager = app.visitor();
    manager.sign_in("manager@example.com", demo::PASSWORD).await;
    (app, manager)
}

pub fn value(page: &Page, name: &str) -> String {
    let css = format!("#drag [name={name}]");
    page.attributes(&css, "value")
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("no {name} in {}", page.text()))
}

/// Slots of the grid that a person holds, in the order of days.
pub fn slots_of(page: &Page, person: i64) -> Vec<String> {
    page.attributes(
        &format!("tr[data-person='{person}'] a.chip:not(.goes-on)"),
        "data-slot",
    )
}

pub async fn id_of(app: &TestApp, name: &str) -> i64 {
    sqlx::query_scalar("select id from people where name = $1")
        .bind(name)
        .fetch_one(&app.db)
        .await
        .unwrap()
}

pub async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&app.db).await.unwrap()
}

/// A change on what `page` shows.
pub async fn change(visitor: &Visitor, page: &Page, fields: &[(&str, &str)]) -> Page {
    let (rotation, basis) = (value(page, "rotation"), value(page, "basis"));
    let mut all = vec![("rotation", rotation.as_str()), ("basis", basis.as_str())];
    all.extend(fields);
    visitor.post_form(CHANGES, &all).await
}

/// A slot, somebody whom the page offers for it at a cost and not against a rule, and the page.
pub async fn offer(visitor: &Visitor, page: &Page) -> (String, String, Page) {
    for slot in page.attributes("tbody a.chip:not(.goes-on)", "data-slot") {
        let story = visitor.get(&format!("{PLAN}?slot={slot}")).await;
        assert!(story.text().contains("Who else"), "{}", story.text());
        let css = ".candidates li:not(.barred) form:has(button[value=assign]) [name=person]";
        if let Some(person) = story.attributes(css, "value").into_iter().next() {
            return (slot, person, story);
        }
    }
    panic!("nobody can take anything: {}", page.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recommendation_is_ready_and_reading_it_stores_nothing() {
    let (app, manager) = planner().await;
    let before = count(&app, "select count(*) from schedules").await;
    let page = manager.get(PLAN).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Recommended"), "{}", page.text());
    assert!(
        page.all(".sums .badge.good").contains(&"full".to_owned()),
        "{}",
        page.text()
    );
    let held = page.attributes("tbody a.chip:not(.goes-on)", "data-slot");
    assert_eq!(held.len(), 62, "31 days, a primary and a secondary");
    assert_eq!(count(&app, "select count(*) from schedules").await, before);
    assert_eq!(
        manager.get(PLAN).await.body,
        page.body,
        "the same inputs, the same page"
    );
    // Who lacks a requirement is named, and holds nothing.
    assert!(
        page.text().contains("Hugo Martin lacks Production access"),
        "{}",
        page.text()
    );
    assert!(slots_of(&page, id_of(&app, "Hugo Martin").await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_shows_its_cost_and_is_kept_in_a_draft() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let (slot, person, story) = offer(&manager, &page).await;
    let done = change(
        &manager,
        &story,
        &[("action", "assign"), ("slot", &slot), ("person", &person)],
    )
    .await;
    assert_eq!(done.status, 303, "{}", done.text());
    let after = manager.get(&done.location()).await;
    assert!(
        after.text().contains("Saved in the draft"),
        "{}",
        after.text()
    );
    assert!(after.text().contains("Draft 1"), "{}", after.text());
    assert!(slots_of(&after, person.parse().unwrap()).contains(&slot));
    // Recommending again keeps what the manager chose.
    let again = change(&manager, &after, &[("action", "recompute")]).await;
    let again = manager.get(&again.location()).await;
    assert!(slots_of(&again, person.parse().unwrap()).contains(&slot));
    assert!(again.text().contains("Draft 2"));
    // Cleared slots stay open, with everybody's reason.
    let cleared = change(&manager, &again, &[("action", "clear"), ("slot", &slot)]).await;
    let cleared = manager.get(&cleared.location()).await;
    assert!(
        cleared.text().contains("1 of 62 open"),
        "{}",
        cleared.text()
    );
    assert!(
        cleared
            .text()
            .contains("Hugo Martin : lacks Production access")
            || cleared
                .text()
                .contains("Hugo Martin: lacks Production access"),
        "{}",
        cleared.text()
    );
    let audit = manager.get("/teams/payments/audit").await;
    assert!(audit.text().contains("changed draft"), "{}", audit.text());
    let gone = change(&manager, &cleared, &[("action", "discard")]).await;
    assert_eq!(gone.status, 303);
    assert_eq!(
        count(&app, "select count(*) from schedules where state = 'draft'").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn breaking_a_rule_needs_a_reason_which_is_kept() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let slot = page.attributes("tbody a.chip", "data-slot").remove(0);
    let hugo = id_of(&app, "Hugo Martin").await.to_string();
    let fields = [
        ("action", "assign"),
        ("slot", slot.as_str()),
        ("person", hugo.as_str()),
    ];
    // It is asked for on a page of its own: going back to it sends nothing again.
    let asked = change(&manager, &page, &fields).await;
    assert_eq!(asked.status, 303);
    let ask = asked.location();
    let asked = manager.get(&ask).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    assert!(
        asked.text().contains("lacks Production access"),
        "{}",
        asked.text()
    );
    assert_eq!(
        count(&app, "select count(*) from schedules where state = 'draft'").await,
        0
    );
    for bad in ["", "  ", "a\u{202E}b"] {
        let refused = change(
            &manager,
            &page,
            &[&fields[..], &[("reason", bad), ("confirming", "yes")]].concat(),
        )
        .await;
        assert_eq!(refused.status, 422, "{bad:?}");
    }
    let reason = ("reason", "He gets access on Monday <b>");
    let done = change(
        &manager,
        &page,
        &[&fields[..], &[reason, ("confirming", "yes")]].concat(),
    )
    .await;
    assert_eq!(done.status, 303, "{}", done.text());
    let after = manager.get(&done.location()).await;
    assert!(
        after.text().contains("1 rule is broken"),
        "{}",
        after.text()
    );
    assert!(
        after.text().contains("He gets access on Monday <b>"),
        "markup is text: {}",
        after.text()
    );
    let audit = manager.get("/teams/payments/audit").await;
    assert!(
        audit.text().contains("He gets access on Monday"),
        "{}",
        audit.text()
    );
    // What was asked is settled: back leads on to the plan.
    let back = manager.get(&ask).await;
    assert_eq!(back.status, 303);
    assert!(back.location().starts_with(PLAN), "{}", back.location());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_rule_is_listed_once() {
    let (app, manager) = planner().await;
    let ayse = id_of(&app, "Ayşe Demir").await.to_string();
    let mut page = manager.get(PLAN).await;
    // Six days in a row.
    for n in 4..10 {
        let slot = page.attributes("a.chip:not(.goes-on)", "data-slot");
        let mut days: Vec<&String> = slot.iter().collect();
        days.sort();
        days.dedup();
        let slot = days[n * 2].clone();
        let fields = [
            ("action", "assign"),
            ("slot", slot.as_str()),
            ("person", ayse.as_str()),
            ("reason", "To see"),
            ("confirming", "yes"),
        ];
        let done = change(&manager, &page, &fields).await;
        assert_eq!(done.status, 303, "{}", done.text());
        page = manager.get(PLAN).await;
    }
    let mut lines = page.all(".problem li");
    let all = lines.len();
    assert!(all > 1, "{}", page.text());
    assert!(page.text().contains(&format!("{all} rules are broken")));
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), all);
    let mut lines = manager.get(PUBLICATION).await.all(".warning li");
    let all = lines.len();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zone_of_times_is_named() {
    let (app, manager) = planner().await;
    sqlx::query(
        "update people set time_zone = 'America/New_York' where email = 'manager@example.com'",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let foot = async |path: &str| manager.get(path).await.all(".foot").concat();
    assert!(
        foot("/")
            .await
            .starts_with("Times are in your zone, America/New_York.")
    );
    for path in [PLAN, PUBLICATION, &format!("{PLAN}/versions")] {
        let page = manager.get(path).await;
        let head = page.all(".head").concat().to_lowercase();
        assert!(head.contains("times in europe/istanbul"), "{path}: {head}");
        let foot = page.all(".foot").concat();
        assert!(
            foot.starts_with(
                "Times on this page are in Europe/Istanbul; your own zone is America/New_York."
            ),
            "{path}: {foot}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_what_is_published_makes_no_version() {
    let (app, manager) = planner().await;
    let publish = async |page: &Page| {
        let (rotation, basis) = (value(page, "rotation"), value(page, "basis"));
        let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
        manager.post_form(PUBLICATION, &fields).await
    };
    sqlx::query("delete from contact_methods c using people p where p.id = c.person_id and p.name = 'Ayşe Demir'")
        .execute(&app.db)
        .await
        .unwrap();
    let first = manager.get(PUBLICATION).await.text();
    assert!(first.contains("62 slots for"), "{first}");
    assert!(
        first.contains("Nobody can wake one of them: Ayşe Demir"),
        "some have no device: {first}"
    );
    let done = publish(&manager.get(PLAN).await).await;
    let page = manager.get(&done.location()).await;
    // A draft that only pins is the same plan.
    let slot = page.attributes("tbody a.chip", "data-slot").remove(0);
    let pinned = change(&manager, &page, &[("action", "pin"), ("slot", &slot)]).await;
    assert_eq!(pinned.status, 303);
    let confirm = manager.get(PUBLICATION).await;
    assert!(
        confirm.text().contains("so there is nothing to publish"),
        "{}",
        confirm.text()
    );
    assert!(!confirm.text().contains("Publish version 2"));
    let plan = manager.get(PLAN).await;
    let (one, two) = tokio::join!(publish(&plan), publish(&plan));
    assert_eq!((one.status, two.status), (303, 303), "{}", one.text());
    let after = manager.get(PLAN).await.text();
    assert!(
        after.contains("is published like this already, as version 1"),
        "{after}"
    );
    assert_eq!(
        count(
            &app,
            "select count(*) from schedules where state <> 'draft' and month = '2026-12-01'"
        )
        .await,
        1
    );
    // With a slot cleared it says what is open, and whether anybody is called all the same.
    let plan = manager.get(PLAN).await;
    let cleared = change(&manager, &plan, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(cleared.status, 303);
    let confirm = manager.get(PUBLICATION).await.text();
    assert!(
        confirm.contains("1 of 62 slots is open. Every shift has somebody to call."),
        "{confirm}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_managers_never_overwrite_each_other_in_silence() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let slot = page.attributes("tbody a.chip", "data-slot").remove(2);
    let first = change(&manager, &page, &[("action", "pin"), ("slot", &slot)]).await;
    assert_eq!(first.status, 303);
    let second = change(&manager, &page, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(second.status, 409);
    let text = second.text();
    assert!(
        text.contains("You wanted") && text.contains("Now it is") && text.contains("Mira Aydın"),
        "{text}"
    );
    // So does a change of what it was computed from.
    let page = manager.get(PLAN).await;
    let ayse = id_of(&app, "Ayşe Demir").await;
    // Her calendars say 38 %; a correction beats them.
    let correction = "insert into utilisations (person_id, month, percent, source, entered_at)
        values ($1, '2026-12-01', 90, 'engineer', '2026-11-16')";
    sqlx::query(correction)
        .bind(ayse)
        .execute(&app.db)
        .await
        .unwrap();
    let stale = change(&manager, &page, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(stale.status, 409);
    let page = manager.get(PLAN).await;
    assert!(
        page.text()
            .contains("Ayşe Demir: utilisation 38 % is now 90 %."),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("Computed again around your pins"),
        "{}",
        page.text()
    );
    let pinned = page.attributes("a.chip.pinned", "data-slot");
    assert!(pinned.contains(&slot), "the pin stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_supersedes_and_moves_only_what_changed() {
    let (app, manager) = planner().await;
    let publish = async |page: &Page| {
        let fields = [
            ("rotation", value(page, "rotation")),
            ("basis", value(page, "basis")),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        manager.post_form(PUBLICATION, &fields).await
    };
    let page = manager.get(PLAN).await;
    assert!(
        manager
            .get(PUBLICATION)
            .await
            .text()
            .contains("first version")
    );
    let done = publish(&page).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let first = manager.get(&done.location()).await;
    assert!(
        first.text().contains("version 1 is published"),
        "{}",
        first.text()
    );
    assert_eq!(count(&app, "select count(*) from on_call where starts_at >= '2026-12-01' and starts_at < '2027-01-01'").await, 62);
    // Publishing the same page twice is stale.
    assert_eq!(publish(&page).await.status, 409);

    let (slot, person, story) = offer(&manager, &first).await;
    let changed = change(
        &manager,
        &story,
        &[("action", "assign"), ("slot", &slot), ("person", &person)],
    )
    .await;
    assert_eq!(changed.status, 303, "{}", changed.text());
    let revisions = async || -> Vec<(i64, i32)> {
        let all = sqlx::query_as("select id, revision from shifts order by id");
        all.fetch_all(&app.db).await.unwrap()
    };
    let before = revisions().await;
    let confirm = manager.get(PUBLICATION).await;
    assert_eq!(confirm.all("tbody tr").len(), 1, "{}", confirm.text());
    let second = publish(&manager.get(PLAN).await).await;
    assert_eq!(second.status, 303, "{}", second.text());
    let after = revisions().await;
    let raised = after.iter().zip(&before).filter(|(a, b)| a != b).count();
    assert_eq!(
        raised, 3,
        "the shift, and those that hand over to and from it"
    );
    assert_eq!(
        count(
            &app,
            "select count(*) from schedules where state = 'superseded'"
        )
        .await,
        1
    );
    let versions = manager.get("/teams/payments/plan/2026-12/versions").await;
    assert!(
        versions.text().contains("From version 1 to 2"),
        "{}",
        versions.text()
    );
    assert_eq!(versions.all("tbody tr").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_publications_at_once_one_wins() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let (rotation, basis) = (value(&page, "rotation"), value(&page, "basis"));
    let answers = race(12, |_| {
        let (manager, rotation, basis) = (manager.clone(), rotation.clone(), basis.clone());
        async move {
            manager
                .post_form(PUBLICATION, &[("rotation", &rotation), ("basis", &basis)])
                .await
                .status
        }
    })
    .await;
    assert_eq!(
        answers.iter().filter(|s| **s == 303).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(
        answers.iter().filter(|s| **s == 409).count(),
        11,
        "{answers:?}"
    );
    assert_eq!(
        count(
            &app,
            "select count(*) from schedules where month = '2026-12-01'"
        )
        .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_is_history() {
    let (app, manager) = planner().await;
    let path = "/teams/payments/plan/2026-11";
    let page = manager.get(path).await;
    assert!(
        page.text().contains("Published, version 1"),
        "{}",
        page.text()
    );
    let begun = page
        .attributes("tbody tr a.chip", "data-slot")
        .into_iter()
        .min_by_key(|s| s.split('.').nth(1).unwrap().to_owned())
        .unwrap();
    let (rotation, basis) = (value(&page, "rotation"), value(&page, "basis"));
    let fields = [
        ("rotation", rotation.as_str()),
        ("basis", basis.as_str()),
        ("action", "clear"),
        ("slot", begun.as_str()),
    ];
    let refused = manager
        .post_form("/teams/payments/plan/2026-11/changes", &fields)
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("has begun"), "{}", refused.text());
    // Recommending again in the middle of the month leaves what has begun as it was.
    let served = "select count(*) from on_call o join assignments d on d.shift_id = o.shift_id and d.role_id = o.role_id \
        and d.schedule_state = 'draft' and d.person_id is distinct from o.person_id where o.starts_at < '2026-11-16 09:00Z'";
    let fields = [
        ("rotation", rotation.as_str()),
        ("basis", basis.as_str()),
        ("action", "recompute"),
    ];
    assert_eq!(
        manager
            .post_form("/teams/payments/plan/2026-11/changes", &fields)
            .await
            .status,
        303
    );
    assert_eq!(
        count(
            &app,
            "select count(*) from assignments where schedule_state = 'draft'"
        )
        .await,
        60
    );
    assert_eq!(count(&app, served).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_addresses_and_forms_change_nothing() {
    let (app, manager) = planner().await;
    for path in [
        "/teams/payments/plan/2026-13",
        "/teams/payments/plan/0001-01",
        "/teams/payments/plan/9999-12",
        "/teams/payments/plan/soon",
        "/teams/nobody/plan/2026-12",
        "/teams/payments/plan/2026-12?rotation=999999",
        "/teams/payments/plan/2026-12?rotation=x",
    ] {
        assert_eq!(manager.get(path).await.status, 404, "{path}");
    }
    assert_eq!(
        manager.get(&format!("{PLAN}?slot=1.2.3")).await.status,
        200,
        "an unknown slot is no slot"
    );
    let page = manager.get(PLAN).await;
    let slot = page.attributes("tbody a.chip", "data-slot").remove(0);
    let admin = id_of(&app, "Sam Admin").await.to_string();
    for fields in [
        vec![("action", "assign"), ("slot", "x"), ("person", "1")],
        vec![("action", "assign"), ("slot", &slot), ("person", "x")],
        vec![("action", "assign"), ("slot", &slot), ("person", &admin)],
        vec![("action", "swap"), ("slot", &slot), ("other", "1.1.1")],
        vec![("action", "burn"), ("slot", &slot)],
        vec![],
    ] {
        let answer = change(&manager, &page, &fields).await;
        assert_eq!(answer.status, 400, "{fields:?}");
        assert!(answer.text().contains("home page"), "{}", answer.text());
    }
    assert_eq!(
        count(&app, "select count(*) from schedules where state = 'draft'").await,
        0
    );
    // A far month is empty of news but still planned; one before the rotation has no shifts.
    assert!(
        manager
            .get("/teams/payments/plan/2001-01")
            .await
            .text()
            .contains("has no shifts in January 2001")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_with_nobody_eligible_says_so() {
    let (app, manager) = planner().await;
    sqlx::query("delete from leg_members")
        .execute(&app.db)
        .await
        .unwrap();
    let page = manager.get(PLAN).await;
    assert!(
        page.text().contains("Nobody belongs to Payments on-call"),
        "{}",
        page.text()
    );
    // Everybody on leave: all slots open, each with everybody's reason.
    let (app, manager) = planner().await;
    let now = app.clock.now();
    let month: Month = "2026-12".parse().unwrap();
    let people: Vec<i64> =
        sqlx::query_scalar("select person_id from team_members where is_engineer")
            .fetch_all(&app.db)
            .await
            .unwrap();
    for person in people {
        let mut tx = app.db.begin().await.unwrap();
        let person = PersonId(person);
        let mut whole = month.interval(chrono_tz::UTC);
        whole.start -= TimeDelta::days(2);
        whole.end += TimeDelta::days(2);
        let leave = fairshift::vocab::Level::Leave;
        fairshift::availability::set_entry(
            &mut tx,
            person,
            whole,
            leave,
            &"Closed".parse().unwrap(),
            person,
            now,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }
    let page = manager.get(PLAN).await;
    assert!(page.text().contains("62 of 62 open"), "{}", page.text());
    assert!(
        page.text().contains("Ayşe Demir: on leave")
            || page.text().contains("Ayşe Demir : on leave"),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_never_books_somebody_twice_across_teams() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    // Another team's schedule is published while this page is open: with the same person, at the
    // same time as one of the recommended shifts.
    let slot = page.attributes("tbody a.chip.r1", "data-slot").remove(3);
    let start: i64 = slot.split('.').nth(1).unwrap().parse().unwrap();
    let start: DateTime<Utc> = DateTime::from_timestamp(start, 0).unwrap();
    let holder = page
        .attributes(&format!("tr:has(a[data-slot='{slot}'])"), "data-person")
        .remove(0);
    let other = crate::fixtures::team(&app.db, "other", "Other", chrono_tz::UTC).await;
    let rotation =
        crate::fixtures::rotation(&app.db, &other, "Other", &[("Primary", false)], &[]).await;
    let interval = fairshift::vocab::Interval::new(start, start + TimeDelta::hours(5)).unwrap();
    let shift = crate::fixtures::shift(&app.db, &rotation, interval).await;
    let schedule =
        crate::fixtures::schedule(&app.db, &rotation, "2026-12".parse().unwrap(), "published")
            .await;
    let person = crate::fixtures::Person {
        id: PersonId(holder.parse().unwrap()),
        name: String::new(),
        email: String::new(),
    };
    crate::fixtures::assign(&app.db, &rotation, schedule, shift, 0, Some(&person)).await;
    let fields = [
        ("rotation", value(&page, "rotation")),
        ("basis", value(&page, "basis")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(
        manager.post_form(PUBLICATION, &fields).await.status,
        409,
        "the inputs changed"
    );
    let after = manager.get(PLAN).await;
    assert!(
        !slots_of(&after, holder.parse().unwrap()).contains(&slot),
        "the recommendation knows of the other shift"
    );
    // Forced all the same, with a reason, PostgreSQL refuses.
    let forced = change(
        &manager,
        &after,
        &[
            ("action", "assign"),
            ("slot", &slot),
            ("person", &holder),
            ("reason", "both"),
            ("confirming", "yes"),
        ],
    )
    .await;
    assert_eq!(forced.status, 303, "{}", forced.text());
    let after = manager.get(PLAN).await;
    let fields = [
        ("rotation", value(&after, "rotation")),
        ("basis", value(&after, "basis")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let refused = manager.post_form(PUBLICATION, &fields).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(
        refused.text().contains("on call twice"),
        "{}",
        refused.text()
    );
    assert_eq!(
        count(
            &app,
            "select count(*) from schedules where month = '2026-12-01' and state = 'draft'"
        )
        .await,
        1,
        "the draft stays"
    );
}

/// Runs the same thing many times at once.
pub mod serial_free {
    use std::future::Future;

    pub async fn race<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        times: usize,
        what: impl Fn(usize) -> F,
    ) -> Vec<T> {
        let runs: Vec<_> = (0..times).map(|n| tokio::spawn(what(n))).collect();
        let mut answers = Vec::new();
        for run in runs {
            answers.push(run.await.unwrap());
        }
        answers
    }
}

/// After somebody's leave, recommending again gives away what they can't serve, and little more.
#[tokio::test(flavor = "multi_thread")]
async fn a_repair_leaves_what_is_published_alone() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let fields = [
        ("rotation", value(&page, "rotation")),
        ("basis", value(&page, "basis")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(manager.post_form(PUBLICATION, &fields).await.status, 303);
    let page = manager.get(PLAN).await;
    let holds = |page: &Page, person: i64| slots_of(page, person).len();
    let people = page.attributes("tr[data-person]", "data-person");
    let away: i64 = people
        .iter()
        .map(|p| p.parse().unwrap())
        .max_by_key(|p| holds(&page, *p))
        .unwrap();
    let theirs = holds(&page, away);
    assert!(theirs > 3);
    let mut tx = app.db.begin().await.unwrap();
    let month: Month = "2026-12".parse().unwrap();
    let (leave, note) = (fairshift::vocab::Level::Leave, "".parse().unwrap());
    let whole = month.interval(chrono_tz::Europe::Istanbul);
    let (person, now) = (PersonId(away), app.clock.now());
    fairshift::availability::set_entry(&mut tx, person, whole, leave, &note, person, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = manager.get(PLAN).await;
    let done = change(&manager, &page, &[("action", "recompute")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let draft = manager.get(PLAN).await;
    assert_eq!(holds(&draft, away), 0);
    let moved: usize = draft.all("[data-moved]").remove(0).parse().unwrap();
    let marked = draft.attributes("tbody a.chip.new:not(.goes-on)", "data-slot");
    assert_eq!(moved, marked.len());
    assert!(
        moved < theirs + theirs / 2,
        "{moved} of 62 changed for {theirs}"
    );
}

/// What makes a level, who could take something off somebody, and why not fairer; with numbers that
/// are those of the grid.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_the_whole_are_explained() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let level = |page: &Page, id: i64| {
        let cell = page
            .all(&format!("tr[data-person='{id}'] a.level"))
            .remove(0);
        cell.rsplit(' ').next().unwrap().to_owned()
    };
    let ben = id_of(&app, "Ben Okafor").await;
    let told = manager.get(&format!("{PLAN}?person={ben}")).await.text();
    let level = level(&page, ben);
    assert!(
        told.contains(&format!("Recommendation level {level} of 100")),
        "{told}"
    );
    for said in [
        "What makes the level",
        "71 % utilised",
        "100 % of the month present",
        "with nothing booked",
        "Who could take something off Ben Okafor",
        "What the cost is made of",
        "More than their share",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    // Nobody is told of somebody who is not in the rotation.
    for stranger in ["0", "x", "999999"] {
        let page = manager.get(&format!("{PLAN}?person={stranger}")).await;
        assert_eq!(page.status, 200);
        assert!(!page.text().contains("What makes the level"));
    }
}

/// A slot that was opened is closed again by the cheapest way that the page offers.
#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_closed_by_what_is_offered() {
    let (_app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let slot = page
        .attributes("tbody a.chip:not(.goes-on)", "data-slot")
        .remove(4);
    let opened = change(&manager, &page, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(opened.status, 303);
    let gap = manager.get(&format!("{PLAN}?slot={slot}")).await;
    assert!(gap.text().contains("What would close it"), "{}", gap.text());
    let css = ".ways li:has(button[value=arrange]) [name=person]";
    let person = gap.attributes(css, "value").remove(0);
    let fields = [
        ("action", "arrange"),
        ("slot", slot.as_str()),
        ("person", person.as_str()),
    ];
    let done = change(&manager, &gap, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = manager.get(&done.location()).await;
    assert!(page.text().contains("all 62 slots"), "{}", page.text());
    assert!(slots_of(&page, person.parse().unwrap()).contains(&slot));
}
