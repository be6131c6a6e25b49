//! From the mail to both calendars, with nothing in between left out: the question comes from a real
//! mail server, its link is opened in a browser, and what follows is read as the people's programs do.

use chrono::{DateTime, NaiveDate, Utc};

use super::Crew;
use crate::clients::{CalendarApp, SeenInvitation, read_invitation};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::smtp::{Received, Sink};
use crate::support::visitor::Visitor;

impl Crew {
    /// Delivers all there is. Triggers stamp what they enqueue by the database's own clock, which may be
    /// ahead of the test's.
    async fn deliver(&self) {
        sqlx::query(
            "update jobs set due_at = $1, next_at = $1 where state = 'waiting' and kind like 'calendar.out%'",
        )
        .bind(self.app.clock.now())
        .execute(&self.app.db)
        .await
        .unwrap();
        self.app.work().await;
    }
}

/// What of these mails are invitations for the shift that starts then.
fn invitations(mails: &[Received], start: DateTime<Utc>) -> Vec<SeenInvitation> {
    let calendars = mails.iter().filter(|m| m.raw.contains("text/calendar"));
    let mut seen: Vec<_> = calendars.map(|m| read_invitation(&m.raw)).collect();
    seen.retain(|invitation| invitation.start == start);
    seen
}

/// A program that follows somebody's own shifts.
async fn subscribe(visitor: &Visitor) -> CalendarApp {
    let page = visitor.post_form("/calendar/feeds", &[("team", "")]).await;
    let addresses = page.attributes("input[readonly]", "value");
    let address = addresses.iter().find(|a| a.starts_with("http")).unwrap();
    CalendarApp::subscribe(address)
}

/// Its entries that start then, as it shows them after it has looked.
fn shown(app: &CalendarApp, start: DateTime<Utc>) -> Vec<String> {
    app.sync();
    let day: NaiveDate = start.date_naive();
    let listed = app.list(day, day.succ_opt().unwrap());
    let then = listed.into_iter().filter(|e| e.start == start);
    then.map(|e| e.title).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_mail_to_both_calendars() {
    let sink = Sink::start().await;
    let app = TestApp::start_with_mail(&sink).await;
    let crew = Crew::on(app, &["2026-11", "2026-12"]).await;
    let start: DateTime<Utc> = "2026-12-09T06:00:00Z".parse().unwrap();
    let ayse = crew.visitor("ayse").await;
    let mail = [("channel", "mail")];
    ayse.submit("/calendar/channel", &mail).await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let name = crew.asked(id).await.remove(0);
    let taker = crew.visitor_of(&name).await;
    taker.submit("/calendar/channel", &mail).await;
    crew.deliver().await;
    let email = &crew
        .engineers
        .iter()
        .find(|p| p.name == name)
        .unwrap()
        .email;
    // Before: hers.
    assert_eq!(
        invitations(&sink.mails_to("ayse@example.com"), start).len(),
        1
    );
    assert_eq!(invitations(&sink.mails_to(email), start), []);
    let (hers, theirs) = (subscribe(&ayse).await, subscribe(&taker).await);
    assert_eq!(shown(&hers, start).len(), 1);
    assert_eq!(shown(&theirs, start), [""; 0]);
    let seen = sink.mails().len();
    // The mail, its link, the answer.
    let mails = sink.mails_to(email);
    let asks: Vec<&Received> = mails
        .iter()
        .filter(|m| m.read().headers["subject"].starts_with("Can you take Primary, Wed 9 Dec"))
        .collect();
    assert_eq!(asks.len(), 1);
    let link = asks[0].link("/offers/");
    let browser = Browser::open().await;
    browser
        .goto(format!("{}{link}", crew.app.url))
        .await
        .unwrap();
    browser.says("Can you take Primary, Wed 9 Dec 09:00").await;
    browser.press("[value=agree]").await;
    browser
        .press("//main//button[normalize-space(.)=\"Send my answer\"]")
        .await;
    browser.says("You take it").await;
    browser.picture("cover-link").await;
    browser.resize(390, 844).await;
    browser.prefer_dark(true).await;
    browser.picture("cover-link-phone-dark").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    // After: CANCEL to one, REQUEST to the other, once each; both are told; the feeds have changed.
    crew.deliver().await;
    let new = sink.mails()[seen..].to_vec();
    let mut methods: Vec<(String, String)> = invitations(&new, start)
        .into_iter()
        .map(|i| (i.attendee, i.method))
        .collect();
    methods.sort();
    let mut expected = [
        ("ayse@example.com".to_owned(), "CANCEL".to_owned()),
        (email.clone(), "REQUEST".to_owned()),
    ];
    expected.sort();
    assert_eq!(methods, expected);
    let subject_to = |to: &str, begins: &str| {
        let mails = new.iter().filter(|m| m.to == [to]);
        let subjects = mails.map(|m| m.read().headers["subject"].clone());
        subjects.filter(|s| s.starts_with(begins)).count()
    };
    assert_eq!(
        subject_to("ayse@example.com", &format!("{name} takes Primary")),
        1
    );
    assert_eq!(subject_to(email, "You said yes: Primary"), 1);
    assert_eq!(shown(&hers, start), [""; 0]);
    assert_eq!(shown(&theirs, start).len(), 1);
    crew.consistent().await;
}
