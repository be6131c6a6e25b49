//! In a browser, with scripts and without: whoever asks, whoever is asked, a volunteer and the manager.
//! Links come by mail, from a server that took it.

use super::Crew;
use crate::fixtures;
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::smtp::Sink;

/// Somebody's browser, and everybody's mail.
struct Desk<'a> {
    crew: &'a Crew,
    browser: Browser,
    sink: Sink,
}

impl Desk<'_> {
    async fn sign_in(&self, name: &str) {
        self.browser.delete_all_cookies().await.unwrap();
        let email = format!("{name}@example.com");
        let url = &self.crew.app.url;
        self.browser.sign_in(url, &email, fixtures::PASSWORD).await;
        self.browser.wait("form[action='/sign-out']").await;
    }

    async fn sign_out(&self) {
        self.browser.delete_all_cookies().await.unwrap();
    }

    async fn open(&self, path: &str) {
        let address = format!("{}{path}", self.crew.app.url);
        self.browser.goto(address).await.unwrap();
    }

    /// Who was asked last, and where the link in their mail leads.
    async fn mail(&self) -> (String, String) {
        self.crew.app.work().await;
        let mails = self.sink.mails();
        let asks = |subject: &str| subject.starts_with("Can you take");
        let mut latest = mails.iter().rev();
        let ask = latest.find(|mail| asks(&mail.read().headers["subject"]));
        let ask = ask.expect("somebody is asked by mail");
        let mut people = self.crew.engineers.iter();
        let asked = people.find(|person| ask.to == [person.email.clone()]);
        (asked.unwrap().name.clone(), ask.link("/offers/"))
    }

    /// Pictures of the page: wide, and on a phone in the dark.
    async fn picture(&self, name: &str) {
        self.browser.picture(name).await;
        self.browser.resize(390, 844).await;
        self.browser.prefer_dark(true).await;
        self.browser.picture(&format!("{name}-phone-dark")).await;
        self.browser.prefer_dark(false).await;
        self.browser.resize(1280, 900).await;
    }

    /// Presses the button or link of these words.
    async fn press(&self, text: &str) {
        let path = format!("//main//*[self::button or self::a][normalize-space(.)=\"{text}\"]");
        self.browser.press(&path).await;
    }
}

async fn covered_in_a_browser(scripts: bool) {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let crew = Crew::on(app, &["2026-11", "2026-12"]).await;
    let browser = Browser::open().await;
    browser.scripts(scripts).await;
    let desk = Desk {
        crew: &crew,
        browser,
        sink,
    };
    // The asker comes by the link in her calendar entry, on a phone.
    desk.browser.resize(390, 844).await;
    desk.sign_in("ayse").await;
    let shift = crew.shift("2026-12-09").await;
    desk.open(&format!("/shifts/{shift}#cant")).await;
    desk.browser
        .write("#cant [name=reason]", "My sister marries")
        .await;
    desk.press("I can't make it").await;
    desk.browser
        .says("the best replacement is being asked")
        .await;
    desk.open("/").await;
    desk.browser.says("You asked to be covered").await;
    // The asked opens the mail's link without signing in, and must choose.
    desk.sign_out().await;
    let (first, link) = desk.mail().await;
    desk.open(&link).await;
    desk.browser
        .says("Can you take Primary, Wed 9 Dec 09:00")
        .await;
    desk.press("Send my answer").await;
    assert_eq!(crew.offers(1).await, [(first.clone(), "asked".to_owned())]);
    desk.browser.press("[value=disagree]").await;
    desk.browser.write("[name=note]", "On a boat").await;
    desk.press("Send my answer").await;
    desk.browser.says("You said that you can't").await;
    // A volunteer finds it on the team's page.
    desk.browser.resize(1280, 900).await;
    desk.sign_in("chen").await;
    desk.open("/teams/payments").await;
    desk.browser.says("Not covered yet").await;
    desk.picture("cover-on-team-page").await;
    desk.press("See it").await;
    desk.press("I take it").await;
    desk.browser.says("the shift has changed hands").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, "Chen Wei");
    // And takes it back in time.
    desk.press("Take it back").await;
    desk.browser.says("Taken back").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    // The next who is asked sees it at home, and agrees there.
    let (third, _) = desk.mail().await;
    let person = crew.engineers.iter().find(|p| p.name == third).unwrap();
    desk.sign_in(person.email.split('@').next().unwrap()).await;
    desk.browser.says("You are asked").await;
    desk.press("Answer").await;
    desk.browser.press("[value=agree]").await;
    desk.press("Send my answer").await;
    desk.browser.says("the shift has changed hands").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, third);
    // The manager sees how it went, and asks somebody herself for the next one.
    desk.sign_in("carla").await;
    desk.open("/teams/payments/covers").await;
    desk.browser.says("covered").await;
    desk.picture("cover-team").await;
    desk.open("/teams/payments").await;
    desk.browser
        .press("[aria-labelledby=cant] details summary")
        .await;
    desk.picture("cover-for-others").await;
    let shift = crew.shift("2026-12-17").await;
    desk.open(&format!("/shifts/{shift}")).await;
    desk.press("Ayşe Demir can't make it").await;
    desk.press("Ask for cover").await;
    desk.browser.says("Who could take it").await;
    desk.browser.press(".candidates button").await;
    desk.browser.says("Asked.").await;
    desk.browser.press(".cover-side details summary").await;
    desk.browser.press("#assignee option:nth-child(3)").await;
    desk.press("Assign").await;
    desk.browser.says("the shift has changed hands").await;
    assert_ne!(crew.holder("2026-12-17", 0).await, "Ayşe Demir");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_scripts() {
    covered_in_a_browser(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    covered_in_a_browser(false).await;
}
