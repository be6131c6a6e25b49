//! Pages of covering that stay open.

use super::{Crew, send};
use crate::fixtures;
use crate::planning_live::Stream;
use crate::support::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_told_to_the_pages_it_changes_and_to_nobody_else() {
    let crew = Crew::new().await;
    crew.app.listen();
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let nobody = crew.app.visitor();
    let first = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (_, link) = crew.link().await;
    let second = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    let team = "/teams/payments/covers";
    let (one, other) = (format!("/covers/{first}"), format!("/covers/{second}"));
    let mut of_one = Stream::open(&ayse, &ayse.get(&one).await).await;
    let mut of_other = Stream::open(&ayse, &ayse.get(&other).await).await;
    let mut of_team = Stream::open(&carla, &carla.get(team).await).await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    for stream in [&mut of_one, &mut of_team] {
        let (name, _) = stream.next().await.unwrap();
        assert_eq!(name, "changed");
        assert!(stream.next().await.is_none(), "it ends then");
    }
    // The other request's page hears of its own step alone.
    let (_, link) = crew.link().await;
    let before = crew.offers(second).await;
    let mut again = Stream::open(&ayse, &ayse.get(&one).await).await;
    carla.submit(&format!("{other}/closure"), &[]).await;
    assert_ne!(crew.offers(second).await, before);
    assert_eq!(of_other.next().await.unwrap().0, "changed");
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(again.next().await.unwrap().0, "changed");
    // A page that was old when its stream began hears it at once.
    let old = crew.visitor("gus").await;
    let mut stream = Stream::at(&old, &format!("{one}/live?seen=1")).await;
    assert_eq!(stream.next().await.unwrap().0, "changed");
    // It is nobody else's business.
    let stranger = crew.visitor("stranger").await;
    for path in [format!("{one}/live"), format!("{team}/live")] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
        let page = nobody.get(&path).await;
        assert!(page.location().starts_with("/sign-in"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_follows_and_leaves_what_is_being_written() {
    let crew = Crew::new().await;
    crew.app.listen();
    let ayse = crew.visitor("ayse").await;
    let nobody = crew.app.visitor();
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (first, link) = crew.link().await;
    let browser = Browser::open().await;
    let url = &crew.app.url;
    browser
        .sign_in(url, "carla@example.com", fixtures::PASSWORD)
        .await;
    browser.goto(format!("{url}/covers/{id}")).await.unwrap();
    browser.says("looking for somebody").await;
    browser.says(&format!("Fairshift asked {first}")).await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    browser.says(&format!("{first} said no")).await;
    browser.shows(".news", "Updated").await;
    let (second, link) = crew.link().await;
    browser.says(&format!("Fairshift asked {second}")).await;
    // A note that she is writing stays, and she is told.
    browser.write("#close_note", "Half a sen").await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    browser.shows(".news", "This has changed meanwhile").await;
    assert_eq!(browser.value("#close_note", "value").await, "Half a sen");
    browser.picture("cover-live").await;
    browser.follow(".news a").await;
    browser.says(&format!("{second} takes it")).await;
    // The team's page, too.
    browser
        .goto(format!("{url}/teams/payments/covers"))
        .await
        .unwrap();
    browser.says("covered").await;
    crew.request(&ayse, "2026-12-17", 0, &[]).await;
    browser.says("Thu 17 Dec 09:00").await;
    browser.says("1 being asked").await;
}
