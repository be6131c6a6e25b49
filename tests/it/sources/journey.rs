//! From a secret address to another level in the planner, in a browser, with scripts and without.

use thirtyfour::prelude::*;

use super::server::Reply;
use super::{AWAY, DECEMBER, HALF, HOME, Stage, calendar};
use crate::fixtures::PASSWORD;
use crate::support::browser::Browser;

async fn text(browser: &Browser) -> String {
    browser
        .query(By::Css("body"))
        .first()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

/// Presses the button of these words, and waits until `wanted` is on the page.
async fn press(browser: &Browser, words: &str, wanted: &str) {
    let path = format!("//main//button[normalize-space()='{words}']");
    browser
        .query(By::XPath(path))
        .first()
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    let there = By::XPath(format!(
        "//body[contains(normalize-space(.), \"{wanted}\")]"
    ));
    let is_there = browser.query(there).first().await.is_ok();
    assert!(is_there, "{wanted} after {words}: {}", text(browser).await);
}

/// What the planner of January says of Ayşe: recommendation level, and how booked she is.
async fn planner(browser: &Browser, stage: &Stage) -> (u8, String) {
    let address = format!("{}/teams/payments/plan/2027-01", stage.app.url);
    browser.goto(address).await.unwrap();
    let row = "//table[contains(@class, 'planner')]//tr[th[contains(., 'Ayşe Demir')]]/td[contains(@class, 'p-num')]";
    let cells = browser.find_all(By::XPath(row)).await.unwrap();
    let mut texts = Vec::new();
    for cell in cells {
        texts.push(cell.text().await.unwrap());
    }
    // The first cell says whose level it is before it says the level.
    let level = texts[0].split_whitespace().last().unwrap().parse().unwrap();
    (level, texts[1].trim().to_owned())
}

#[tokio::test]
async fn from_a_secret_address_to_the_planner() {
    for scripts in [true, false] {
        let stage = Stage::set().await;
        for person in [stage.crew.ben.id, stage.crew.chen.id] {
            sqlx::query(
                "insert into utilisations values ($1, '2027-01-01', 50, 'engineer', null, now())",
            )
            .bind(person)
            .execute(&stage.app.db)
            .await
            .unwrap();
        }
        let (url, browser, manager) = (
            stage.app.url.clone(),
            Browser::open().await,
            Browser::open().await,
        );
        for browser in [&browser, &manager] {
            browser.scripts(scripts).await;
        }
        manager
            .sign_in(&url, &stage.crew.carla.email, PASSWORD)
            .await;
        browser
            .sign_in(&url, &stage.crew.ayse.email, PASSWORD)
            .await;

        // Nearly all of January's mornings and afternoons, and three days away in December.
        let january = HALF
            .replace("202612", "202701")
            .replace("T130000", "T163000");
        let first = calendar(&["DTSTART:20270104T070000Z\nDTEND:20270104T080000Z"]);
        stage.server.reply("/c.ics", Reply::Calendar(first));
        browser.goto(format!("{url}{HOME}")).await.unwrap();
        let field = browser.query(By::Id("address")).first().await.unwrap();
        field
            .send_keys("https://127.0.0.1:1/nothing.ics")
            .await
            .unwrap();
        let connect = "//section[@aria-labelledby='by-address']//button";
        browser
            .query(By::XPath(connect))
            .first()
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        let wrong = browser
            .query(By::Id("address-error"))
            .first()
            .await
            .unwrap();
        assert!(wrong.text().await.unwrap().contains("No connection"));
        let field = browser.query(By::Id("address")).first().await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(stage.server.at("/c.ics")).await.unwrap();
        browser
            .query(By::XPath(connect))
            .first()
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        let connected = browser.query(By::Css(".source")).first().await.unwrap();
        assert!(connected.text().await.unwrap().contains("read just now"));
        let (calm, booked) = planner(&manager, &stage).await;
        assert_eq!(booked, "1 %");

        // It fills up, and is read again on the button.
        stage
            .server
            .reply("/c.ics", Reply::Calendar(calendar(&[&january, HALF, AWAY])));
        stage.app.clock.advance(chrono::TimeDelta::minutes(5));
        browser.goto(format!("{url}{HOME}")).await.unwrap();
        press(&browser, "Read now", "It is being read").await;
        stage.run().await;
        browser.goto(format!("{url}{DECEMBER}")).await.unwrap();
        let lines = browser.find_all(By::Css(".busy-line")).await.unwrap().len();
        assert_eq!(
            lines, 23,
            "working days of December, three of them out of office"
        );
        assert!(
            text(&browser).await.contains("57 %"),
            "{}",
            text(&browser).await
        );
        press(&browser, "Accept as leave", "is leave now").await;
        assert!(
            text(&browser).await.contains("50 %"),
            "{}",
            text(&browser).await
        );
        let (busy, booked) = planner(&manager, &stage).await;
        assert!(booked.starts_with('9'), "{booked}");
        assert!(busy < calm, "level {busy} is below {calm}");
        assert!(text(&manager).await.contains("How fresh the calendars are"));
    }
}
