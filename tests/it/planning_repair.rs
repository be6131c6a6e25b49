//! After one change of what is published, recommending again moves what is worth its weight, and
//! nothing else.

use crate::planning::{PLAN, change, count, id_of, offer, planner};
use crate::planning_proof::publish;
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

/// Slots that the draft gives to somebody else than is published, as the page says and marks them.
fn moved(page: &Page) -> usize {
    let moved = page.all("[data-moved]");
    let moved = moved.first().map_or(0, |n| n.parse().unwrap());
    let marked = page.attributes("tbody a.chip.new:not(.goes-on)", "data-slot");
    assert_eq!(moved, marked.len());
    moved
}

async fn cost(app: &TestApp) -> i64 {
    count(app, "select cost from schedules where state = 'draft'").await
}

async fn again(manager: &Visitor, page: &Page) -> Page {
    let done = change(manager, page, &[("action", "recompute")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    manager.get(PLAN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pin_little_moves() {
    let (app, manager) = planner().await;
    let page = publish(&manager).await;
    let (slot, person, story) = offer(&manager, &page).await;
    let fields = [
        ("action", "assign"),
        ("slot", slot.as_str()),
        ("person", person.as_str()),
    ];
    let done = change(&manager, &story, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = manager.get(PLAN).await;
    assert_eq!(moved(&page), 1);
    let by_hand = cost(&app).await;
    let page = again(&manager, &page).await;
    let all = moved(&page);
    assert!((1..=6).contains(&all), "{all} of 62 moved for one pin");
    assert!(
        page.attributes("a.chip.pinned", "data-slot")
            .contains(&slot)
    );
    // What moves costs its weight, and is worth it.
    let (cost, stability) = (cost(&app).await, stability(&page));
    assert!(cost <= by_hand, "{cost} {by_hand}");
    assert_eq!(stability.0, all);
    assert!(stability.1 > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_utilisation_little_moves() {
    let (app, manager) = planner().await;
    let page = publish(&manager).await;
    let ayse = id_of(&app, "Ayşe Demir").await;
    let load = |page: &Page| crate::planning::slots_of(page, ayse).len();
    let before = load(&page);
    let correction = "insert into utilisations (person_id, month, percent, source, entered_at)
        values ($1, '2026-12-01', 80, 'engineer', '2026-11-16')";
    let done = sqlx::query(correction).bind(ayse).execute(&app.db).await;
    done.unwrap();
    // What the published plan costs by now: a draft of it, as it is.
    let page = manager.get(PLAN).await;
    let slot = page.attributes("tbody a.chip", "data-slot").remove(0);
    for action in ["pin", "unpin"] {
        let page = manager.get(PLAN).await;
        let done = change(&manager, &page, &[("action", action), ("slot", &slot)]).await;
        assert_eq!(done.status, 303, "{}", done.text());
    }
    let kept = cost(&app).await;
    let page = again(&manager, &manager.get(PLAN).await).await;
    let all = moved(&page);
    assert!((1..=16).contains(&all), "{all} of 62 moved for one number");
    assert!(load(&page) < before, "busier, so less");
    assert!(cost(&app).await < kept);
    assert_eq!(stability(&page).0, all);
}

/// How many slots the cost says moved, and what each costs in points.
fn stability(page: &Page) -> (usize, f64) {
    let rows = page.all(".whole tbody tr");
    let row = rows
        .iter()
        .find(|row| row.starts_with("Stability"))
        .unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    let slots = words.iter().position(|w| w.starts_with("slot")).unwrap();
    let points = words.iter().position(|w| *w == "points").unwrap();
    (
        words[slots - 1].parse().unwrap(),
        words[points - 1].parse().unwrap(),
    )
}
