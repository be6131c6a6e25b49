//! What somebody in a hurry, or with bad intent, might do to a plan.

use chrono::{DateTime, Utc};
use fairshift::vocab::RotationId;

use crate::planning::serial_free::race;
use crate::planning::{count, planner, value};
use crate::rotations::edit;
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

const NOVEMBER: &str = "/teams/payments/plan/2026-11";

/// Leg, start, role, end and holder of what is published.
type Served = (i64, DateTime<Utc>, i64, DateTime<Utc>, Option<i64>);

async fn begun(app: &TestApp) -> Vec<Served> {
    sqlx::query_as(
        "select leg_id, starts_at, role_id, ends_at, person_id from on_call
        where starts_at <= $1 and ends_at > '2026-11-02' order by starts_at, role_id",
    )
    .bind(app.clock.now())
    .fetch_all(&app.db)
    .await
    .unwrap()
}

async fn send(visitor: &Visitor, page: &Page, what: &str, fields: &[(&str, &str)]) -> Page {
    let (rotation, basis) = (value(page, "rotation"), value(page, "basis"));
    let mut all = vec![("rotation", rotation.as_str()), ("basis", basis.as_str())];
    all.extend(fields);
    visitor.post_form(&format!("{NOVEMBER}/{what}"), &all).await
}

async fn republish(visitor: &Visitor) {
    let page = visitor.get(NOVEMBER).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let done = send(visitor, &page, "changes", &[("action", "recompute")]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let page = visitor.get(NOVEMBER).await;
    let done = send(visitor, &page, "publication", &[]).await;
    assert_eq!(done.status, 303, "{}", done.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_waited_does_not_rewrite_what_has_begun_meanwhile() {
    let (app, manager) = planner().await;
    let page = manager.get(NOVEMBER).await;
    let now = app.clock.now().timestamp();
    let start = |slot: &String| slot.split('.').nth(1).unwrap().parse::<i64>().unwrap();
    let next = page
        .attributes("tbody a.chip", "data-slot")
        .into_iter()
        .filter(|slot| start(slot) > now)
        .min_by_key(start)
        .unwrap();
    let cleared = send(
        &manager,
        &page,
        "changes",
        &[("action", "clear"), ("slot", &next)],
    )
    .await;
    assert_eq!(cleared.status, 303, "{}", cleared.text());
    app.clock.advance(chrono::TimeDelta::days(2));
    let before = begun(&app).await;
    let page = manager.get(NOVEMBER).await;
    let done = send(&manager, &page, "publication", &[]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(begun(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_nobody_served_is_not_filled_afterwards() {
    let (app, manager) = planner().await;
    sqlx::query(
        "update assignments set person_id = null where schedule_state = 'published'
        and starts_at between '2026-11-10' and '2026-11-12'",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let before = begun(&app).await;
    assert!(before.iter().any(|served| served.4.is_none()));
    republish(&manager).await;
    assert_eq!(begun(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rules_in_the_middle_of_a_month_leave_what_has_begun() {
    for time in ["06:00", "11:00"] {
        let (app, manager) = planner().await;
        let rotation: i64 = sqlx::query_scalar("select min(id) from rotations")
            .fetch_one(&app.db)
            .await
            .unwrap();
        let before = begun(&app).await;
        let form = edit(&manager, RotationId(rotation)).await;
        let changes = [
            ("effective_from", Some("2026-11-16")),
            ("legs.0.handover", Some(time)),
            ("roles.2.name", Some("Observer")),
        ];
        let answer = form.send(&manager, &changes).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        republish(&manager).await;
        let after = begun(&app).await;
        let now = app.clock.now();
        assert_eq!(after.len(), before.len(), "{time}");
        for (after, before) in after.iter().zip(&before) {
            assert_eq!((after.0, after.1, after.2), (before.0, before.1, before.2));
            assert_eq!(after.4, before.4, "{time}: {before:?}");
            // What is going on may end where the new rules begin; what is over stays.
            assert!(after.3 == before.3 || after.3 > now, "{time}: {before:?}");
        }
        // Somebody is needed at every moment, once.
        let seams = "select count(*) from (select ends_at, lead(starts_at) over (order by starts_at) as next
            from (select distinct starts_at, ends_at from on_call where starts_at > '2026-11-03' and starts_at < '2026-12-01') d) s
            where next <> ends_at";
        assert_eq!(count(&app, seams).await, 0, "{time}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rotations_with_the_same_people_are_published_at_once() {
    let (app, manager) = planner().await;
    let (rotation, leg): (i64, i64) =
        sqlx::query_as("select rotation_id, id from legs order by id limit 1")
            .fetch_one(&app.db)
            .await
            .unwrap();
    let other = manager
        .post_form(
            "/teams/payments/rotations",
            &[
                ("name", "Second"),
                ("preset", "daily"),
                ("zone", "Europe/Istanbul"),
                ("effective_from", "2026-11-16"),
            ],
        )
        .await;
    assert_eq!(other.status, 303, "{}", other.text());
    sqlx::query("insert into leg_members (leg_id, person_id) select l.id, m.person_id from legs l, leg_members m where m.leg_id = $1 and l.rotation_id <> $2 on conflict do nothing")
        .bind(leg)
        .bind(rotation)
        .execute(&app.db)
        .await
        .unwrap();
    let rotations: Vec<i64> = sqlx::query_scalar("select id from rotations order by id")
        .fetch_all(&app.db)
        .await
        .unwrap();
    let mut plans = Vec::new();
    for id in &rotations {
        let page = manager
            .get(&format!("/teams/payments/plan/2026-12?rotation={id}"))
            .await;
        plans.push((value(&page, "rotation"), value(&page, "basis")));
    }
    let answers = race(2, |n| {
        let (manager, (rotation, basis)) = (manager.clone(), plans[n].clone());
        async move {
            let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
            let at = "/teams/payments/plan/2026-12/publication";
            manager.post_form(at, &fields).await.status
        }
    })
    .await;
    assert!(answers.contains(&303), "{answers:?}");
    assert!(
        answers.iter().all(|s| [303, 409].contains(s)),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_plan_leaves_connections_to_everybody_else() {
    let (app, manager) = planner().await;
    let page = manager.get(NOVEMBER).await;
    let rotation = value(&page, "rotation");
    let mut hold = app.db.begin().await.unwrap();
    sqlx::query("select id from rotations where id = $1 for update")
        .bind(rotation.parse::<i64>().unwrap())
        .execute(&mut *hold)
        .await
        .unwrap();
    // More than there are connections, all waiting for the same rotation.
    let waiting: Vec<_> = (0..30)
        .map(|_| {
            let (manager, rotation) = (manager.clone(), rotation.clone());
            tokio::spawn(async move {
                let fields = [("rotation", rotation.as_str()), ("action", "recompute")];
                manager
                    .post_form(&format!("{NOVEMBER}/changes"), &fields)
                    .await
            })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let page = manager.get("/teams/payments/members").await;
    assert_eq!(page.status, 200, "{}", page.text());
    for request in waiting {
        request.abort();
    }
    drop(hold);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_another_teams_rotation() {
    let (app, manager) = planner().await;
    let page = manager.get(NOVEMBER).await;
    let rotation = value(&page, "rotation");
    let other = crate::fixtures::team(&app.db, "other", "Other", chrono_tz::UTC).await;
    let mallory = crate::fixtures::person(&app.db, "mallory", "Mallory", chrono_tz::UTC).await;
    crate::fixtures::join(&app.db, &other, &mallory, true, true).await;
    let visitor = app.visitor();
    visitor
        .sign_in(&mallory.email, crate::fixtures::PASSWORD)
        .await;
    let mut hold = app.db.begin().await.unwrap();
    sqlx::query("select id from rotations where id = $1 for update")
        .bind(rotation.parse::<i64>().unwrap())
        .execute(&mut *hold)
        .await
        .unwrap();
    let fields = [("rotation", rotation.as_str()), ("action", "recompute")];
    let path = "/teams/other/plan/2026-11/changes";
    let wait = std::time::Duration::from_secs(10);
    let page = tokio::time::timeout(wait, visitor.post_form(path, &fields)).await;
    assert_eq!(page.expect("it does not wait").status, 404);
    drop(hold);
}
