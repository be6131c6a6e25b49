//! Every page of the demo at every width, light and dark; and the pictures of the README.

use std::path::PathBuf;

use fairshift::demo;
use thirtyfour::prelude::*;

use crate::a11y;
use crate::support::TestApp;
use crate::support::browser::Browser;

const PLAN: &str = "/teams/payments/plan/2026-12";

/// An address, the picture's name, and what to ask the database for in place of `{}`.
type Sight = (&'static str, &'static str, &'static str);

/// Who looks at what.
const PAGES: [(&str, &[Sight]); 3] = [
    (
        "engineer@example.com",
        &[
            ("/", "home", ""),
            ("/availability?month=2026-12", "availability", ""),
            ("/availability/calendars", "calendars", ""),
            (
                "/availability/calendars/{}",
                "calendar-one",
                "select id from sources order by id limit 1",
            ),
            ("/requirements", "requirements", ""),
            ("/calendar", "calendar", ""),
            ("/account", "account", ""),
            ("/notices", "notices", ""),
            ("/teams/payments", "team", ""),
            ("/teams/payments?month=2026-12", "team-unpublished", ""),
            (
                "/shifts/{}",
                "shift",
                "select min(shift_id) from on_call where starts_at > '2026-11-16 09:00Z'",
            ),
            ("/teams/payments/reports", "reports", ""),
        ],
    ),
    (
        "manager@example.com",
        &[
            ("/", "home-manager", ""),
            (PLAN, "plan", ""),
            ("/teams/payments/plan/2026-11", "plan-published", ""),
            (
                "/teams/payments/plan/2026-12/publication",
                "publication",
                "",
            ),
            ("/teams/payments/plan/2026-11/versions", "versions", ""),
            (
                "/teams/payments/availability?month=2026-12",
                "team-availability",
                "",
            ),
            (
                "/teams/payments/availability/{}?month=2026-12",
                "availability-of",
                "select id from people where name = 'Ayşe Demir'",
            ),
            ("/teams/payments/calendars", "team-calendars", ""),
            ("/teams/payments/rotations", "rotations", ""),
            ("/teams/payments/rotations/new", "rotation-new", ""),
            (
                "/teams/payments/rotations/{}",
                "rotation",
                "select min(id) from rotations",
            ),
            (
                "/teams/payments/rotations/{}/edit",
                "rotation-edit",
                "select min(id) from rotations",
            ),
            (
                "/teams/payments/rotations/{}/history",
                "rotation-history",
                "select min(id) from rotations",
            ),
            ("/teams/payments/requirements", "sign-offs", ""),
            (
                "/teams/payments/requirements/{}",
                "requirement",
                "select min(id) from requirements",
            ),
            ("/teams/payments/members", "members", ""),
            (
                "/teams/payments/members/{}",
                "member",
                "select id from people where name = 'Ayşe Demir'",
            ),
            ("/teams/payments/webhooks", "webhooks", ""),
            ("/teams/payments/audit", "audit", ""),
        ],
    ),
    (
        "admin@example.com",
        &[
            ("/", "home-admin", ""),
            ("/admin", "admin", ""),
            ("/undelivered", "undelivered", ""),
            ("/outbox", "outbox", ""),
            ("/outbox/{}", "outbox-mail", "select max(id) from outbox"),
        ],
    ),
];

async fn demo_team() -> (TestApp, Browser) {
    let app = TestApp::start_as(true).await;
    demo::create(&app.db, app.clock.now()).await.unwrap();
    app.work().await;
    let browser = Browser::open().await;
    let hidden = serde_json::json!({ "hidden": true });
    let devtools = browser.cdp();
    let hide = devtools.send_raw("Emulation.setScrollbarsHidden", hidden);
    hide.await.unwrap();
    (app, browser)
}

async fn sign_in(browser: &Browser, app: &TestApp, email: &str) {
    browser.delete_all_cookies().await.unwrap();
    browser.sign_in(&app.url, email, demo::PASSWORD).await;
    browser.wait("form[action='/sign-out']").await;
}

#[tokio::test]
async fn every_page_of_the_demo_fits() {
    let (app, browser) = demo_team().await;
    let mut wrong = Vec::new();
    for (email, pages) in PAGES {
        sign_in(&browser, &app, email).await;
        for (path, name, id) in pages {
            let mut path = (*path).to_owned();
            if !id.is_empty() {
                let id: i64 = sqlx::query_scalar(*id).fetch_one(&app.db).await.unwrap();
                path = path.replace("{}", &id.to_string());
            }
            for (width, height) in [(1280, 900), (390, 844), (320, 700)] {
                browser.resize(width, height).await;
                browser.goto(format!("{}{path}", app.url)).await.unwrap();
                let missing = browser.find_all(By::Css(".oops")).await.unwrap();
                assert!(missing.is_empty(), "{path} is an error page");
                for (dark, lit) in [(true, "-dark"), (false, "")] {
                    browser.prefer_dark(dark).await;
                    let finish = "for (const moving of document.getAnimations()) moving.finish()";
                    browser.execute(finish, vec![]).await.unwrap();
                    browser.picture(&format!("demo-{name}-{width}{lit}")).await;
                    for problem in a11y::problems(&browser).await {
                        wrong.push(format!("{path}, {width} wide{lit}: {problem}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Does nothing unless `FAIRSHIFT_PICTURES` names a folder for them: bin/screenshots does.
#[tokio::test]
async fn take() {
    let Some(folder) = std::env::var_os("FAIRSHIFT_PICTURES").map(PathBuf::from) else {
        return;
    };
    let (app, browser) = demo_team().await;
    browser.prefer_dark(false).await;
    let shoot = async |path: &str, height: u32, name: &str| {
        browser.resize(1280, height).await;
        browser.goto(format!("{}{path}", app.url)).await.unwrap();
        browser.wait("h1").await;
        browser.screenshot(&folder.join(name)).await.unwrap();
    };
    sign_in(&browser, &app, "engineer@example.com").await;
    shoot("/", 900, "home.png").await;
    shoot("/availability?month=2026-12", 900, "availability.png").await;
    sign_in(&browser, &app, "manager@example.com").await;
    browser.goto(format!("{}{PLAN}", app.url)).await.unwrap();
    let chip = browser.wait("tr:nth-child(3) a.chip:not(.goes-on)").await;
    let slot = chip.attr("data-slot").await.unwrap().unwrap();
    shoot(&format!("{PLAN}?slot={slot}"), 1180, "planner.png").await;
}
