//! The open planner: what changes meanwhile, a better plan, and the end of its stream.

use std::time::Duration;

use fairshift::demo;
use fairshift::vocab::{Level, Month, PersonId};
use reqwest::Response;
use serde_json::Value;
use sqlx::postgres::PgListener;
use thirtyfour::prelude::*;

use crate::planning::{PLAN, change, id_of, planner, value};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::visitor::{Page, Visitor};

/// A stream's events, as they come.
pub struct Stream {
    response: Response,
    read: String,
}

impl Stream {
    /// The one of a page.
    pub async fn open(visitor: &Visitor, page: &Page) -> Self {
        let path = page.attributes("[data-live]", "data-live").remove(0);
        Self::at(visitor, &path).await
    }

    pub async fn at(visitor: &Visitor, path: &str) -> Self {
        let request = visitor.client().get(visitor.address(path));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"));
        Self {
            response,
            read: String::new(),
        }
    }

    /// The next event and its data; `None` at the end.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    let line = lines.find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                let found = field("event:").zip(field("data:"));
                let rest = rest.to_owned();
                self.read = rest;
                if let Some((name, data)) = found {
                    return Some((name, serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The sentences of the next `changed`.
    async fn changed(&mut self) -> String {
        while let Some((name, data)) = self.next().await {
            if name == "changed" {
                return data["lines"].to_string();
            }
        }
        panic!("the stream ended")
    }
}

async fn leave(app: &TestApp, name: &str) {
    let person = PersonId(id_of(app, name).await);
    let month: Month = "2026-12".parse().unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let whole = month.interval(chrono_tz::Europe::Istanbul);
    let (note, now) = ("".parse().unwrap(), app.clock.now());
    fairshift::availability::set_entry(&mut tx, person, whole, Level::Leave, &note, person, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_planner_hears_what_changed() {
    let (app, manager) = planner().await;
    app.listen();
    let page = manager.get(PLAN).await;
    let mut stream = Stream::open(&manager, &page).await;
    leave(&app, "Ayşe Demir").await;
    let said = stream.changed().await;
    assert!(said.contains("Ayşe Demir: leave changed."), "{said}");
    // Nothing follows but what the search had said already: the page is another one now.
    while let Some((name, data)) = stream.next().await {
        assert_eq!(name, "progress", "{data}");
    }
    // A stream of a page that is old already says so at once.
    let mut stream = Stream::open(&manager, &page).await;
    stream.changed().await;
    // Another manager's change of the draft.
    let page = manager.get(PLAN).await;
    let mut stream = Stream::open(&manager, &page).await;
    let done = change(&manager, &page, &[("action", "recompute")]).await;
    assert_eq!(done.status, 303);
    let said = stream.changed().await;
    assert!(said.contains("was last changed by Mira Aydın"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_hold_no_connection_and_end_with_the_service_or_the_session() {
    let (app, manager) = planner().await;
    app.listen();
    let page = manager.get(PLAN).await;
    let mut streams = Vec::new();
    // More than there are connections.
    for _ in 0..30 {
        streams.push(Stream::open(&manager, &page).await);
    }
    assert_eq!(manager.get(PLAN).await.status, 200);
    // Whoever is no manager any more hears nothing more.
    let mut last = streams.pop().unwrap();
    sqlx::query("update team_members set is_manager = false, is_engineer = true")
        .execute(&app.db)
        .await
        .unwrap();
    while let Some((name, data)) = last.next().await {
        assert_ne!(name, "changed", "{data}");
    }
    sqlx::query("update team_members set is_manager = true")
        .execute(&app.db)
        .await
        .unwrap();
    let mut stream = Stream::open(&manager, &manager.get(PLAN).await).await;
    app.state.live.stop();
    while stream.next().await.is_some() {}
    for mut stream in streams {
        while stream.next().await.is_some() {}
    }
}

/// Everything that a plan is computed from tells its team, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn every_input_tells_the_team() {
    let (app, manager) = planner().await;
    manager.get(PLAN).await;
    let other = crate::fixtures::team(&app.db, "other", "Other", chrono_tz::UTC).await;
    let payments: i64 = sqlx::query_scalar("select id from teams where slug = 'payments'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    let mut listener = PgListener::connect_with(&app.db).await.unwrap();
    listener.listen("plan").await.unwrap();
    let someone = "(select person_id from team_members where is_engineer order by 1 limit 1)";
    let rotation = "(select min(id) from rotations)";
    for sql in [
        format!("insert into availability_entries (person_id, starts_at, ends_at, level, entered_at) select {someone}, '2027-01-01', '2027-01-02', 'leave', now()"),
        "update availability_entries set level = 'preferred' where starts_at = '2027-01-01'".into(),
        "delete from availability_entries where starts_at = '2027-01-01'".into(),
        format!("insert into weekly_patterns (person_id, effective_from) select {someone}, '2027-02-01'"),
        "insert into weekly_pattern_spans (pattern_id, weekday, from_minute, to_minute, level) select max(id), 0, 0, 60, 'leave' from weekly_patterns".into(),
        format!("insert into availability_answers (person_id, month, answered_at) select {someone}, '2027-03-01', now()"),
        format!("insert into utilisations (person_id, month, percent, source, entered_at) select {someone}, '2027-03-01', 40, 'manager', now()"),
        "update utilisations set percent = 41 where month = '2027-03-01'".into(),
        format!("update people set capacity_percent = 71 where id = {someone}"),
        format!("update people set left_on = '2030-01-01' where id = {someone}"),
        "update teams set time_zone = 'Europe/Paris' where slug = 'payments'".into(),
        format!("update rotations set revision = revision + 1 where id = {rotation}"),
        format!("delete from leg_members where person_id = {someone}"),
        format!("insert into forbidden_pairs (rotation_id, person_a, person_b) select {rotation}, min(id), max(id) from people"),
        "insert into leg_holidays (leg_id, day, name) select min(id), '2026-12-24', 'Eve' from legs".into(),
        "update requirements set retired_at = now()".into(),
        format!("insert into holdings (requirement_id, person_id, state, asked_at, decided_at, held_from) select r.id, {someone}, 'held', now(), now(), now() from requirements r"),
        "delete from requirement_roles".into(),
        format!("insert into schedules (rotation_id, month, state, created_at, updated_at) values ({rotation}, '2027-05-01', 'draft', now(), now())"),
        "update assignments set person_id = null where schedule_state = 'published' and id = (select max(id) from assignments where schedule_state = 'published')".into(),
        format!("delete from team_members where team_id = {payments} and person_id = {someone}"),
    ] {
        let done = sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
            .execute(&app.db)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(done.rows_affected() > 0, "{sql}");
        let told = tokio::time::timeout(Duration::from_secs(20), listener.recv());
        let told = told.await.unwrap_or_else(|_| panic!("nothing told of {sql}"));
        assert_eq!(told.unwrap().payload(), payments.to_string(), "{sql}");
        // One statement tells a team once.
        sqlx::query("notify plan, 'mark'")
            .execute(&app.db)
            .await
            .unwrap();
        assert_eq!(listener.recv().await.unwrap().payload(), "mark", "{sql}");
    }
    // What concerns another team is told to that one.
    sqlx::query("update teams set time_zone = 'Europe/Paris' where id = $1")
        .bind(other.id)
        .execute(&app.db)
        .await
        .unwrap();
    let told = listener.recv().await.unwrap();
    assert_eq!(told.payload(), other.id.0.to_string());
}

/// A draft that was made worse by hand: the stream offers the better one.
#[tokio::test(flavor = "multi_thread")]
async fn a_better_plan_is_found_for_who_looks() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    assert_eq!(
        change(&manager, &page, &[("action", "recompute")])
            .await
            .status,
        303
    );
    let mut stream = Stream::open(&manager, &manager.get(PLAN).await).await;
    let found = async |stream: &mut Stream| {
        while let Some((name, data)) = stream.next().await {
            if name == "found" {
                return data;
            }
            assert_eq!(name, "progress", "{data}");
        }
        panic!("the stream ended")
    };
    assert_eq!(found(&mut stream).await["better"], false);
    // Everything to one person, behind the planner's back.
    sqlx::query(
        "update assignments set person_id = null where schedule_state = 'draft' and id in
        (select id from assignments where schedule_state = 'draft' order by id limit 3)",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let page = manager.get(PLAN).await;
    let mut stream = Stream::open(&manager, &page).await;
    let data = found(&mut stream).await;
    assert_eq!(data["better"], true, "{data}");
    assert!(data["text"].to_string().contains("3 more slots"), "{data}");
    // Whoever takes it gets what was found, with no second search.
    let plan = data["plan"].as_str().unwrap();
    let done = change(&manager, &page, &[("action", "recompute"), ("plan", plan)]).await;
    assert!(manager.get(&done.location()).await.text().contains("full"));
    let people: Vec<i64> = sqlx::query_scalar(
        "select m.person_id from team_members m join people p on p.id = m.person_id
        where m.is_engineer order by p.name, p.id",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let held: Vec<i64> = sqlx::query_scalar(
        "select a.person_id from assignments a join shifts s on s.id = a.shift_id
        where a.schedule_state = 'draft' order by s.starts_at, a.escalation_order",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let found = plan.split(' ').map(|p| people[p.parse::<usize>().unwrap()]);
    assert!(found.eq(held), "{plan}");
    // What is no plan of this month is none: then the button searches, as it does without script.
    let page = manager.get(PLAN).await;
    for plan in ["99 99", &plan.replace('0', "999")] {
        let page = manager.get(PLAN).await;
        let done = change(&manager, &page, &[("action", "recompute"), ("plan", plan)]).await;
        assert_eq!(done.status, 303, "{plan}");
    }
    // One that breaks rules is made one that breaks none.
    let all_one = ["0"; 62].join(" ");
    let stale = change(
        &manager,
        &page,
        &[("action", "recompute"), ("plan", &all_one)],
    )
    .await;
    assert_eq!(stale.status, 409, "made on an older draft");
    let page = manager.get(PLAN).await;
    let done = change(
        &manager,
        &page,
        &[("action", "recompute"), ("plan", &all_one)],
    )
    .await;
    let page = manager.get(&done.location()).await;
    assert!(page.all(".problem").is_empty(), "{}", page.text());
    assert!(page.text().contains("full"));
}

struct Desk {
    app: TestApp,
    browser: Browser,
}

impl Desk {
    async fn new() -> Self {
        let app = TestApp::start_as(true).await;
        app.listen();
        demo::create(&app.db, app.clock.now()).await.unwrap();
        let browser = Browser::open().await;
        browser
            .sign_in(&app.url, "manager@example.com", demo::PASSWORD)
            .await;
        let desk = Self { app, browser };
        desk.browser.wait("form[action='/sign-out']").await;
        let address = format!("{}{PLAN}", desk.app.url);
        desk.browser.goto(address).await.unwrap();
        desk
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_shows_the_new_plan_by_itself() {
    let desk = Desk::new().await;
    let ayse = id_of(&desk.app, "Ayşe Demir").await;
    let theirs = format!("tr[data-person='{ayse}'] a.chip:not(.goes-on)");
    desk.browser.press(&theirs).await;
    desk.browser.wait("#slot .story").await;
    let mark = "window.marked = true";
    desk.browser.execute(mark, vec![]).await.unwrap();
    leave(&desk.app, "Ayşe Demir").await;
    let said = desk.browser.text(".news:not(:empty)").await;
    assert!(said.contains("Ayşe Demir: leave changed."), "{said}");
    assert!(said.contains("slots moved"), "{said}");
    let left = desk.browser.find_all(By::Css(theirs.as_str())).await;
    assert!(left.unwrap().is_empty(), "she is on leave");
    let still = desk.browser.execute("return !!window.marked", vec![]).await;
    assert!(
        still.unwrap().convert::<bool>().unwrap(),
        "without a reload"
    );
    // The new page's slots and forms work as the old one's.
    desk.browser.press("tbody a.chip:not(.goes-on)").await;
    desk.browser.wait("#slot .story").await;
    desk.browser.press(".sums [value=recompute]").await;
    desk.browser.shows(".flash", "Saved in the draft").await;
    // And it goes on following.
    leave(&desk.app, "Grace Kim").await;
    let news = ".news:not(:empty)";
    desk.browser.shows(news, "Grace Kim: leave changed.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_plan_is_one_press_away() {
    let desk = Desk::new().await;
    let manager = desk.app.visitor();
    manager.sign_in("manager@example.com", demo::PASSWORD).await;
    let page = manager.get(PLAN).await;
    let slot = page
        .attributes("tbody a.chip:not(.goes-on)", "data-slot")
        .remove(0);
    let cleared = change(&manager, &page, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(cleared.status, 303);
    let page = manager.get(PLAN).await;
    let opened = change(&manager, &page, &[("action", "unpin"), ("slot", &slot)]).await;
    assert_eq!(opened.status, 303, "{}", value(&page, "basis"));
    desk.browser.refresh().await.unwrap();
    desk.browser.press("#live button:not([hidden])").await;
    desk.browser.wait(".flash").await;
    desk.browser.shows(".sums .badge.good", "full").await;
}
