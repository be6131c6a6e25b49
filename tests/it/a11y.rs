//! A check of the page that a browser shows: labels, names, headings, ids, keyboard reach, contrast,
//! and no sideways scrolling. What it looks at is in `a11y.js`.
//!
//! ```ignore
//! browser.goto(format!("{}/account", app.url)).await.unwrap();
//! a11y::check(&browser).await;
//! a11y::look(&browser, "account").await;   // at all sizes, light and dark, with pictures
//! ```

use thirtyfour::prelude::*;

use crate::support::browser::Browser;

/// What is wrong with the page as it is shown now, in words.
pub async fn problems(driver: &WebDriver) -> Vec<String> {
    let answer = driver.execute(include_str!("a11y.js"), vec![]).await;
    answer.unwrap().convert().unwrap()
}

/// Fails where anything is wrong with the page.
pub async fn check(driver: &WebDriver) {
    let problems = problems(driver).await;
    let page = driver.current_url().await.unwrap();
    assert!(problems.is_empty(), "{page}: {problems:#?}");
}

/// Checks the page on a desktop, a phone and the narrowest screen, light and dark, and keeps pictures:
/// `NAME`, `NAME-390` and `NAME-dark`.
pub async fn look(browser: &Browser, name: &str) {
    let hidden = serde_json::json!({ "hidden": true });
    let devtools = browser.cdp();
    let hide = devtools.send_raw("Emulation.setScrollbarsHidden", hidden);
    hide.await.unwrap();
    for (width, height, dark, picture) in [
        (1280, 900, false, Some("")),
        (1280, 900, true, Some("-dark")),
        (390, 844, false, Some("-390")),
        (320, 700, true, None),
    ] {
        browser.resize(width, height).await;
        browser.prefer_dark(dark).await;
        let finish = "for (const moving of document.getAnimations()) moving.finish()";
        browser.execute(finish, vec![]).await.unwrap();
        if let Some(suffix) = picture {
            browser.picture(&format!("{name}{suffix}")).await;
        }
        check(browser).await;
    }
    browser.resize(1280, 900).await;
    browser.prefer_dark(false).await;
}

#[tokio::test]
async fn the_check_finds_what_is_wrong() {
    let browser = Browser::open().await;
    let page = "data:text/html,<title></title><main><h1>One</h1><h3 id=a>Skips</h3><p id=a style='color:%23aaa;background:white'>Faint</p>\
        <input><button></button><img src=''><a href='%23gone'>x</a><div style='width:3000px'>wide</div></main>";
    browser.goto(page).await.unwrap();
    let found = problems(&browser).await;
    for wanted in [
        "no lang",
        "no title",
        "skips a level",
        "\"a\" is there twice",
        "without a label",
        "without a name",
        "without alt",
        "#gone leads nowhere",
        "contrast 2.32",
        "scrolls sideways",
        "smaller than 24",
    ] {
        assert!(
            found.iter().any(|p| p.contains(wanted)),
            "{wanted}: {found:#?}"
        );
    }
}
