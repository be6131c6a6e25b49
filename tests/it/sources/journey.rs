//! From a secret address to another level in the planner, in a browser, with scripts and without.

use fairshift::{app, jobs};
use thirtyfour::prelude::*;
use tokio::sync::watch;

use super::server::Reply;
use super::{AWAY, DECEMBER, HALF, HOME, Stage, calendar};
use crate::fixtures::PASSWORD;
use crate::support::browser::Browser;

/// Presses the button of these words, and waits until `wanted` is on the page.
async fn press(browser: &Browser, words: &str, wanted: &str) {
    browser
        .press(&format!("//main//button[normalize-space()='{words}']"))
        .await;
    browser
        .wait(&format!(
            "//body[contains(normalize-space(.), \"{wanted}\")]"
        ))
        .await;
}

/// What the planner of January says of Ayşe: recommendation level, and how booked she is.
async fn planner(browser: &Browser, stage: &Stage) -> (u8, String) {
    let address = format!("{}/teams/payments/plan/2027-01", stage.app.url);
    browser.goto(address).await.unwrap();
    of_ayse(browser).await
}

/// What the planner that is open says of Ayşe.
async fn of_ayse(browser: &Browser) -> (u8, String) {
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
        browser
            .write("#address", "https://127.0.0.1:1/nothing.ics")
            .await;
        let connect = "//section[@aria-labelledby='by-address']//button";
        browser.follow(connect).await;
        browser.shows("#address-error", "No connection").await;
        browser.write("#address", &stage.server.at("/c.ics")).await;
        browser.follow(connect).await;
        browser.shows(".source", "read just now").await;
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
            browser.text("body").await.contains("57 %"),
            "{}",
            browser.text("body").await
        );
        press(&browser, "Accept as leave", "is leave now").await;
        assert!(
            browser.text("body").await.contains("50 %"),
            "{}",
            browser.text("body").await
        );
        let (busy, booked) = planner(&manager, &stage).await;
        assert!(booked.starts_with('9'), "{booked}");
        assert!(busy < calm, "level {busy} is below {calm}");
        assert!(
            manager
                .text("body")
                .await
                .contains("How fresh the calendars are")
        );
    }
}

#[tokio::test]
async fn the_weeks_of_a_month_in_every_look() {
    let stage = Stage::set().await;
    let perhaps = "DTSTART:20261202T110000Z\nDURATION:PT1H\nSTATUS:TENTATIVE";
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF, AWAY, perhaps])));
    stage.connect("/c.ics").await;
    let browser = Browser::open().await;
    let url = &stage.app.url;
    browser.sign_in(url, &stage.crew.ayse.email, PASSWORD).await;
    browser.wait("form[action='/sign-out']").await;
    browser.goto(format!("{url}{DECEMBER}")).await.unwrap();
    browser
        .press("//summary[normalize-space()='Week by week']")
        .await;
    browser.shows(".weeks-booked", "out of office 24 h").await;
    crate::a11y::look(&browser, "availability-weeks").await;
}

#[tokio::test]
async fn an_open_planner_says_that_a_calendar_was_read_and_what_clashes() {
    let stage = Stage::set().await;
    stage.app.listen();
    // Five hours a day, until the 18th: 70 of the 184 hours in December; until the 30th 110.
    let until = |last: u32| {
        format!(
            "DTSTART;TZID=Europe/Istanbul:20261201T090000\nDURATION:PT5H\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL=202612{last}T210000Z"
        )
    };
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&until(18)])));
    stage.connect("/c.ics").await;
    let manager = Browser::open().await;
    let url = &stage.app.url;
    manager
        .sign_in(url, &stage.crew.carla.email, PASSWORD)
        .await;
    manager.wait("form[action='/sign-out']").await;
    let plan = format!("{url}/teams/payments/plan/2026-12");
    manager.goto(&plan).await.unwrap();
    manager.wait("table.planner").await;
    let (_, booked) = of_ayse(&manager).await;
    assert_eq!(booked, "38 %");
    // An evening as well, on which she is on call.
    let evening = "DTSTART:20261201T170000Z\nDTEND:20261201T200000Z";
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&until(30), evening])));
    stage.read_again().await;
    let words = "Ayşe Demir: utilisation 38 % is now 60 %, from a calendar.";
    manager.shows(".news", words).await;
    manager
        .shows(
            ".news",
            "A shift clashes with a calendar: Ayşe Demir, Primary",
        )
        .await;
    manager
        .shows("body", "A published shift clashes with a calendar")
        .await;
    let (_, booked) = of_ayse(&manager).await;
    assert_eq!(booked, "60 %");
}

/// Ayşe's fair share of points, as the planner that is open says.
async fn share(browser: &Browser) -> f64 {
    let cell = "//table[contains(@class, 'planner')]//tr[th[contains(., 'Ayşe Demir')]]/td[contains(@class, 'p-num')][3]";
    let text = browser.text(cell).await;
    let (_, share) = text.rsplit_once("of ").unwrap();
    share.trim().parse().unwrap()
}

/// Nobody presses anything at the manager's. She reads again, a worker does it, and the open planner shows another
/// plan and says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_reads_moves_the_plan_on_an_open_page() {
    let stage = Stage::set().await;
    stage.app.listen();
    for person in [stage.crew.ben.id, stage.crew.chen.id] {
        sqlx::query(
            "insert into utilisations values ($1, '2027-01-01', 50, 'engineer', null, now())",
        )
        .bind(person)
        .execute(&stage.app.db)
        .await
        .unwrap();
    }
    let calm = calendar(&["DTSTART:20270104T070000Z\nDTEND:20270104T080000Z"]);
    stage.server.reply("/c.ics", Reply::Calendar(calm));
    stage.connect("/c.ics").await;
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(jobs::work(
        stage.app.state.clone(),
        app::handlers(),
        stopped,
    ));
    let (url, engineer, manager) = (&stage.app.url, Browser::open().await, Browser::open().await);
    for (browser, person) in [(&engineer, &stage.crew.ayse), (&manager, &stage.crew.carla)] {
        browser.sign_in(url, &person.email, PASSWORD).await;
        browser.wait("form[action='/sign-out']").await;
    }
    let (level_before, booked) = planner(&manager, &stage).await;
    assert_eq!(booked, "1 %");
    let share_before = share(&manager).await;
    manager
        .execute("window.marked = true", vec![])
        .await
        .unwrap();

    let full = HALF
        .replace("202612", "202701")
        .replace("T130000", "T163000");
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[&full])));
    stage.app.clock.advance(chrono::TimeDelta::minutes(5));
    engineer.goto(format!("{url}{HOME}")).await.unwrap();
    press(&engineer, "Read now", "It is being read").await;

    let words = "Ayşe Demir: utilisation 1 % is now 94 %, from a calendar.";
    let news = manager.shows(".news", words).await;
    assert!(news.contains("moved"), "{news}");
    let (level, booked) = of_ayse(&manager).await;
    assert_eq!(booked, "94 %");
    assert!(level < level_before, "{level} is below {level_before}");
    let share = share(&manager).await;
    assert!(
        share < share_before / 2.0,
        "{share} of {share_before} points"
    );
    let marked = manager.execute("return !!window.marked", vec![]).await;
    let marked: bool = marked.unwrap().convert().unwrap();
    assert!(marked, "without a reload");
    stop.send(true).unwrap();
    worker.await.unwrap();
}
