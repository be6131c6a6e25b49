//! The harness itself: what the other tests take for granted.

use crate::support::TestApp;
use crate::support::browser::Browser;

#[tokio::test]
async fn every_test_has_a_database_of_its_own() {
    let (one, other) = tokio::join!(TestApp::start(), TestApp::start());
    sqlx::query("CREATE TABLE only_here ()")
        .execute(&one.db)
        .await
        .unwrap();
    assert!(
        sqlx::query("SELECT FROM only_here")
            .fetch_all(&one.db)
            .await
            .is_ok()
    );
    assert!(
        sqlx::query("SELECT FROM only_here")
            .fetch_all(&other.db)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_browser_shows_pages_as_asked() {
    let app = TestApp::start().await;
    let browser = Browser::open().await;
    browser.goto(format!("{}/healthz", app.url)).await.unwrap();
    assert_eq!(browser.text("body").await, "ok");

    let asked = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]";
    browser.resize(390, 844).await;
    browser.prefer_dark(true).await;
    let answer = browser.execute(asked, vec![]).await.unwrap();
    assert_eq!(answer.json(), &serde_json::json!([390, true]));
}

#[tokio::test]
async fn without_scripts_a_page_does_not_run_any() {
    let browser = Browser::open().await;
    let page = "data:text/html,<p>plain</p><script>document.body.textContent='run'</script>";
    for (scripts, shown) in [(true, "run"), (false, "plain"), (true, "run")] {
        browser.scripts(scripts).await;
        browser.goto(page).await.unwrap();
        assert_eq!(browser.text("body").await, shown);
    }
}
