//! The main job from end to end in a browser, as its people do it, with scripts and without: an
//! engineer says when she can, a manager plans and publishes, she sees it, and so does her calendar.

use std::time::Duration;

use chrono::{DateTime, Utc};
use fairshift::demo;
use thirtyfour::prelude::*;
use tokio::task::spawn_blocking;

use crate::clients::{Parser, read_with, sync_with_vdirsyncer};
use crate::support::TestApp;
use crate::support::browser::Browser;

const ENGINEER: &str = "engineer@example.com";
const MANAGER: &str = "manager@example.com";
const PLAN: &str = "/teams/payments/plan/2026-12";

/// December by the clocks of Istanbul.
const DECEMBER: [&str; 2] = ["2026-11-30T21:00:00Z", "2026-12-31T21:00:00Z"];

/// Somebody's browser on the demo team.
struct Desk {
    app: TestApp,
    browser: Browser,
    scripts: bool,
}

impl Desk {
    async fn new(scripts: bool) -> Self {
        let app = TestApp::start_as(true).await;
        demo::create(&app.db, app.clock.now()).await.unwrap();
        let browser = Browser::open().await;
        browser.scripts(scripts).await;
        Self {
            app,
            browser,
            scripts,
        }
    }

    async fn sign_in(&self, email: &str) {
        self.browser.delete_all_cookies().await.unwrap();
        let url = &self.app.url;
        self.browser.sign_in(url, email, demo::PASSWORD).await;
        self.browser.wait("form[action='/sign-out']").await;
    }

    async fn open(&self, path: &str) {
        let address = format!("{}{path}", self.app.url);
        self.browser.goto(address).await.unwrap();
    }

    async fn count(&self, css: &str) -> usize {
        self.browser.find_all(By::Css(css)).await.unwrap().len()
    }

    /// Marks the page, so that a reload is noticed.
    async fn mark(&self) {
        if self.scripts {
            let mark = "window.marked = true";
            self.browser.execute(mark, vec![]).await.unwrap();
        }
    }

    async fn assert_not_reloaded(&self) {
        if self.scripts {
            let answer = self.browser.execute("return !!window.marked", vec![]).await;
            assert!(answer.unwrap().convert::<bool>().unwrap(), "reloaded");
        }
    }

    /// Chooses a slot in the grid and waits for its panel.
    async fn choose(&self, slot: &str) {
        let chip = format!("tbody a.chip[data-slot='{slot}']:not(.goes-on)");
        self.browser.press(&chip).await;
        self.browser
            .wait(&format!("#slot [name=slot][value='{slot}']"))
            .await;
    }

    /// Chooses a slot that somebody could take without breaking a rule; returns it and them.
    async fn offer(&self, used: &[String]) -> (String, String) {
        let mut slots = Vec::new();
        // Not from the first row: those are the engineer's, who reads later what is left for her.
        let chips = By::Css("tbody tr ~ tr a.chip:not(.goes-on):not(.pinned)");
        for chip in self.browser.find_all(chips).await.unwrap() {
            slots.push(chip.attr("data-slot").await.unwrap().unwrap());
        }
        for slot in slots.into_iter().filter(|slot| !used.contains(slot)) {
            self.choose(&slot).await;
            let css =
                "#slot .candidates li:not(.barred) form:has(button[value=assign]) [name=person]";
            let people = self.browser.find_all(By::Css(css)).await.unwrap();
            if let Some(person) = people.first() {
                return (slot, person.attr("value").await.unwrap().unwrap());
            }
        }
        panic!("nobody can take anything")
    }

    /// Waits until the grid shows that slot in that person's row.
    async fn held(&self, slot: &str, person: &str) {
        let chip = format!("tr[data-person='{person}'] a.chip[data-slot='{slot}']");
        self.browser.wait(&chip).await;
        self.browser.says("Saved in the draft").await;
    }

    /// Her published shifts of December: begin, end and role, in order.
    async fn shifts(&self) -> Vec<(DateTime<Utc>, DateTime<Utc>, String)> {
        sqlx::query_as(
            "select o.starts_at, o.ends_at, r.name from on_call o join people p on p.id = o.person_id
                join roles r on r.id = o.role_id
                where p.email = $1 and o.starts_at >= $2::timestamptz and o.starts_at < $3::timestamptz
                order by o.starts_at",
        )
        .bind(ENGINEER)
        .bind(DECEMBER[0].parse::<DateTime<Utc>>().unwrap())
        .bind(DECEMBER[1].parse::<DateTime<Utc>>().unwrap())
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    /// The engineer sees what she owes, says when she can't, and that her month is complete.
    async fn answer(&self) {
        self.sign_in(ENGINEER).await;
        let owed = self.browser.says("What you still owe").await;
        assert!(owed.contains("Pager test lapses in"), "{owed}");
        self.browser
            .press(".owe a[href='/availability?month=2026-12']")
            .await;
        self.browser.press("label.chip:has([value=leave])").await;
        if self.scripts {
            self.mark().await;
            self.browser.press("[data-day='2026-12-24'] .cell").await;
        } else {
            self.browser
                .press("[data-day='2026-12-24'] [name=day]")
                .await;
            self.browser.press("#paint button.set").await;
        }
        // Only the server's answer brings this.
        self.browser.wait("#undo-box button").await;
        self.browser
            .wait("[data-day='2026-12-24'].l-leave:not(.saving)")
            .await;
        self.assert_not_reloaded().await;
        self.browser
            .press("form[action='/availability/answer'] button")
            .await;
        self.browser
            .wait("form[action='/availability/answer/removal']")
            .await;
        self.open("/").await;
        self.browser.wait("h1").await;
        let asked = ".owe a[href='/availability?month=2026-12']";
        assert_eq!(self.count(asked).await, 0, "she is asked no more");
    }

    /// The panel of a slot, and walking to the next one by keyboard.
    async fn look_around(&self) {
        let first = "tr[data-person] td:has(.chip:not(.goes-on)) ~ td a.chip:not(.goes-on)";
        let second = self.browser.wait(first).await;
        let second = second.attr("data-slot").await.unwrap().unwrap();
        self.mark().await;
        self.choose(&second).await;
        let current = format!("a.chip[data-slot='{second}'][aria-current]");
        let chip = self.browser.wait(&current).await;
        self.browser.says("Who else").await;
        self.assert_not_reloaded().await;
        let address = self.browser.current_url().await.unwrap();
        assert!(address.query().unwrap().contains(&second), "{address}");
        if !self.scripts {
            return;
        }
        chip.focus().await.unwrap();
        chip.send_keys(Key::Left + "").await.unwrap();
        let there = self.browser.active_element().await.unwrap();
        let slot = there.attr("data-slot").await.unwrap().unwrap();
        assert_ne!(slot, second, "the arrow led to the slot before");
        there.send_keys(Key::Enter + "").await.unwrap();
        self.browser
            .wait(&format!("#slot [name=slot][value='{slot}']"))
            .await;
        self.assert_not_reloaded().await;
    }

    /// Drags a slot onto a row. Drivers can't drag as HTML means it, so the events come by script.
    async fn drag(&self, slot: &str, person: &str) {
        let script = "
            const [slot, person] = arguments, dataTransfer = new DataTransfer();
            const chip = document.querySelector(`a.chip[data-slot='${slot}']`);
            const row = document.querySelector(`tr[data-person='${person}'] td`);
            const fire = (at, kind) =>
                at.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
            fire(chip, 'dragstart');
            const refused = fire(row, 'dragover');
            fire(row, 'drop');
            return chip.draggable && !refused;";
        let fields = vec![slot.into(), person.into()];
        let answer = self.browser.execute(script, fields).await.unwrap();
        assert!(answer.convert::<bool>().unwrap(), "the row takes it");
    }

    /// The manager changes the recommendation, against a rule too.
    async fn plan(&self) {
        self.sign_in(MANAGER).await;
        self.open(PLAN).await;
        self.browser.says("Recommended").await;
        self.look_around().await;
        let mut used = Vec::new();
        for with_mouse in [true, false] {
            let (slot, person) = self.offer(&used).await;
            if with_mouse && self.scripts {
                self.drag(&slot, &person).await;
            } else {
                let css = format!(
                    "#slot .candidates form:has([name=person][value='{person}']) button[value=assign]"
                );
                self.browser.press(&css).await;
            }
            self.held(&slot, &person).await;
            used.push(slot);
        }
        let (slot, _) = self.offer(&used).await;
        let lacking = "//*[@id='slot']//li[contains(., 'Hugo Martin')]//button";
        self.browser.press(lacking).await;
        self.browser.says("This breaks a rule").await;
        self.browser.write("#reason", "He sits beside Lena").await;
        self.browser.press("main form button").await;
        let path = format!(
            "//tr[contains(th, 'Hugo Martin')]//a[@data-slot='{slot}' and contains(@class, 'chip')]"
        );
        self.browser.wait(&path).await;
        self.browser.says("1 rule is broken").await;
    }

    async fn publish(&self) {
        self.browser.press("a.button[href*='/publication']").await;
        let confirmed = self.browser.says("Rules broken on purpose").await;
        assert!(confirmed.contains("Hugo Martin"), "{confirmed}");
        self.browser.press("main form button").await;
        self.browser.says("version 1 is published").await;
    }

    /// The engineer finds it on her pages when the month has come.
    async fn read(&self) {
        self.app.clock.set(DECEMBER[0].parse().unwrap());
        self.sign_in(ENGINEER).await;
        let shifts = self.shifts().await;
        assert!(!shifts.is_empty());
        let leave: DateTime<Utc> = "2026-12-23T21:00:00Z".parse().unwrap();
        let day = Duration::from_hours(24);
        assert!(
            !shifts
                .iter()
                .any(|(begin, end, _)| *begin < leave + day && *end > leave),
            "she said that she is on leave"
        );
        let istanbul = chrono_tz::Europe::Istanbul;
        let (begin, _, role) = &shifts[0];
        let text = self.browser.text(".shifts li").await;
        // Within a week the day of the week is all that is said, or how near it is.
        let local = |at: DateTime<Utc>| at.with_timezone(&istanbul).date_naive();
        let begins = local(*begin);
        let day = match (begins - local(self.app.clock.now())).num_days() {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            _ => begins.format("%a").to_string(),
        };
        for part in [role.as_str(), "Payments", "With ", &day] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let partner = if role == "Primary" {
            "(Secondary)"
        } else {
            "(Primary)"
        };
        assert!(text.contains(partner), "{text}");
        self.browser.press(".shifts li details summary").await;
        let escalation = ".shifts li .escalation";
        self.browser.shows(escalation, "Mira Aydın").await;
        self.open("/teams/payments?month=2026-12").await;
        self.browser.wait("table.month").await;
        let served = "table.month a.slot:not(.goes-on)";
        assert_eq!(self.count(served).await, 62, "31 days, two roles");
        let mine = "table.month a.slot.mine:not(.goes-on)";
        assert_eq!(self.count(mine).await, shifts.len());
    }

    /// Her calendar has the same shifts, whichever client reads it.
    async fn subscribe(&self) {
        self.open("/calendar").await;
        self.browser
            .press("form[action='/calendar/feeds'] button")
            .await;
        let url = self.browser.value("#feed-link", "value").await;
        let visitor = self.app.visitor();
        let feed = visitor.get(&url[self.app.url.len()..]).await;
        assert_eq!(feed.status, 200);
        let (parsed, shown) = spawn_blocking(move || {
            let parsed = Parser::ALL.map(|parser| read_with(parser, &feed.body));
            let days = ["2026-11-30", "2027-01-02"].map(|day| day.parse().unwrap());
            (parsed, sync_with_vdirsyncer(&url, days[0], days[1]))
        })
        .await
        .unwrap();
        let shifts = self.shifts().await;
        let [from, until] = DECEMBER.map(|t| t.parse::<DateTime<Utc>>().unwrap());
        let check = |seen: Vec<(DateTime<Utc>, DateTime<Utc>, String)>| {
            let mut seen: Vec<_> = seen
                .into_iter()
                .filter(|(begin, ..)| (from..until).contains(begin))
                .collect();
            seen.sort();
            assert_eq!(seen.len(), shifts.len(), "{seen:?}");
            for (seen, shift) in seen.iter().zip(&shifts) {
                assert_eq!((seen.0, seen.1), (shift.0, shift.1));
                assert!(seen.2.contains(&shift.2), "{seen:?} is {shift:?}");
            }
        };
        for events in parsed {
            check(
                events
                    .into_iter()
                    .map(|e| (e.start, e.end, e.summary))
                    .collect(),
            );
        }
        check(
            shown
                .into_iter()
                .map(|e| (e.start, e.end, e.title))
                .collect(),
        );
    }
}

#[tokio::test]
async fn from_availability_to_the_calendar() {
    let desk = Desk::new(true).await;
    desk.answer().await;
    desk.plan().await;
    desk.publish().await;
    desk.read().await;
    desk.subscribe().await;
}

#[tokio::test]
async fn from_availability_to_the_calendar_without_scripts() {
    let desk = Desk::new(false).await;
    desk.answer().await;
    desk.plan().await;
    desk.publish().await;
    desk.read().await;
    desk.subscribe().await;
}

#[tokio::test]
async fn an_old_form_publishes_nothing() {
    let desk = Desk::new(true).await;
    desk.sign_in(MANAGER).await;
    let publication = format!("{PLAN}/publication");
    // Left open in another tab.
    let old = desk.browser.window().await.unwrap();
    desk.open(&publication).await;
    desk.browser.says("first version").await;
    let new = desk.browser.new_tab().await.unwrap();
    desk.browser.switch_to_window(new).await.unwrap();
    desk.open(&publication).await;
    desk.browser.press("main form button").await;
    desk.browser.says("version 1 is published").await;
    // Back: the page that the browser shows says what is, or its form is refused as old.
    desk.browser.back().await.unwrap();
    let text = desk.browser.says("Approve and publish").await;
    if text.contains("first version") {
        desk.browser.press("main form button").await;
        desk.browser.says("Somebody was faster").await;
    } else {
        assert!(text.contains("the same as what is published"), "{text}");
    }
    desk.browser.switch_to_window(old).await.unwrap();
    desk.browser.press("main form button").await;
    let text = desk.browser.says("Somebody was faster").await;
    assert!(
        text.contains("You wanted") && text.contains("Now it is"),
        "{text}"
    );
    let versions: i64 = sqlx::query_scalar(
        "select count(*) from schedules where month = '2026-12-01' and state <> 'draft'",
    )
    .fetch_one(&desk.app.db)
    .await
    .unwrap();
    assert_eq!(versions, 1);
}
