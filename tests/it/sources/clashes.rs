//! Published shifts that clash with a calendar.

use super::server::Reply;
use super::{AWAY, DECEMBER, MEETING, Stage, calendar, december};
use crate::fixtures;

#[tokio::test]
async fn a_clash_is_shown_to_both_and_told_once() {
    let stage = Stage::set().await;
    // Ayşe is Primary from Tuesday 1 December 09:00 to Wednesday 09:00: a meeting is no clash, an
    // evening out is.
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[MEETING])));
    stage.connect("/c.ics").await;
    assert!(
        !stage
            .ayse
            .get("/")
            .await
            .text()
            .contains("Your calendar clashes")
    );
    let evening = "DTSTART:20261201T170000Z\nDTEND:20261201T200000Z";
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[MEETING, evening])));
    stage.read_again().await;
    let page = stage.ayse.get("/").await;
    assert!(
        page.text().contains("Your calendar clashes with a shift"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("busy Tue 1 Dec 2026 20:00 to 23:00"),
        "{}",
        page.text()
    );
    let page = stage.ayse.get(DECEMBER).await;
    assert!(
        page.text()
            .contains("On call while your calendar has something else")
    );
    let carla = stage.carla().await;
    for (path, words) in [
        ("/", "A shift clashes with a calendar"),
        (
            "/teams/payments/availability?month=2026-12",
            "Published shifts that clash with their person's calendar",
        ),
        (
            "/teams/payments/plan/2026-12",
            "A published shift clashes with a calendar",
        ),
    ] {
        let page = carla.get(path).await;
        assert!(page.text().contains(words), "{path}: {}", page.text());
        assert!(page.text().contains("Ayşe Demir"));
    }
    let page = carla.get("/teams/payments/plan/2026-12").await;
    assert!(
        page.text().contains("How fresh the calendars are"),
        "{}",
        page.text()
    );
    for _ in 0..3 {
        stage.read_again().await;
    }
    let told: i64 = stage
        .one("select count(*) from jobs where key like '%calendar.clash%'")
        .await;
    assert_eq!(told, 2, "she and her manager, once each");
}

#[tokio::test]
async fn a_clash_with_another_teams_shift_is_named_as_such_in_the_plan() {
    let stage = Stage::set().await;
    let (db, crew) = (&stage.app.db, &stage.crew);
    let team = fixtures::team(db, "checkout", "Checkout", crew.team.zone).await;
    fixtures::join(db, &team, &crew.ayse, false, true).await;
    let rotation =
        fixtures::rotation(db, &team, "Nights", &[("Primary", false)], &[&crew.ayse]).await;
    let schedule = fixtures::schedule(db, &rotation, december(), "published").await;
    // The 8th, when she is on call nowhere else.
    let interval = fixtures::day_shift(&rotation, "2026-12-08".parse().unwrap());
    let shift = fixtures::shift(db, &rotation, interval).await;
    fixtures::assign(db, &rotation, schedule, shift, 0, Some(&crew.ayse)).await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.connect("/c.ics").await;
    let page = stage
        .carla()
        .await
        .get("/teams/payments/plan/2026-12")
        .await;
    let lines = page.all(".warning li");
    let named = |of: &str| lines.iter().filter(|l| l.contains(of)).count();
    assert_eq!(
        named("Primary for Checkout, Nights (not in this plan)"),
        1,
        "{lines:?}"
    );
    assert!(named("not in this plan") < lines.len(), "{lines:?}");
}
