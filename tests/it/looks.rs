//! The pages of people, the audit trail and errors, in a real browser: each looked at by the check of
//! `a11y`, and by keyboard.

use thirtyfour::prelude::*;

use crate::a11y;
use crate::cast::{Cast, PASSWORD, Who};
use crate::fixtures;
use crate::support::TestApp;
use crate::support::browser::Browser;

async fn open(browser: &Browser, app: &TestApp, path: &str) {
    browser.goto(format!("{}{path}", app.url)).await.unwrap();
}

async fn sign_in(browser: &Browser, app: &TestApp, who: Who) {
    browser.delete_all_cookies().await.unwrap();
    browser.sign_in(&app.url, who.email(), PASSWORD).await;
}

async fn type_in(browser: &Browser, id: &str, text: &str) {
    browser.write(&format!("#{id}"), text).await;
}

/// A team with people of all kinds in it.
async fn crowd() -> Cast {
    let cast = Cast::new().await;
    let db = &cast.app.db;
    for (address, name, zone) in [
        ("ben", "Ben Okafor", chrono_tz::Europe::London),
        ("chen", "Chen Wei", chrono_tz::Asia::Shanghai),
        (
            "long",
            "Maximiliane Freifrau von Hohenlohe-Waldenburg-Schillingsfürst",
            "America/Argentina/ComodRivadavia".parse().unwrap(),
        ),
        ("dana", "דנה לוי", chrono_tz::Asia::Jerusalem),
    ] {
        let person = fixtures::person(db, address, name, zone).await;
        fixtures::join(db, &cast.payments, &person, address == "ben", true).await;
        if address != "chen" {
            fixtures::phone(db, &person, "+90 532 000 00 00").await;
        }
    }
    sqlx::query(
        "update people set joined_on = '2027-01-04', capacity_percent = 60 where name = 'Chen Wei'",
    )
    .execute(db)
    .await
    .unwrap();
    cast
}

#[tokio::test]
async fn signing_in_and_the_account() {
    let cast = crowd().await;
    let (app, browser) = (&cast.app, &Browser::open().await);
    open(browser, app, "/sign-in").await;
    let focused = browser.active_element().await.unwrap();
    assert_eq!(focused.id().await.unwrap().as_deref(), Some("email"));
    a11y::look(browser, "sign-in").await;
    browser.follow("main form button").await;
    a11y::look(browser, "sign-in-wrong").await;
    sign_in(browser, app, Who::Engineer).await;
    open(browser, app, "/account").await;
    a11y::look(browser, "account-empty").await;
    for value in ["+90 532 111 22 33", "+90 532 444 55 66"] {
        type_in(browser, "value", value).await;
        browser
            .follow("form[action='/account/contacts'] button")
            .await;
    }
    a11y::look(browser, "account").await;
    type_in(browser, "name", "").await;
    type_in(browser, "time_zone", "Mars").await;
    browser
        .follow("form[action='/account/profile'] button")
        .await;
    let focused = browser.active_element().await.unwrap();
    let class = focused.class_name().await.unwrap().unwrap_or_default();
    assert_eq!(class, "problem", "the reader is taken to what is wrong");
    a11y::look(browser, "account-wrong").await;
}

#[tokio::test]
async fn members_invitations_and_the_audit_trail() {
    let cast = crowd().await;
    let (app, browser) = (&cast.app, &Browser::open().await);
    sign_in(browser, app, Who::Manager).await;
    open(browser, app, "/teams/payments/members").await;
    type_in(browser, "email", "noor@example.com").await;
    browser.follow("form[action$='/invitations'] button").await;
    let link = browser.value("#invitation-link", "value").await;
    a11y::look(browser, "members").await;
    type_in(browser, "email", "noor").await;
    browser.follow("form[action$='/invitations'] button").await;
    a11y::look(browser, "members-wrong").await;
    let member = format!("/teams/payments/members/{}", cast.engineer);
    open(browser, app, &member).await;
    a11y::look(browser, "member").await;
    sqlx::query("update people set revision = 2, capacity_percent = 80")
        .execute(&app.db)
        .await
        .unwrap();
    type_in(browser, "capacity_percent", "50").await;
    browser.follow("main form button").await;
    a11y::look(browser, "member-stale").await;
    open(browser, app, "/teams/payments/audit").await;
    a11y::look(browser, "audit").await;
    open(browser, app, &link[app.url.len()..]).await;
    a11y::look(browser, "invitation-other").await;
    browser.delete_all_cookies().await.unwrap();
    open(browser, app, &link[app.url.len()..]).await;
    a11y::look(browser, "invitation").await;
    browser.follow("main form button").await;
    a11y::look(browser, "invitation-wrong").await;
    sign_in(browser, app, Who::Engineer).await;
    open(browser, app, "/teams/payments/members").await;
    a11y::look(browser, "members-engineer").await;
}

#[tokio::test]
async fn the_administrator_and_what_goes_wrong() {
    let cast = crowd().await;
    let (app, browser) = (&cast.app, &Browser::open().await);
    for number in 1..8 {
        let (slug, name) = (format!("team-{number}"), format!("Reliability {number}"));
        fixtures::team(&app.db, &slug, &name, chrono_tz::UTC).await;
    }
    sign_in(browser, app, Who::Administrator).await;
    open(browser, app, "/admin").await;
    a11y::look(browser, "admin").await;
    browser.follow("form[action$='/reset-link'] button").await;
    a11y::look(browser, "admin-link").await;
    type_in(browser, "slug", "Payments EU").await;
    browser.follow("form[action='/admin/teams'] button").await;
    a11y::look(browser, "admin-wrong").await;
    open(browser, app, "/nowhere").await;
    a11y::look(browser, "error-404").await;
    open(browser, app, "/invitations/old").await;
    a11y::look(browser, "error-400").await;
    open(browser, app, "/admin/teams").await;
    a11y::look(browser, "error-405").await;
    sign_in(browser, app, Who::Engineer).await;
    open(browser, app, "/teams/payments/audit").await;
    a11y::look(browser, "error-403").await;
    open(browser, app, "/account").await;
    let fill = "document.getElementById('value').value = 'x'.repeat(2000000);";
    browser.execute(fill, vec![]).await.unwrap();
    browser
        .follow("form[action='/account/contacts'] button")
        .await;
    a11y::look(browser, "error-413").await;
    app.db.close().await;
    open(browser, app, "/account").await;
    a11y::look(browser, "error-500").await;
}

#[tokio::test]
async fn everything_is_reached_by_keyboard_in_order_and_seen() {
    let cast = crowd().await;
    let (app, browser) = (&cast.app, &Browser::open().await);
    sign_in(browser, app, Who::Manager).await;
    open(browser, app, "/teams/payments/members").await;
    let script = "
        const at = document.activeElement, style = getComputedStyle(at);
        return [at === document.body ? '' : (at.getAttribute('aria-label') ?? at.id ?? '') + '|' + at.textContent.trim(),
            style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];";
    let mut passed = Vec::new();
    for _ in 0..60 {
        let body = browser.action_chain().send_keys(Key::Tab + "");
        body.perform().await.unwrap();
        let answer = browser.execute(script, vec![]).await.unwrap();
        let (name, seen): (String, bool) = answer.convert().unwrap();
        if name.is_empty() {
            break;
        }
        assert!(seen, "the focus is not to be seen on {name}");
        passed.push(name);
    }
    let place = |part: &str| {
        let found = passed.iter().position(|name| name.contains(part));
        found.unwrap_or_else(|| panic!("{part} is not reached: {passed:#?}"))
    };
    let order = [
        "Skip to the page",
        "Home",
        "Sign out",
        "Members",
        "Ben Okafor",
        "email|",
        "Make invitation link",
    ];
    assert!(
        order.iter().map(|part| place(part)).is_sorted(),
        "{passed:#?}"
    );
}

#[tokio::test]
async fn without_scripts_a_form_works_all_the_same() {
    let cast = Cast::new().await;
    let (app, browser) = (&cast.app, &Browser::open().await);
    browser.scripts(false).await;
    sign_in(browser, app, Who::Engineer).await;
    open(browser, app, "/account").await;
    type_in(browser, "name", "Ayşe Yılmaz").await;
    browser
        .follow("form[action='/account/profile'] button")
        .await;
    browser.shows(".flash", "Your profile is saved.").await;
}
