//! Out of office that becomes leave.

use super::server::Reply;
use super::{AWAY, DECEMBER, HOME, MEETING, Stage, calendar};

#[tokio::test]
#[allow(clippy::too_many_lines)] // From the proposal to its end.
async fn out_of_office_becomes_leave_with_one_click() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY, MEETING])));
    stage.connect("/c.ics").await;
    for path in ["/", DECEMBER] {
        let page = stage.ayse.get(path).await;
        assert!(
            page.text().contains("7 to 9 Dec 2026") && page.text().contains("Accept as leave"),
            "{}",
            page.text()
        );
    }
    // Her manager can't decide it, and does not see the question.
    let id: i64 = stage.one("select id from leave_proposals").await;
    let (path, carla) = (format!("/availability/leave/{id}"), stage.carla().await);
    assert_eq!(
        carla.post_form(&path, &[("answer", "accept")]).await.status,
        404
    );
    let about = format!(
        "/teams/payments/availability/{}?month=2026-12",
        stage.crew.ayse.id
    );
    assert!(!carla.get(&about).await.text().contains("Accept as leave"));
    assert_eq!(
        stage
            .ayse
            .post_form(&path, &[("answer", "maybe")])
            .await
            .status,
        400
    );
    let before = stage.december().await;
    let page = stage
        .ayse
        .submit(&path, &[("answer", "accept"), ("month", "2026-12")])
        .await;
    assert!(
        page.text()
            .contains("7 to 9 Dec 2026 is leave now: it excuses you. But you are on call then: "),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("Accept as leave"));
    let leave =
        "select level || ' ' || starts_at::text || ' ' || ends_at::text from availability_entries";
    assert_eq!(
        stage.one::<String>(leave).await,
        "leave 2026-12-06 21:00:00+00 2026-12-09 21:00:00+00"
    );
    // Leave is no working time: it doesn't count as booked on top of that.
    assert_eq!((before, stage.december().await), (Some(14), Some(1)));
    let again = stage.ayse.post_form(&path, &[("answer", "accept")]).await;
    assert_eq!(again.status, 409, "{}", again.text());
    // The next reading changes nothing; then the entry goes, and the page says so.
    stage.read_again().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[MEETING])));
    stage.read_again().await;
    let page = stage.ayse.get(DECEMBER).await;
    assert!(
        page.text()
            .contains("accepted as leave, but no longer in your calendar"),
        "{}",
        page.text()
    );
    assert_eq!(
        stage
            .one::<i64>("select count(*) from availability_entries")
            .await,
        1
    );
    stage.ayse.submit(&path, &[("answer", "remove")]).await;
    assert_eq!(
        stage
            .one::<i64>("select count(*) from availability_entries")
            .await,
        0
    );
    assert!(
        !stage
            .ayse
            .get(DECEMBER)
            .await
            .text()
            .contains("no longer in your calendar")
    );
    // Dismissed, it is not asked again.
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.read_again().await;
    let id: i64 = stage.one("select id from leave_proposals").await;
    stage
        .ayse
        .submit(
            &format!("/availability/leave/{id}"),
            &[("answer", "dismiss")],
        )
        .await;
    stage.read_again().await;
    assert!(!stage.ayse.get("/").await.text().contains("is it leave?"));
    assert_eq!(
        stage.december().await,
        Some(13),
        "it still counts as booked"
    );
}

#[tokio::test]
async fn a_team_may_take_out_of_office_as_leave_by_itself() {
    let stage = Stage::set().await;
    let carla = stage.carla().await;
    let page = carla
        .submit("/teams/payments/calendars", &[("accepts", "yes")])
        .await;
    assert!(
        page.text().contains("becomes leave by itself"),
        "{}",
        page.text()
    );
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.connect("/c.ics").await;
    assert_eq!(
        stage
            .one::<i64>("select count(*) from availability_entries where level = 'leave'")
            .await,
        1
    );
    assert!(!stage.ayse.get("/").await.text().contains("is it leave?"));
    // Managers see how fresh it is, and nothing of what is in it.
    let page = carla.get("/teams/payments/calendars").await;
    assert!(
        page.text().contains("Ayşe Demir 1 calendar, read just now"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("Work") && !page.body.contains("127.0.0.1"));
    let id: i64 = stage.one("select id from sources").await;
    for (method, path) in [
        ("get", ""),
        ("post", "/removal"),
        ("post", "/reading"),
        ("post", "/secret"),
    ] {
        let path = format!("{HOME}/{id}{path}");
        let page = if method == "get" {
            carla.get(&path).await
        } else {
            carla.post_form(&path, &[]).await
        };
        assert_eq!(page.status, 404, "{path}");
    }
    // A meeting of the week before is another matter.
    carla.submit("/teams/payments/calendars", &[]).await;
    let trail: Vec<String> =
        sqlx::query_scalar("select summary from audit where action = 'set calendars' order by id")
            .fetch_all(&stage.app.db)
            .await
            .unwrap();
    assert_eq!(trail.len(), 2);
}
