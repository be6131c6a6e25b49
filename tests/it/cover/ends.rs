//! Taking back, withdrawing, closing, and a new version of the schedule.

use chrono::TimeDelta;
use fairshift::vocab::Month;

use super::{Crew, TAKE_BACK, send};
use crate::fixtures;
use crate::support::visitor::Visitor;

async fn covered(crew: &Crew, ayse: &Visitor) -> (i64, String, String) {
    let id = crew.request(ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    let nobody = crew.app.visitor();
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "covered");
    (id, name, link)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_agreed_takes_it_back_and_the_next_is_asked() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (id, name, link) = covered(&crew, &ayse).await;
    crew.later(TimeDelta::minutes(9)).await;
    let nobody = crew.app.visitor();
    // Something that sends every form it finds takes nothing back.
    let page = nobody.post_form(&format!("{link}/undo"), &[]).await;
    assert_eq!(page.status, 422, "{}", page.text());
    assert_eq!(page.attributes("#undo", "required").len(), 1);
    assert_eq!(crew.state(id).await, "covered");
    let back = nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    let page = nobody.get(&back.location()).await;
    assert!(page.text().contains("was taken back"), "{}", page.text());
    assert_eq!(crew.state(id).await, "open");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    let asked = crew.asked(id).await;
    assert_eq!(asked.len(), 1);
    assert_ne!(asked[0], name);
    assert!(crew.was_told("Ayşe", &format!("{name} took it back")).await);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requester_takes_it_back_and_serves() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (id, name, _) = covered(&crew, &ayse).await;
    let page = ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert!(page.text().contains("Taken back"), "{}", page.text());
    assert_eq!(crew.state(id).await, "withdrawn");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    assert!(crew.was_told(&name, "Ayşe Demir serves after all").await);
    assert_eq!(
        crew.count("select count(*) from availability_entries")
            .await,
        0
    );
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_window_it_stays() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (id, name, link) = covered(&crew, &ayse).await;
    crew.later(TimeDelta::minutes(10)).await;
    let nobody = crew.app.visitor();
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    let page = ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert!(
        page.text().contains("can't be taken back any more"),
        "{}",
        page.text()
    );
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    // Nobody else is a side of it.
    for who in ["fay", "carla"] {
        let other = crew.visitor(who).await;
        let page = other.post_form(&format!("/covers/{id}/undo"), &[]).await;
        let expected = if name.to_lowercase().starts_with(who) {
            303
        } else {
            403
        };
        assert_eq!(page.status, expected, "{who}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_request_asks_nobody() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew
        .request(&ayse, "2026-12-09", 0, &[("leave", "1")])
        .await;
    let (name, link) = crew.link().await;
    let level = crew.count("select count(*) from availability_entries where level = 'leave'");
    assert_eq!(level.await, 1);
    let page = ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    assert!(page.text().contains("Withdrawn"), "{}", page.text());
    assert!(crew.was_told(&name, "serves after all").await);
    let nobody = crew.app.visitor();
    let late = send(&nobody, &format!("{link}/answer"), "agree").await;
    let page = nobody.get(&late.location()).await;
    assert!(
        page.text().contains("not needed any more"),
        "{}",
        page.text()
    );
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    crew.consistent().await;
    // The same time can be asked for anew.
    let again = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    assert_ne!(again, id);
    // But not twice at once: that leads to the request there is.
    let twice = crew.try_request(&ayse, "2026-12-09", 0, &[]).await;
    assert_eq!(twice.location(), format!("/covers/{again}"));
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_carries_a_request_over_or_closes_it() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let kept = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let closed = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    let (name, link) = crew.link().await;
    let december: Month = "2026-12".parse().unwrap();
    // The manager gives the 17th to Fay, and leaves the 9th.
    let mut tx = crew.app.db.begin().await.unwrap();
    sqlx::query("update schedules set state = 'superseded' where month = '2026-12-01'")
        .execute(&mut *tx)
        .await
        .unwrap();
    let new = sqlx::query_scalar::<_, i64>(
        "insert into schedules (rotation_id, month, state, version, created_at, updated_at, published_at)
        select rotation_id, month, 'published', 2, created_at, updated_at, published_at from schedules where month = '2026-12-01'
        returning id",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    sqlx::query(
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, weekday_minutes,
            night_minutes, weekend_minutes, holiday_minutes, points, escalation_order)
        select $1, 'published', shift_id, role_id, case when starts_at = '2026-12-17T06:00Z' and escalation_order = 1 then $2
            else person_id end, starts_at, ends_at, weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points,
            escalation_order
        from assignments a join schedules s on s.id = a.schedule_id where s.month = '2026-12-01' and s.state = 'superseded'",
    )
    .bind(new)
    .bind(crew.person("fay").id)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(crew.state(kept).await, "open");
    assert_eq!(crew.state(closed).await, "closed");
    crew.consistent().await;
    crew.later(TimeDelta::hours(1)).await;
    for who in [name.as_str(), "Ayşe", "Carla"] {
        assert!(
            crew.was_told(who, "Closed: Primary, Thu 17 Dec").await,
            "{who}"
        );
    }
    let nobody = crew.app.visitor();
    let late = send(&nobody, &format!("{link}/answer"), "agree").await;
    let page = nobody.get(&late.location()).await;
    assert!(page.text().contains("closed"), "{}", page.text());
    let page = ayse.get(&format!("/covers/{closed}")).await;
    assert!(
        page.text().contains("belongs to somebody else now"),
        "{}",
        page.text()
    );
    // What was carried over can still be covered.
    let link = crew.links().await[0].1.clone();
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(kept).await, "covered");
    crew.consistent().await;
    assert_eq!(
        fixtures::day_shift(&crew.rotation, december.first()).minutes(),
        1440
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_again_in_the_planner_keeps_what_was_covered() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (_, name, _) = covered(&crew, &ayse).await;
    let carla = crew.visitor("carla").await;
    let plan = "/teams/payments/plan/2026-12";
    let page = carla.get(plan).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let rotation = crew.rotation.id.to_string();
    let basis = page.attributes("[name=basis]", "value")[0].clone();
    let confirm = carla
        .get(&format!("{plan}/publication?rotation={rotation}"))
        .await;
    assert_eq!(confirm.status, 200);
    let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
    let done = carla
        .post_form(&format!("{plan}/publication"), &fields)
        .await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    crew.consistent().await;
}
