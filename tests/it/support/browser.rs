//! Chromium, without a window, driven through its driver.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::support::base64_decode;

use super::apart;
use super::companion::{Companion, own_folder};

/// How long what must come is waited for, and how long between two looks.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN: Duration = Duration::from_millis(50);

/// A selector: `XPath` where it begins with a slash, else CSS.
fn by(selector: &str) -> By {
    if selector.starts_with('/') {
        By::XPath(selector)
    } else {
        By::Css(selector)
    }
}

/// One browser with a profile of its own; it closes when it is dropped.
///
/// Journeys use the methods here, each of which waits for what it names and tries again while the
/// page changes under it. It dereferences to thirtyfour's driver for what is not there.
pub struct Browser(WebDriver);

impl Drop for Browser {
    fn drop(&mut self) {
        // Not left to the driver's own drop: that waits for the connection's task, which can't run
        // while the test's only thread waits.
        let session = format!("{}/session/{}", Driver::get().url, self.0.session_id());
        let _ = apart(move || async move {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            client.delete(session).send().await.is_ok()
        });
        let _ = self.0.clone().leak();
    }
}

impl Browser {
    /// A window of 1280 by 900 pixels.
    pub async fn open() -> Self {
        fairshift::fetch::ready_tls();
        let mut options = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            // Chromium's sandbox does not work for root.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            "--window-size=1280,900",
        ] {
            options.add_arg(argument).unwrap();
        }
        let driver = WebDriver::new(Driver::get().url.clone(), options)
            .await
            .expect("Chromium and its driver are installed (bin/test installs them)");
        Self(driver)
    }

    async fn devtools(&self, command: &str, parameters: serde_json::Value) {
        self.0.cdp().send_raw(command, parameters).await.unwrap();
    }

    /// Sets the size of the page in CSS pixels: 390 by 844 is a phone.
    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    /// Shows pages as to somebody who prefers a dark screen, or a light one.
    pub async fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Turns JavaScript off or on, from the next page on.
    pub async fn scripts(&self, on: bool) {
        self.devtools(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": !on }),
        )
        .await;
    }

    /// Keeps a picture of the whole page as `target/screenshots/NAME.png`.
    pub async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let parameters = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self
            .0
            .cdp()
            .send_raw("Page.captureScreenshot", parameters)
            .await
            .unwrap();
        let png = base64_decode(answer["data"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(name).with_extension("png"), png).unwrap();
    }

    /// Does something with the first element of a selector as soon as it is there and lets it.
    pub async fn on<T>(
        &self,
        selector: &str,
        act: impl AsyncFn(&WebElement) -> WebDriverResult<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            let tried = match self.0.find(by(selector)).await {
                Ok(element) => act(&element).await,
                Err(error) => Err(error),
            };
            match tried {
                Ok(done) => return done,
                Err(_) if begun.elapsed() < PATIENCE => tokio::time::sleep(BETWEEN).await,
                Err(error) => self.give_up(selector, &error.to_string()).await,
            }
        }
    }

    async fn give_up(&self, wanted: &str, why: &str) -> ! {
        self.picture("failed").await;
        let page = self.0.source().await.unwrap_or_default();
        let page = scraper::Html::parse_document(&page);
        let text: Vec<&str> = page.root_element().text().map(str::trim).collect();
        panic!("{wanted} does not come: {why}\n{}", text.join(" "))
    }

    /// The first element that a selector finds, when it is there.
    pub async fn wait(&self, selector: &str) -> WebElement {
        self.on(selector, async |element| Ok(element.clone())).await
    }

    /// What it says, when it is there.
    pub async fn text(&self, selector: &str) -> String {
        self.on(selector, async |element| element.text().await)
            .await
    }

    /// Waits until an element says something, and returns all that it says.
    pub async fn shows(&self, selector: &str, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text(selector).await;
            if text.contains(words) {
                return text;
            }
            if begun.elapsed() > PATIENCE {
                self.give_up(words, &format!("{selector} says {text}"))
                    .await;
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    /// Waits until the page says something, shown or folded, and returns what it shows.
    pub async fn says(&self, words: &str) -> String {
        let main = format!("//main[contains(normalize-space(.), \"{words}\")]");
        self.text(&main).await
    }

    /// An attribute or property of an element, when it is there.
    pub async fn value(&self, selector: &str, name: &str) -> String {
        self.on(selector, async |element| element.prop(name).await)
            .await
            .unwrap_or_default()
    }

    /// Clicks.
    pub async fn press(&self, selector: &str) {
        self.on(selector, async |element| {
            element.scroll_into_view().await?;
            element.click().await
        })
        .await;
    }

    /// Clicks what leads to another page, and waits for that.
    pub async fn follow(&self, selector: &str) {
        let old = self.wait("html").await;
        self.press(selector).await;
        let begun = Instant::now();
        let ready = "return document.readyState === 'complete'";
        loop {
            let left = !old.is_present().await.unwrap_or(false);
            let there = self.0.execute(ready, vec![]).await;
            if left && there.is_ok_and(|ready| ready.convert().unwrap_or(false)) {
                return;
            }
            if begun.elapsed() > PATIENCE {
                self.give_up(selector, "it leads nowhere").await;
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    /// Types into a field what it shall hold.
    pub async fn write(&self, selector: &str, text: &str) {
        self.on(selector, async |field| {
            field.scroll_into_view().await?;
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// Fills the sign-in form, sends it, and waits for the page behind it.
    pub async fn sign_in(&self, url: &str, email: &str, password: &str) {
        self.0.goto(format!("{url}/sign-in")).await.unwrap();
        self.write("#email", email).await;
        self.write("#password", password).await;
        self.follow("form.card button").await;
    }
}

impl Deref for Browser {
    type Target = WebDriver;
    fn deref(&self) -> &WebDriver {
        &self.0
    }
}

/// The driver, one for all browsers of this process.
struct Driver {
    url: String,
    _companion: Companion,
}

impl Driver {
    fn get() -> &'static Self {
        static DRIVER: OnceLock<Driver> = OnceLock::new();
        DRIVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = own_folder("browser");
        std::fs::create_dir_all(&folder).unwrap();
        // The driver's browsers are in its process group, or know it as their parent.
        let script = r#"
            chromedriver --port=0 </dev/null &
            while read -r _; do :; done
            pkill -P $! 2>/dev/null
            kill $! 2>/dev/null
            wait
            # Twice: a browser that was just ended may still write.
            for _ in 1 2; do rm -rf "$1"; sleep 0.5; done
        "#;
        let mut companion = Companion::start(script, &[&folder], &folder);
        let port = companion
            .wait_for(|line| {
                let (_, rest) = line.split_once("started successfully on port ")?;
                rest.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver is installed (bin/test installs it)");
        Self {
            url: format!("http://127.0.0.1:{port}"),
            _companion: companion,
        }
    }
}
