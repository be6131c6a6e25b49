//! From the team's page: one's own shifts, and for managers the others'.

use super::Crew;

#[tokio::test(flavor = "multi_thread")]
async fn the_teams_page_offers_it_for_ones_own_shifts_and_managers_for_others() {
    let crew = Crew::new().await;
    let page = crew.visitor("ayse").await.get("/teams/payments").await;
    // Ayşe serves on 17, 21, 25 and 29 November by turns.
    let offered = page.attributes("[aria-labelledby=cant] a.button", "aria-label");
    assert_eq!(
        offered,
        [
            "I can't make Primary, tomorrow 09:00 to Wed 09:00",
            "I can't make Secondary, Sat 09:00 to Sun 09:00",
            "I can't make Primary, Wed 25 Nov 09:00 to Thu 09:00",
            "I can't make Secondary, Sun 29 Nov 09:00 to Mon 09:00",
        ]
    );
    let links = page.attributes("[aria-labelledby=cant] a.button", "href");
    let visitor = crew.visitor("ayse").await;
    let form = visitor.get(&links[0]).await;
    assert_eq!(form.status, 200, "{}", form.text());
    assert_eq!(form.all("h1"), ["I can't make it"]);
    // Nothing of hers: nothing there. A manager says it for others.
    let page = crew.visitor("kim").await.get("/teams/payments").await;
    assert!(page.all("[aria-labelledby=cant]").is_empty());
    let carla = crew.visitor("carla").await;
    let page = carla.get("/teams/payments").await;
    let offered = page.attributes("[aria-labelledby=cant] details a.button", "aria-label");
    assert_eq!(offered.len(), 10, "{offered:?}");
    assert_eq!(
        offered[0],
        "Hana Mori can't make Primary, today 09:00 to Tue 09:00"
    );
    let links = page.attributes("[aria-labelledby=cant] details a.button", "href");
    let form = carla.get(&links[2]).await;
    assert_eq!(form.all("h1"), ["Ayşe Demir can't make it"]);
    // What is asked for already is not offered again.
    crew.request(&visitor, "2026-11-17", 0, &[]).await;
    let page = visitor.get("/teams/payments").await;
    let offered = page.attributes("[aria-labelledby=cant] a.button", "aria-label");
    assert_eq!(offered[0], "I can't make Secondary, Sat 09:00 to Sun 09:00");
}
