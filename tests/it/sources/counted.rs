//! What of a calendar counts, and who sees it.

use chrono::{DateTime, Utc};
use fairshift::vocab::{Interval, Month, PersonId};
use fairshift::{availability, planning, rotations};
use sqlx::postgres::PgListener;

use super::server::Reply;
use super::{HALF, MEETING, Stage, calendar};
use crate::fixtures;

#[tokio::test]
async fn working_hours_and_corrections_decide_what_counts() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    assert_eq!(stage.december().await, Some(50));
    // Mornings only, and two nights over midnight: 09:00 to 13:00 is all of the mornings.
    let hours = |typed: &[(&'static str, &'static str)]| {
        let mut fields = vec![("month", "2026-12")];
        fields.extend(typed);
        fields
    };
    let page = stage
        .ayse
        .submit(
            "/availability/working-hours",
            &hours(&[
                ("works0_from", "09:00"),
                ("works0_to", "13:00"),
                ("works5_from", "22:00"),
                ("works5_to", "02:00"),
            ]),
        )
        .await;
    assert!(
        page.text()
            .contains("You work Monday 09:00 to 13:00; Saturday 22:00 to 02:00"),
        "{}",
        page.text()
    );
    assert_eq!(
        stage.december().await,
        Some(50),
        "Mondays are full, nights are free"
    );
    for bad in [
        vec![],
        hours(&[("works0_from", "09:00")])[1..].to_vec(),
        hours(&[("works0_from", "9am"), ("works0_to", "17:00")])[1..].to_vec(),
        hours(&[("works0_from", "25:00"), ("works0_to", "17:00")])[1..].to_vec(),
    ] {
        let page = stage
            .ayse
            .post_form("/availability/working-hours", &hours(&bad))
            .await;
        assert_eq!(page.status, 422, "{bad:?}");
        assert!(page.text().contains("Nothing was changed"));
    }
    let usual: Vec<(&str, &str)> = [
        ("works0_from", "09:00"),
        ("works0_to", "17:00"),
        ("works1_from", "09:00"),
        ("works1_to", "17:00"),
    ]
    .into();
    stage
        .ayse
        .submit("/availability/working-hours", &hours(&usual))
        .await;
    // A correction wins, names its author, and can be taken away.
    let carla = stage.carla().await;
    let id = stage.crew.ayse.id;
    let base = format!("/teams/payments/availability/{id}");
    let page = carla
        .submit(
            &format!("{base}/utilisation"),
            &[("month", "2026-12"), ("percent", "80")],
        )
        .await;
    let text = page.text();
    assert!(
        text.contains("80 %, entered by Carla Díaz (manager)")
            && text.contains("This counts, not what the calendars say"),
        "{text}"
    );
    assert!(text.contains("50 %"), "both are shown: {text}");
    assert_eq!(stage.december().await, Some(80));
    let page = carla
        .get("/teams/payments/availability?month=2026-12")
        .await;
    assert!(
        page.text().contains("calendars say 50 %"),
        "{}",
        page.text()
    );
    assert_eq!(page.attributes(&format!("#percent_{id}"), "value"), ["80"]);
    stage
        .ayse
        .submit(
            "/availability/utilisation",
            &[("month", "2026-12"), ("percent", "")],
        )
        .await;
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
async fn the_level_in_the_planner_moves_by_itself() {
    let stage = Stage::set().await;
    let mut plans = PgListener::connect_with(&stage.app.db).await.unwrap();
    plans.listen("plan").await.unwrap();
    let level = async || {
        let mut conn = stage.app.db.acquire().await.unwrap();
        let rotation = rotations::load(&mut conn, stage.crew.rotation.id)
            .await
            .unwrap()
            .unwrap();
        let month: Month = "2027-01".parse().unwrap();
        let now = stage.app.clock.now();
        let plan = planning::current(&mut conn, &rotation, month, now)
            .await
            .unwrap();
        let place = plan
            .inputs
            .people
            .iter()
            .position(|p| p.id == stage.crew.ayse.id)
            .unwrap();
        (
            plan.levels[place],
            plan.basis(),
            plan.inputs.people[place].utilisation_percent,
        )
    };
    // Ben and Chen are half booked.
    for person in [stage.crew.ben.id, stage.crew.chen.id] {
        sqlx::query(
            "insert into utilisations values ($1, '2027-01-01', 50, 'engineer', null, now())",
        )
        .bind(person)
        .execute(&stage.app.db)
        .await
        .unwrap();
    }
    let free = MEETING.to_owned();
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&free])));
    stage.connect("/c.ics").await;
    let (calm, basis, percent) = level().await;
    assert_eq!(percent, Some(0));
    while plans
        .try_recv()
        .await
        .is_ok_and(|n| n.is_some_and(|n| n.payload() != stage.crew.team.id.to_string()))
    {}
    let all_day = HALF
        .replace("202612", "202701")
        .replace("T130000", "T163000");
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&all_day])));
    stage.read_again().await;
    let (busy, changed, percent) = level().await;
    assert!(percent.is_some_and(|p| p > 80), "{percent:?}");
    assert!(busy < calm, "{busy} is below {calm}");
    assert_ne!(basis, changed, "a draft made before is computed again");
    // An open planner hears of it.
    let heard = tokio::time::timeout(std::time::Duration::from_secs(10), plans.recv()).await;
    assert_eq!(
        heard.unwrap().unwrap().payload(),
        stage.crew.team.id.to_string()
    );
}

#[tokio::test]
async fn managers_see_busy_time_of_their_own_team_only() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    let mut conn = stage.app.db.acquire().await.unwrap();
    let range = Interval::new(
        "2026-12-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        "2026-12-02T00:00:00Z".parse().unwrap(),
    )
    .unwrap();
    let people: [PersonId; 2] = [stage.crew.ayse.id, stage.crew.ben.id];
    let busy = availability::busy_of(&mut conn, &people, range)
        .await
        .unwrap();
    assert_eq!(busy.keys().collect::<Vec<_>>(), [&stage.crew.ayse.id]);
    let stranger = stage.app.visitor();
    stranger
        .sign_in(&stage.crew.stranger.email, fixtures::PASSWORD)
        .await;
    let about = format!(
        "/teams/payments/availability/{}?month=2026-12",
        stage.crew.ayse.id
    );
    assert_eq!(stranger.get(&about).await.status, 404);
    let page = stage.carla().await.get(&about).await;
    assert!(
        page.text().contains("In the calendar: busy 09:00 to 13:00"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("Very private") && !page.body.contains("127.0.0.1"));
}
