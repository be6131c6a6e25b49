//! Each page of covering as each person sees it, looked at by the check of `a11y` at all sizes.

use chrono::TimeDelta;
use thirtyfour::prelude::*;

use super::Crew;
use super::told::swap;
use crate::a11y;
use crate::fixtures;
use crate::support::browser::Browser;

/// Signs in (or out, as nobody), opens a page and looks at it.
async fn look(crew: &Crew, browser: &Browser, who: &str, path: &str, name: &str) {
    browser.delete_all_cookies().await.unwrap();
    if !who.is_empty() {
        let email = format!("{who}@example.com");
        browser
            .sign_in(&crew.app.url, &email, fixtures::PASSWORD)
            .await;
        browser.wait("form[action='/sign-out']").await;
    }
    let address = format!("{}{path}", crew.app.url);
    browser.goto(address).await.unwrap();
    a11y::look(browser, &format!("covers-{name}")).await;
}

/// The address that people of that name sign in by.
fn address(crew: &Crew, name: &str) -> String {
    let person = crew.engineers.iter().find(|p| p.name == name).unwrap();
    person.email.split('@').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_and_what_is_wrong_with_it() {
    let crew = Crew::new().await;
    let browser = Browser::open().await;
    let (shift, role) = (crew.shift("2026-12-09").await, crew.rotation.roles[0]);
    let form = format!("/covers/new?shift={shift}&role={role}");
    look(&crew, &browser, "ayse", &form, "new").await;
    browser.press("details.more summary").await;
    let fill = "document.getElementById('from').value = '2026-12-09T18:00'; document.getElementById('to').value = '2026-12-09T12:00';
        document.getElementById('reason').value = 'x'.repeat(3000);";
    browser.execute(fill, vec![]).await.unwrap();
    browser.press("[name=kind][value=give]").await;
    browser.follow("main form button").await;
    a11y::look(&browser, "covers-new-wrong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_as_each_sees_it() {
    let crew = Crew::new().await;
    let browser = Browser::open().await;
    let ayse = crew.visitor("ayse").await;
    look(
        &crew,
        &browser,
        "carla",
        "/teams/payments/covers",
        "team-empty",
    )
    .await;
    let reason = [(
        "reason",
        "My sister marries, and I am in Izmir until Friday.",
    )];
    let id = crew.request(&ayse, "2026-12-09", 0, &reason).await;
    let part = [("from", "2026-12-17T18:00"), ("to", "2026-12-17T22:00")];
    crew.request(&ayse, "2026-12-17", 0, &part).await;
    swap(&crew, "2026-12-25", "2026-12-27").await;
    let links = crew.links().await;
    let (asked, link) = links[0].clone();
    let path = format!("/covers/{id}");
    look(&crew, &browser, "ayse", "/", "home-asker").await;
    look(&crew, &browser, &address(&crew, &asked), "/", "home-asked").await;
    look(&crew, &browser, "ayse", &path, "asker").await;
    look(&crew, &browser, &address(&crew, &asked), &path, "asked").await;
    look(&crew, &browser, "carla", &path, "manager").await;
    // Not by whom it must be: a rule without a reason.
    browser.press(".cover-side details summary").await;
    let breaks = "document.querySelector('#assignee').selectedIndex = document.querySelector('#assignee').options.length - 1";
    browser.execute(breaks, vec![]).await.unwrap();
    browser.follow("form[action$='/assignment'] button").await;
    a11y::look(&browser, "covers-manager-wrong").await;
    look(&crew, &browser, "", &link, "mail").await;
    let any = "for (const one of document.querySelectorAll('[required]')) one.required = false";
    browser.execute(any, vec![]).await.unwrap();
    browser.follow("main form button").await;
    a11y::look(&browser, "covers-mail-wrong").await;
    browser.press("[value=agree]").await;
    browser.follow("main form button").await;
    a11y::look(&browser, "covers-mail-agreed").await;
    look(&crew, &browser, "ayse", &path, "asker-covered").await;
    let (_, of_swap) = links.last().unwrap();
    look(&crew, &browser, "", of_swap, "mail-swap").await;
    look(&crew, &browser, "carla", "/teams/payments/covers", "team").await;
    crew.later(TimeDelta::days(3)).await;
    look(&crew, &browser, "", of_swap, "mail-late").await;
    look(&crew, &browser, "carla", &path, "manager-covered").await;
    look(
        &crew,
        &browser,
        "carla",
        "/teams/payments/reports",
        "reports",
    )
    .await;
    look(&crew, &browser, "carla", "/notices", "notices").await;
    look(&crew, &browser, "", "/offers/nonsense", "mail-nonsense").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_slot_as_each_sees_it() {
    let crew = Crew::new().await;
    let browser = Browser::open().await;
    let shift = crew.leave_open("2026-12-09", 1).await;
    crew.leave_open("2026-11-17", 1).await;
    let path = format!("/shifts/{shift}");
    look(&crew, &browser, "ines", "/", "open-home").await;
    look(&crew, &browser, "ines", &path, "open").await;
    look(&crew, &browser, "ben", &path, "open-barred").await;
    let form = format!("/covers/new?shift={shift}&role={}", crew.rotation.roles[0]);
    look(&crew, &browser, "ayse", &form, "new-swap").await;
    browser.press("details.barred summary").await;
    a11y::look(&browser, "covers-new-barred").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_delivered_and_who_is_in_the_team() {
    let crew = Crew::new().await;
    let browser = Browser::open().await;
    fixtures::make_admin(&crew.app.db, &crew.carla).await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    look(
        &crew,
        &browser,
        "carla",
        "/undelivered",
        "undelivered-empty",
    )
    .await;
    sqlx::query(
        "update jobs set attempts = 3, error = 'the mail server refuses it: permanent error (550): 5.1.1 no such mailbox',
            state = case when id % 2 = 0 then 'failed' else state end,
            finished_at = case when id % 2 = 0 then created_at end
        where kind = 'notice'",
    )
    .execute(&crew.app.db)
    .await
    .unwrap();
    look(&crew, &browser, "carla", "/undelivered", "undelivered").await;
    browser.says("to Carla Díaz").await;
    look(
        &crew,
        &browser,
        "carla",
        "/teams/payments/members",
        "members",
    )
    .await;
    look(&crew, &browser, "ayse", "/notices", "notices-engineer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_answered_and_taken_back_by_keyboard_alone() {
    let crew = Crew::new().await;
    let browser = Browser::open().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (_, link) = crew.link().await;
    let address = format!("{}{link}", crew.app.url);
    browser.goto(address).await.unwrap();
    let press = async |key: Key| {
        let press = browser.action_chain().send_keys(key + "");
        press.perform().await.unwrap();
    };
    // Tabs until something that is found by this CSS selector has the focus.
    let reach = async |css: &str| {
        for _ in 0..30 {
            press(Key::Tab).await;
            let script = format!("return document.activeElement.matches({css:?})");
            let answer = browser.execute(script, vec![]).await.unwrap();
            if answer.convert::<bool>().unwrap() {
                return;
            }
        }
        panic!("{css} is not reached");
    };
    reach("[name=choice]").await;
    press(Key::Space).await;
    reach("main form button").await;
    press(Key::Enter).await;
    browser.says("You take it").await;
    assert_eq!(crew.state(id).await, "covered");
    reach("#undo").await;
    press(Key::Space).await;
    reach("main form button").await;
    press(Key::Enter).await;
    browser.says("was taken back").await;
    assert_eq!(crew.state(id).await, "open");
}
