//! The ways through the state machine that other tests don't take.

use chrono::TimeDelta;

use super::{Crew, TAKE_BACK, send};
use crate::support::visitor::Visitor;

/// Somebody has agreed, and a manager's approval is missing: the request, who, by which link.
async fn agreed(crew: &Crew, ayse: &Visitor) -> (i64, String, String) {
    let carla = crew.visitor("carla").await;
    let approval = [("approval", "1")];
    carla
        .submit("/teams/payments/covers/settings", &approval)
        .await;
    let id = crew.request(ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "agreed");
    (id, name, link)
}

async fn offer(crew: &Crew, id: i64, name: &str) -> String {
    let offers = crew.offers(id).await;
    let found = offers.into_iter().find(|(who, _)| who == name);
    found.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn from_agreed_to_withdrawn() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (id, name, _) = agreed(&crew, &ayse).await;
    ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    assert_eq!(crew.state(id).await, "withdrawn");
    assert_eq!(offer(&crew, id, &name).await, "withdrawn");
    assert!(crew.was_told(&name, "serves after all").await);
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_agreed_to_closed_by_a_manager() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (id, name, link) = agreed(&crew, &ayse).await;
    let carla = crew.visitor("carla").await;
    carla.submit(&format!("/covers/{id}/closure"), &[]).await;
    assert_eq!(crew.state(id).await, "closed");
    assert_eq!(offer(&crew, id, &name).await, "withdrawn");
    assert!(crew.was_told(&name, "Closed: Primary").await);
    // Nothing to take back, nothing to approve.
    let nobody = crew.app.visitor();
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    carla
        .submit(&format!("/covers/{id}/approval"), &[("approval", "yes")])
        .await;
    assert_eq!(crew.state(id).await, "closed");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_agreed_to_closed_by_a_publication() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let (id, name, _) = agreed(&crew, &ayse).await;
    let carla = crew.visitor("carla").await;
    let other = if name.starts_with("Fay") {
        "gus"
    } else {
        "fay"
    };
    crew.draft(&carla, "2026-12-09", 0, other).await;
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    assert_eq!(crew.state(id).await, "closed");
    assert_eq!(offer(&crew, id, &name).await, "withdrawn");
    crew.later(TimeDelta::minutes(1)).await;
    assert!(crew.was_told(&name, "Closed: Primary").await);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_taken_back_is_asked_again_with_a_new_link_and_the_old_is_worth_nothing() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let nobody = crew.app.visitor();
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (first, link) = crew.link().await;
    // A volunteer is faster, and takes it back.
    let name = ["Chen Wei", "Dana Levi"]
        .into_iter()
        .find(|name| *name != first)
        .unwrap();
    let volunteer = crew.visitor_of(name).await;
    volunteer
        .submit(&format!("/covers/{id}/agreement"), &[])
        .await;
    assert_eq!(offer(&crew, id, &first).await, "withdrawn");
    volunteer.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert_eq!(offer(&crew, id, &first).await, "asked");
    let (again, anew) = crew.link().await;
    assert_eq!(again, first);
    assert_ne!(anew, link);
    let page = send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(page.status, 400, "{}", page.text());
    assert_eq!(crew.asked(id).await.join(","), first);
    // Who took it back takes it after all: undone, then agreed.
    assert_eq!(offer(&crew, id, name).await, "undone");
    volunteer
        .submit(&format!("/covers/{id}/agreement"), &[])
        .await;
    assert_eq!(offer(&crew, id, name).await, "agreed");
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_said_no_takes_it_after_all() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "disagree").await;
    assert_eq!(offer(&crew, id, &name).await, "declined");
    let visitor = crew.visitor_of(&name).await;
    visitor
        .submit(&format!("/covers/{id}/agreement"), &[])
        .await;
    assert_eq!(offer(&crew, id, &name).await, "agreed");
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_takes_back_nothing_after_the_window() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    let nobody = crew.app.visitor();
    send(&nobody, &format!("{link}/answer"), "agree").await;
    // One instant before the end of the window it would; at its end it does not.
    crew.later(TimeDelta::minutes(10)).await;
    let done = nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert_eq!(done.status, 303);
    let page = nobody.get(&link).await;
    assert!(page.text().contains("You take it"), "{}", page.text());
    assert!(page.all("#undo").is_empty());
    assert_eq!(crew.state(id).await, "covered");
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
}
