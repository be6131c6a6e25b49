//! What somebody new to it stumbled over: choices that were ignored, and words that said the opposite.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Crew, send};
use crate::fixtures::PASSWORD;
use crate::support::browser::Browser;

async fn wants_approval(crew: &Crew) {
    let carla = crew.visitor("carla").await;
    carla
        .submit("/teams/payments/covers/settings", &[("approval", "1")])
        .await;
}

async fn text(crew: &Crew, sql: &'static str) -> String {
    sqlx::query_scalar(sql)
        .fetch_one(&crew.app.db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_a_colleague_means_giving_it_to_them() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let chen = crew.person("chen").id.to_string();
    let fields = [("colleague", chen.as_str())];
    let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
    assert_eq!(page.status, 422, "{}", page.text());
    assert!(
        page.text().contains("Choose \"Give it to a colleague\""),
        "{}",
        page.text()
    );
    assert_eq!(crew.count("select count(*) from cover_requests").await, 0);
    // With scripts the choice ticks what it belongs to, and another tick takes it back.
    let browser = Browser::open().await;
    let url = &crew.app.url;
    browser.sign_in(url, "ayse@example.com", PASSWORD).await;
    let (shift, role) = (crew.shift("2026-12-09").await, crew.rotation.roles[0]);
    let address = format!("{url}/covers/new?shift={shift}&role={role}");
    browser.goto(address).await.unwrap();
    browser.press("#colleague option:nth-child(2)").await;
    browser.wait("[name=kind][value=give]:checked").await;
    browser.press("[name=kind][value=cover]").await;
    browser.wait("#colleague option:first-child:checked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_one_shift_by_one_person_are_one_stretch() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let part = [("from", "2026-12-09T12:00"), ("to", "2026-12-09T15:00")];
    crew.request(&ayse, "2026-12-09", 0, &part).await;
    let (name, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    let taker = crew.engineers.iter().find(|p| p.name == name).unwrap();
    let taker = taker.id.to_string();
    let rest: DateTime<Utc> = "2026-12-09T12:00:00Z".parse().unwrap();
    let at = rest.timestamp().to_string();
    // The three hours after, and the whole rest of it.
    for to in ["2026-12-09T18:00", ""] {
        let fields = [
            ("at", at.as_str()),
            ("from", "2026-12-09T15:00"),
            ("to", to),
            ("kind", "give"),
            ("colleague", taker.as_str()),
        ];
        let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
        assert_eq!(page.status, 303, "{}", page.text());
        let closed = page.location();
        ayse.submit(&format!("{closed}/withdrawal"), &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_is_said_as_it_is() {
    let crew = Crew::new().await;
    sqlx::query(
        "insert into availability_entries (person_id, starts_at, ends_at, level, entered_at)
        select id, '2026-12-01', '2026-12-20', 'unavailable', '2026-11-01' from people where email not like 'ayse%'",
    )
    .execute(&crew.app.db)
    .await
    .unwrap();
    let ayse = crew.visitor("ayse").await;
    let page = crew.try_request(&ayse, "2026-12-09", 0, &[]).await;
    let page = ayse.get(&page.location()).await;
    let words = page.text();
    assert!(
        page.all(".flash")[0].contains("Nobody can take it by the rules: the managers were told"),
        "{words}"
    );
    assert!(
        !words.contains("Everybody who could take it was asked"),
        "{words}"
    );
    assert!(crew.was_told("Carla", "Nobody can take it: Primary").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_several_are_asked_that_is_said() {
    let crew = Crew::new().await;
    let hana = crew.visitor("hana").await;
    let page = crew.try_request(&hana, "2026-11-16", 0, &[]).await;
    let page = hana.get(&page.location()).await;
    assert!(page.all(".flash")[0].contains("people are being asked at once"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_asked_at_once_and_nothing_is_settled_before() {
    let crew = Crew::new().await;
    wants_approval(&crew).await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-11-17", 0, &[]).await;
    crew.later(TimeDelta::hours(10)).await;
    let asked = crew.links().await;
    let (taker, link) = asked.last().unwrap();
    let (other, _) = asked.iter().rev().nth(1).unwrap();
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "agreed");
    assert!(!crew.was_told(other, "Already covered").await);
    assert!(crew.was_told(other, "Nothing to answer for now").await);
    let approval =
        "select (payload ->> 'to') from jobs where payload ->> 'topic' = 'cover_approval'";
    assert!(
        text(&crew, approval)
            .await
            .contains(&crew.carla.id.to_string())
    );
    // A volunteer who is refused is neither unneeded nor did they take it back.
    let carla = crew.visitor("carla").await;
    let no = [("approval", "no")];
    carla.submit(&format!("/covers/{id}/approval"), &no).await;
    let page = carla.get(&format!("/covers/{id}")).await;
    let answers = page.all(".asking li").join("\n");
    let theirs = answers
        .lines()
        .find(|line| line.contains(taker.as_str()) && line.contains("not approved"));
    assert!(theirs.is_some(), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_and_the_team_have_the_teams_clock_and_whom_it_concerns() {
    let crew = Crew::new().await;
    sqlx::query("update people set time_zone = 'America/New_York' where email like 'ayse%'")
        .execute(&crew.app.db)
        .await
        .unwrap();
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let carla = crew.visitor("carla").await;
    let chen = crew.person("chen").id.to_string();
    let fields = [("assignee", chen.as_str()), ("override", "It must be")];
    carla
        .submit(&format!("/covers/{id}/assignment"), &fields)
        .await;
    assert_eq!(crew.state(id).await, "covered");
    let post = "select string_agg(payload ->> 'title', '; ') from jobs where key like 'notice:cover:%:team'";
    let posted = text(&crew, post).await;
    assert!(posted.contains("Wed 9 Dec 09:00"), "{posted}");
    assert!(!posted.contains("01:00"), "{posted}");
    let trail =
        "select string_agg(action || ': ' || summary, '; ') from audit where action like '%cover%'";
    let trail = text(&crew, trail).await;
    assert!(
        trail.contains("assigned cover: Primary, Wed 9 Dec 09:00 to Thu 10 Dec 09:00 (Europe/Istanbul), Ayşe Demir: Chen Wei"),
        "{trail}"
    );
    assert!(
        !trail.contains("(UTC)") && !trail.contains("agreed to cover"),
        "{trail}"
    );
    let page = carla.get(&format!("/covers/{id}")).await;
    assert!(
        page.all(".badge").iter().any(|badge| badge == "assigned"),
        "{:?}",
        page.all(".badge")
    );
}
