//! What the planner says of how good a plan is: "proven" only where it is.

use fairshift::vocab::{Interval, Level, PersonId};

use crate::planning::{PLAN, change, count, id_of, planner, value};
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

/// What the page says of how good the plan is.
fn quality(page: &Page) -> String {
    page.all(".sums [data-quality]").remove(0)
}

/// A draft of what is recommended, proven best: searches end after a while, so the proof is ours.
async fn recommended(app: &TestApp, manager: &Visitor) -> Page {
    let page = manager.get(PLAN).await;
    let done = change(manager, &page, &[("action", "recompute")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let proof = "update schedules set bound = cost where state = 'draft' and bound <= cost";
    let done = sqlx::query(proof).execute(&app.db).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    manager.get(PLAN).await
}

pub async fn publish(manager: &Visitor) -> Page {
    let page = manager.get(PLAN).await;
    let fields = [
        ("rotation", value(&page, "rotation")),
        ("basis", value(&page, "basis")),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let done = manager
        .post_form(&format!("{PLAN}/publication"), &fields)
        .await;
    assert_eq!(done.status, 303, "{}", done.text());
    manager.get(PLAN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_a_slot_that_was_opened_is_not_the_best() {
    let (app, manager) = planner().await;
    let page = recommended(&app, &manager).await;
    assert_eq!(quality(&page), "Nothing fairer is possible: proven");
    let slot = page.attributes("tbody a.chip", "data-slot").remove(4);
    let cleared = change(&manager, &page, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(cleared.status, 303);
    let page = manager.get(PLAN).await;
    let open = "Not compared with the best possible: 1 slot is open that could be filled";
    assert_eq!(quality(&page), open);
    // Nor where it may be filled again, and is not yet.
    let freed = change(&manager, &page, &[("action", "unpin"), ("slot", &slot)]).await;
    assert_eq!(freed.status, 303);
    assert_eq!(quality(&manager.get(PLAN).await), open);
    let again = recommended(&app, &manager).await;
    assert_eq!(quality(&again), "Nothing fairer is possible: proven");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_against_a_rule_is_not_the_best_however_cheap() {
    let (app, manager) = planner().await;
    let page = recommended(&app, &manager).await;
    // Hugo carries nothing, so the more he gets against the rules, the cheaper the month.
    let hugo = id_of(&app, "Hugo Martin").await.to_string();
    let slot = page.attributes("tbody a.chip", "data-slot").remove(0);
    let fields = [
        ("action", "assign"),
        ("slot", slot.as_str()),
        ("person", hugo.as_str()),
        ("reason", "he learns"),
        ("confirming", "yes"),
    ];
    assert_eq!(change(&manager, &page, &fields).await.status, 303);
    assert_eq!(
        quality(&manager.get(PLAN).await),
        "Not compared with the best possible while a rule is broken"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_pins_is_compared_with_the_best_around_them() {
    let (app, manager) = planner().await;
    let page = recommended(&app, &manager).await;
    // Pins on what is best anyway change nothing.
    let slot = page.attributes("tbody a.chip", "data-slot").remove(4);
    let pinned = change(&manager, &page, &[("action", "pin"), ("slot", &slot)]).await;
    assert_eq!(pinned.status, 303);
    let page = manager.get(PLAN).await;
    assert_eq!(quality(&page), "Nothing fairer is possible: proven");
    // One that costs something does: the plan is compared with the best around it, and without.
    let mut dear = None;
    for slot in page.attributes("tbody a.chip:not(.goes-on)", "data-slot") {
        let story = manager.get(&format!("{PLAN}?slot={slot}")).await;
        let css = ".candidates li:not(.barred):has(button[value=assign])";
        for (place, words) in story.all(css).iter().enumerate() {
            let alone = words
                .split("if nobody else moves")
                .next()
                .unwrap_or_default();
            let costs = words.contains("points more") && !alone.is_empty();
            if costs && dear.is_none() {
                let people = story.attributes(
                    ".candidates li:not(.barred) form:has(button[value=assign]) [name=person]",
                    "value",
                );
                dear = Some((slot.clone(), people[place].clone()));
            }
        }
        if dear.is_some() {
            break;
        }
    }
    let (slot, person) = dear.expect("somebody who would cost something");
    let fields = [
        ("action", "assign"),
        ("slot", slot.as_str()),
        ("person", person.as_str()),
    ];
    assert_eq!(change(&manager, &page, &fields).await.status, 303);
    let page = recommended(&app, &manager).await;
    let said = quality(&page);
    assert_eq!(said, "Nothing fairer is possible around the pins: proven");
}

/// A published plan whose cost falls by itself, because what it was made from changed, is not the best
/// for that.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_of_other_inputs_is_not_said_of_these() {
    let (app, manager) = planner().await;
    // Ben has done enough for a year.
    let sql = "insert into past_shifts (rotation_id, role_id, person_id, starts_at, ends_at, weekday_minutes,
            night_minutes, weekend_minutes, holiday_minutes, points, imported_at)
        select r.id, o.id, p.id, d, d + interval '1 minute', 1, 0, 0, 0, 300000, '2026-11-16'
        from rotations r join teams t on t.id = r.team_id and t.slug = 'payments'
            join roles o on o.rotation_id = r.id, people p,
            generate_series('2026-10-01 09:30Z'::timestamptz, '2026-10-30', '1 day') d
        where p.name = 'Ben Okafor' and not exists (select from carried c where c.person_id = p.id
            and tstzrange(c.starts_at, c.ends_at) && tstzrange(d, d + interval '1 minute'))
        order by o.id, d limit 1";
    let done = sqlx::query(sql).execute(&app.db).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    recommended(&app, &manager).await;
    let page = publish(&manager).await;
    assert!(page.text().contains("Published, version 1"));
    let before = quality(&page);
    assert!(!before.contains("Not compared"), "{before}");
    forget(&app).await;
    let page = manager.get(PLAN).await;
    assert!(page.text().contains("Published, version 1"));
    let said = quality(&page);
    assert!(said.starts_with("At most "), "{said}");
    assert_eq!(
        count(&app, "select count(*) from schedules where state = 'draft'").await,
        0
    );
}

/// Where everybody is away for two days, it is said that no plan fills more.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_whether_more_slots_can_be_filled() {
    let (app, manager) = planner().await;
    let people: Vec<i64> =
        sqlx::query_scalar("select person_id from team_members where is_engineer")
            .fetch_all(&app.db)
            .await
            .unwrap();
    let (from, to) = ("2026-12-09T00:00:00Z", "2026-12-11T00:00:00Z");
    for person in people.into_iter().map(PersonId) {
        let mut tx = app.db.begin().await.unwrap();
        let away = Interval {
            start: from.parse().unwrap(),
            end: to.parse().unwrap(),
        };
        let (leave, note) = (Level::Leave, "Closed".parse().unwrap());
        let now = app.clock.now();
        fairshift::availability::set_entry(&mut tx, person, away, leave, &note, person, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let page = recommended(&app, &manager).await;
    let said = quality(&page);
    let filled = "Nothing fairer is possible with as many slots filled as can be: proven";
    assert_eq!(said, filled, "{}", page.text());
    // Where only the cost is proven, no more is said.
    let forgotten = "update schedules set bound_fewest = false where state = 'draft'";
    let done = sqlx::query(forgotten).execute(&app.db).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    let said = quality(&manager.get(PLAN).await);
    assert_eq!(
        said,
        "Nothing fairer is possible with as many slots filled: proven"
    );
}

async fn forget(app: &TestApp) {
    let sql = "delete from past_shifts where points = 300000";
    let done = sqlx::query(sql).execute(&app.db).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

/// The slot after a shift that runs now can be filled only by who serves that: to unpin what has begun
/// is no way to do it.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_is_not_offered_to_be_unpinned() {
    let (app, manager) = planner().await;
    let path = "/teams/payments/plan/2026-11";
    let page = manager.get(path).await;
    let now = app.clock.now();
    let mut slots = page.attributes("tbody a.chip.r1:not(.goes-on)", "data-slot");
    let start = |slot: &String| slot.split('.').nth(1).unwrap().parse::<i64>().unwrap();
    slots.sort_by_key(start);
    let next = slots
        .iter()
        .position(|s| start(s) > now.timestamp())
        .unwrap();
    let (running, slot) = (slots[next - 1].clone(), slots[next].clone());
    let holder = page
        .attributes(&format!("tr:has(a[data-slot='{running}'])"), "data-person")
        .remove(0);
    let change = async |fields: &[(&str, &str)]| {
        let page = manager.get(path).await;
        let (rotation, basis) = (value(&page, "rotation"), value(&page, "basis"));
        let mut all = vec![("rotation", rotation.as_str()), ("basis", basis.as_str())];
        all.extend(fields);
        manager.post_form(&format!("{path}/changes"), &all).await
    };
    let done = change(&[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    // Nobody else can, and he rests; others could have had the running one.
    let at = chrono::DateTime::from_timestamp(start(&slot), 0).unwrap();
    let range = Interval {
        start: at,
        end: at + chrono::TimeDelta::hours(24),
    };
    for person in page.attributes("tr[data-person]", "data-person") {
        let level = if person == holder {
            Level::Available
        } else {
            Level::Leave
        };
        let (note, person) = ("".parse().unwrap(), PersonId(person.parse().unwrap()));
        let mut tx = app.db.begin().await.unwrap();
        fairshift::availability::set_entry(&mut tx, person, range, level, &note, person, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let page = manager.get(&format!("{path}?slot={slot}")).await;
    assert!(
        page.text().contains("What would close it"),
        "{}",
        page.text()
    );
    let ways = page.all(".ways li");
    assert!(!ways.is_empty());
    for unpinned in page.attributes(".ways li:has(button[value=unpin]) [name=slot]", "value") {
        assert!(start(&unpinned) > now.timestamp(), "{ways:?}");
    }
}
