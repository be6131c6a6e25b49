//! Slots that are published open, and who takes one.

use super::Crew;

impl Crew {
    /// Nobody serves a role of a day's shift any more, in the published schedule.
    pub async fn leave_open(&self, day: &str, role: usize) -> i64 {
        let shift = self.shift(day).await;
        sqlx::query("update assignments set person_id = null where shift_id = $1 and role_id = $2")
            .bind(shift)
            .bind(self.rotation.roles[role])
            .execute(&self.app.db)
            .await
            .unwrap();
        shift
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engineer_who_may_takes_an_open_slot() {
    let crew = Crew::new().await;
    // 9 December: Ayşe Primary. Ben is Primary the day after.
    let shift = crew.leave_open("2026-12-09", 1).await;
    let (path, take) = (
        format!("/shifts/{shift}"),
        format!("/shifts/{shift}/assignment"),
    );
    let role = crew.rotation.roles[1].to_string();
    let fields = [("role", role.as_str())];
    let ben = crew.visitor("ben").await;
    assert!(
        !ben.get("/")
            .await
            .text()
            .contains("Nobody serves: you could")
    );
    let page = ben.get(&path).await;
    assert!(
        page.text()
            .contains("You can't take it by the rules: would rest 0 h"),
        "{}",
        page.text()
    );
    let page = ben.submit(&take, &fields).await;
    assert!(
        page.text()
            .contains("a rule speaks against it (would rest 0 h"),
        "{}",
        page.text()
    );
    assert_eq!(crew.serving("2026-12-09", 1).await, []);
    // Who manages and serves nowhere, and who is in another team.
    for (name, status) in [("carla", 403), ("stranger", 404)] {
        let page = crew.visitor(name).await.post_form(&take, &fields).await;
        assert_eq!(page.status, status, "{name}");
    }
    // Who may is offered it at home, and takes it on the shift's page.
    let ines = crew.visitor("ines").await;
    let page = ines.get("/").await;
    assert_eq!(
        page.attributes("section[aria-labelledby=open] a", "href"),
        [format!("{path}#open")]
    );
    let revision = format!("select revision::bigint from shifts where id = {shift}");
    let before: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(revision.clone()))
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    let page = ines.get(&path).await;
    assert!(page.text().contains("I take it"), "{}", page.text());
    let page = ines.submit(&take, &fields).await;
    assert!(
        page.text().contains("Done: it is yours."),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("You serve as Secondary"),
        "{}",
        page.text()
    );
    assert_eq!(crew.holder("2026-12-09", 1).await, "Ines Costa");
    // Feeds follow by the shift's revision; managers are told, the trail has it, the taker knows.
    let after: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(revision))
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    assert!(after > before, "{after}");
    assert!(
        crew.was_told("Carla", "Ines Costa takes Secondary, Wed 9 Dec 09:00")
            .await
    );
    assert!(!crew.was_told("Ines", "").await);
    let trail = "select count(*) from audit where action = 'took an open slot' and summary like 'Secondary, Wed 9 Dec%'";
    assert_eq!(crew.count(trail).await, 1);
    // It is gone for the next.
    let jon = crew.visitor("jon").await;
    let page = jon.submit(&take, &fields).await;
    assert!(
        page.text().contains("It is not open any more"),
        "{}",
        page.text()
    );
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_take_an_open_slot_at_once_and_one_has_it() {
    let crew = Crew::new().await;
    let shift = crew.leave_open("2026-12-09", 1).await;
    let take = format!("/shifts/{shift}/assignment");
    let role = crew.rotation.roles[1].to_string();
    let fields = [("role", role.as_str())];
    let (ines, jon) = (crew.visitor("ines").await, crew.visitor("jon").await);
    let (one, other) = tokio::join!(
        ines.post_form(&take, &fields),
        jon.post_form(&take, &fields)
    );
    assert_eq!((one.status, other.status), (303, 303));
    let holder = crew.holder("2026-12-09", 1).await;
    assert!(["Ines Costa", "Jon Bell"].contains(&holder.as_str()));
    let trail = "select count(*) from audit where action = 'took an open slot'";
    assert_eq!(crew.count(trail).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_slot_is_taken_from_now_on_and_one_that_is_over_never() {
    let crew = Crew::new().await;
    let shift = crew.leave_open("2026-12-09", 1).await;
    let take = format!("/shifts/{shift}/assignment");
    let role = crew.rotation.roles[1].to_string();
    let fields = [("role", role.as_str())];
    crew.app.clock.set("2026-12-09T10:00:00Z".parse().unwrap());
    let ines = crew.visitor("ines").await;
    let page = ines.submit(&take, &fields).await;
    assert!(
        page.text().contains("Done: it is yours."),
        "{}",
        page.text()
    );
    assert_eq!(
        crew.serving("2026-12-09", 1).await,
        [("Ines Costa".to_owned(), "09 10:00 to 10 06:00".to_owned())]
    );
    crew.app.clock.set("2026-12-11T10:00:00Z".parse().unwrap());
    let page = ines.get(&format!("/shifts/{shift}")).await;
    assert!(page.text().contains("You served as"), "{}", page.text());
    // A shift of the past has nobody to turn to, and nothing to take.
    assert!(!page.text().contains("If you need help"), "{}", page.text());
    assert!(!page.text().contains("I take it"), "{}", page.text());
    let jon = crew.visitor("jon").await;
    let page = jon.submit(&take, &fields).await;
    assert!(page.text().contains("not open any more"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_manager_must_approve_nobody_takes_an_open_slot_alone() {
    let crew = Crew::new().await;
    let shift = crew.leave_open("2026-12-09", 1).await;
    let carla = crew.visitor("carla").await;
    let approval = [("approval", "1")];
    carla
        .submit("/teams/payments/covers/settings", &approval)
        .await;
    let ines = crew.visitor("ines").await;
    assert!(
        !ines
            .get("/")
            .await
            .text()
            .contains("Nobody serves: you could")
    );
    let page = ines.get(&format!("/shifts/{shift}")).await;
    assert!(
        page.text().contains("ask a manager to plan you"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("I take it"));
    let role = crew.rotation.roles[1].to_string();
    let take = format!("/shifts/{shift}/assignment");
    let page = ines.submit(&take, &[("role", role.as_str())]).await;
    assert!(
        page.text().contains("Nothing was changed"),
        "{}",
        page.text()
    );
    assert_eq!(crew.serving("2026-12-09", 1).await, []);
}
