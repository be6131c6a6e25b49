//! Shifts written into a person's own calendar, on a real CalDAV server that others write to as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use chrono::{DateTime, TimeDelta, Utc};
use fairshift::app;
use fairshift::clock::Clock;
use fairshift::jobs;
use fairshift::secret::{Secret, SecretKey};
use fairshift::state::{AppState, Site};

use crate::clients::{Parser, SeenEvent, read_with};
use crate::feeds::{Crew, events, next_primary};
use crate::fixtures;
use crate::sources::server::{Reply, Server};
use crate::support::browser::Browser;
use crate::support::caldav::{Line, Mode, PASSWORD, Radicale, USER};
use crate::support::program::{Running, fairshift};
use crate::support::visitor::{Page, Visitor};

/// Ayşe at her calendar page, with an account connected.
struct Desk {
    crew: Crew,
    server: Radicale,
    line: Line,
    visitor: Visitor,
    source: i64,
}

impl Desk {
    async fn new() -> Self {
        let crew = Crew::start().await;
        let server = Radicale::start().await;
        let line = Line::to(&server).await;
        let visitor = crew.visitor(&crew.ayse).await;
        let db = &crew.app.db;
        let source: i64 = sqlx::query_scalar(
            "insert into sources (person_id, name, kind, counts, place, secret, connected_at)
            values ($1, 'Nextcloud', 'account', 'busy', 'ayse at 127.0.0.1', '', now()) returning id",
        )
        .bind(crew.ayse.id)
        .fetch_one(db)
        .await
        .unwrap();
        for (href, name) in [("work", "Work"), ("home", "Home")] {
            sqlx::query("insert into source_calendars (source_id, href, name) values ($1, $2, $3)")
                .bind(source)
                .bind(format!("/{USER}/{href}/"))
                .bind(name)
                .execute(db)
                .await
                .unwrap();
        }
        let desk = Self {
            crew,
            server,
            line,
            visitor,
            source,
        };
        desk.enter_password(PASSWORD, desk.crew.app.state.site.secret_key.as_ref())
            .await;
        desk
    }

    /// Enters the account's password among the sources.
    async fn enter_password(&self, password: &str, key: Option<&SecretKey>) {
        let secret = serde_json::json!({ "address": format!("{}/", self.line.url), "user": USER, "password": password });
        let place = format!("sources.secret {}", self.source);
        let sealed = key.unwrap().seal(&Secret::new(secret.to_string()), &place);
        sqlx::query("update sources set secret = $2 where id = $1")
            .bind(self.source)
            .bind(sealed)
            .execute(&self.crew.app.db)
            .await
            .unwrap();
    }

    async fn choose(&self, calendar: &str) -> Page {
        let value = format!("{} /{USER}/{calendar}/", self.source);
        let fields = [("channel", "push"), ("calendar", value.as_str())];
        self.visitor.submit("/calendar/channel", &fields).await
    }

    /// Does all jobs that are due by now.
    async fn run(&self) {
        run(&self.crew, &self.crew.app.state).await;
    }

    /// The entries on the server.
    async fn entries(&self, calendar: &str) -> Vec<SeenEvent> {
        let text = self.server.calendar(calendar).await.unwrap();
        if text.contains("BEGIN:VEVENT") {
            read_with(Parser::ICalendar, &text)
        } else {
            vec![]
        }
    }

    /// One entry on the server.
    async fn entry(&self, uid: &str) -> Option<SeenEvent> {
        let mut all = self.entries("work").await;
        let at = all.iter().position(|e| e.uid == uid)?;
        Some(all.swap_remove(at))
    }

    /// A shift of hers to come, and the UID of its entry.
    async fn shift(&self) -> (i64, String) {
        let crew = &self.crew;
        let shift = next_primary(&crew.app.db, &crew.ayse, crew.app.clock.now()).await;
        (shift, self.uid(shift))
    }

    fn uid(&self, shift: i64) -> String {
        let role = self.crew.rotation.roles[0];
        format!("push-{shift}-{role}-{}.1@127.0.0.1", self.crew.ayse.id)
    }

    fn path(uid: &str) -> String {
        format!("/{USER}/work/{}.ics", uid.replace('@', "-"))
    }

    /// Another client of hers changes the file of an entry.
    async fn edit(&self, uid: &str, edit: impl FnOnce(String) -> String) {
        let path = Self::path(uid);
        let text = self
            .server
            .ask("GET", &path, "")
            .await
            .text()
            .await
            .unwrap();
        let text = edit(text.replace("\r\n ", ""));
        let put = self.server.ask("PUT", &path, &text).await;
        assert!(put.status().is_success(), "{}", put.status());
    }

    /// The partner's telephone, which all of their common shifts show.
    async fn call(&self, number: &str) {
        sqlx::query("update contact_methods set value = $2 where person_id = $1")
            .bind(self.crew.ben.id)
            .bind(number)
            .execute(&self.crew.app.db)
            .await
            .unwrap();
    }

    async fn notices(&self) -> Vec<String> {
        sqlx::query_scalar("select subject from outbox where key like '%calendar:%' order by id")
            .fetch_all(&self.crew.app.db)
            .await
            .unwrap()
    }
}

/// Does all jobs that are due by now. The database stamps what its triggers enqueue with its own time.
async fn run(crew: &Crew, state: &AppState) {
    let present = Clock::system().now() + TimeDelta::seconds(1);
    crew.app.clock.set(crew.app.clock.now().max(present));
    jobs::run_due(state, &app::handlers()).await.unwrap();
}

/// What somebody sees of entries, by start.
fn looks(events: &[SeenEvent]) -> BTreeMap<DateTime<Utc>, [String; 4]> {
    let looks = events.iter().map(|e| {
        let texts = [&e.summary, &e.description, &e.url, &e.transparency];
        (e.start, texts.map(Clone::clone))
    });
    looks.collect()
}

#[tokio::test]
async fn a_calendar_follows_what_is_published() {
    let desk = Desk::new().await;
    let crew = &desk.crew;
    let now = crew.app.clock.now();
    let page = desk.visitor.get("/calendar").await;
    assert_eq!(
        page.all("#calendar option"),
        ["Home (Nextcloud)", "Work (Nextcloud)"]
    );
    let page = desk.choose("work").await;
    assert!(page.text().contains("written into your calendar"));
    desk.run().await;

    // The same as the feed, of what is not over.
    let feed = crew.feed(&crew.ayse, "").await;
    let mut wanted = events(&feed).await;
    wanted.retain(|e| e.end > now);
    let pushed = desk.entries("work").await;
    assert!(
        pushed.len() > 15 && pushed.iter().any(|e| e.start < now),
        "one is running"
    );
    assert_eq!(looks(&pushed), looks(&wanted));
    let text = desk.server.calendar("work").await.unwrap();
    for never in ["METHOD", "ORGANIZER", "ATTENDEE", "RRULE"] {
        assert!(!text.contains(never), "{never}");
    }
    assert_eq!(desk.entries("home").await, []);
    let writes = desk.line.writes();
    assert_eq!(writes.len(), pushed.len());
    assert!(
        writes
            .iter()
            .all(|(method, _, status)| method == "PUT" && *status == 201)
    );
    let page = desk.visitor.get("/calendar").await;
    let said = format!("{} shifts to come in “Work”", pushed.len());
    assert!(page.text().contains(&said), "{}", page.text());

    // Nothing has changed: nothing is asked.
    sqlx::query("update shifts set revision = revision + 1 where starts_at > now()")
        .execute(&crew.app.db)
        .await
        .unwrap();
    desk.run().await;
    assert_eq!(desk.line.requests(), 0);

    // Given away: gone, the neighbours hand over to another, and all else is left alone.
    let (shift, uid) = desk.shift().await;
    sqlx::query("update assignments set person_id = $1 where shift_id = $2 and person_id = $3")
        .bind(crew.chen.id)
        .bind(shift)
        .bind(crew.ayse.id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    desk.run().await;
    let after = desk.entries("work").await;
    assert_eq!(after.len(), pushed.len() - 1);
    assert!(after.iter().all(|e| e.uid != uid));
    let mut wanted = events(&feed).await;
    wanted.retain(|e| e.end > now);
    assert_eq!(looks(&after), looks(&wanted));
    let mut changed = 0;
    for new in &after {
        let old = pushed.iter().find(|e| e.uid == new.uid).unwrap();
        if old.description == new.description {
            assert_eq!(old, new);
        } else {
            changed += 1;
            assert_eq!(new.sequence, old.sequence + 1);
        }
    }
    assert_eq!(desk.line.writes().len(), changed + 1);

    // Back: the name that was taken back is not used again.
    sqlx::query("update assignments set person_id = $1 where shift_id = $2 and person_id = $3")
        .bind(crew.ayse.id)
        .bind(shift)
        .bind(crew.chen.id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    desk.run().await;
    assert_eq!(looks(&desk.entries("work").await), looks(&pushed));
    assert!(desk.entry(&uid.replace(".1@", ".2@")).await.is_some());
}

#[tokio::test]
async fn switching_takes_back_what_is_to_come_and_leaves_the_past() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    let there = desk.entries("work").await;
    // Two weeks on, some of them are past.
    desk.crew.app.clock.advance(TimeDelta::days(14));
    let now = desk.crew.app.clock.now();
    let to_come = there.iter().filter(|e| e.end > now).count();
    assert!(to_come > 3 && to_come < there.len());
    desk.choose("home").await;
    desk.run().await;
    assert_eq!(desk.entries("home").await.len(), to_come);
    let left = desk.entries("work").await;
    assert_eq!(left.len(), there.len() - to_come);
    assert!(left.iter().all(|e| e.end <= now), "the past stays");
    let page = desk
        .visitor
        .submit("/calendar/channel", &[("channel", "feed")])
        .await;
    assert!(page.text().contains("by your links only"));
    desk.run().await;
    assert_eq!(desk.entries("home").await, []);
    assert_eq!(desk.entries("work").await, left);
}

#[tokio::test]
async fn what_its_owner_changed_is_theirs_until_they_decide() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    let (_, uid) = desk.shift().await;
    // A reminder is no other version.
    let reminder =
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n";
    desk.edit(&uid, |text| {
        text.replace("END:VEVENT", &format!("{reminder}END:VEVENT"))
    })
    .await;
    for number in ["+44 1", "+44 2"] {
        desk.call(number).await;
        desk.run().await;
        let entry = desk.entry(&uid).await.unwrap();
        assert!(
            entry.description.contains(&format!("Phone {number}\n")),
            "{}",
            entry.description
        );
        let text = desk.server.calendar("work").await.unwrap();
        assert_eq!(text.matches("BEGIN:VALARM").count(), 1, "{number}");
    }
    assert_eq!(desk.notices().await, [""; 0]);

    // Another title is.
    desk.edit(&uid, |text| {
        text.replace("SUMMARY:On call", "SUMMARY:My on call")
    })
    .await;
    let theirs = desk.entry(&uid).await.unwrap();
    desk.call("+44 3").await;
    desk.run().await;
    assert_eq!(desk.entry(&uid).await.unwrap(), theirs, "left as it was");
    assert_eq!(desk.notices().await.len(), 1);
    let page = desk.visitor.get("/calendar").await;
    assert!(
        page.text()
            .contains("You changed this entry in your calendar")
    );
    let decide = page
        .attributes("form[action^='/calendar/entries/']", "action")
        .remove(0);

    // Nobody else's business, and no answer is no answer.
    let ben = desk.crew.visitor(&desk.crew.ben).await;
    assert_eq!(
        ben.post_form(&decide, &[("version", "ours")]).await.status,
        404
    );
    assert_eq!(desk.visitor.post_form(&decide, &[]).await.status, 400);

    let page = desk.visitor.submit(&decide, &[("version", "mine")]).await;
    assert!(page.text().contains("You keep your own version"));
    desk.call("+44 4").await;
    desk.run().await;
    assert_eq!(desk.entry(&uid).await.unwrap(), theirs);
    assert_eq!(desk.notices().await.len(), 1, "said once");

    desk.visitor.submit(&decide, &[("version", "ours")]).await;
    desk.run().await;
    let ours = desk.entry(&uid).await.unwrap();
    assert!(ours.summary.starts_with("On call") && ours.description.contains("+44 4"));
    assert_eq!(
        desk.visitor
            .post_form(&decide, &[("version", "ours")])
            .await
            .status,
        404
    );

    // Removed there: it does not come back by itself.
    let gone = desk.server.ask("DELETE", &Desk::path(&uid), "").await;
    assert!(gone.status().is_success());
    desk.call("+44 5").await;
    desk.run().await;
    assert_eq!(desk.entry(&uid).await, None);
    let page = desk.visitor.get("/calendar").await;
    assert!(
        page.text()
            .contains("You removed this entry in your calendar")
    );
    desk.visitor.submit(&decide, &[("version", "ours")]).await;
    desk.run().await;
    assert!(
        desk.entry(&uid)
            .await
            .unwrap()
            .description
            .contains("+44 5")
    );
}

#[tokio::test]
async fn an_entry_made_a_series_is_one_shift_again_by_our_version() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    let (_, uid) = desk.shift().await;
    desk.edit(&uid, |text| {
        text.replace(
            "\nSTATUS:",
            "\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20200101T000000Z\r\nLOCATION:Home\r\nSTATUS:",
        )
    })
    .await;
    desk.call("+44 1").await;
    desk.run().await;
    let page = desk.visitor.get("/calendar").await;
    let decide = page
        .attributes("form[action^='/calendar/entries/']", "action")
        .remove(0);
    desk.visitor.submit(&decide, &[("version", "ours")]).await;
    desk.run().await;
    let text = desk.server.ask("GET", &Desk::path(&uid), "").await;
    let text = text.text().await.unwrap();
    assert!(
        !text.contains("RRULE") && !text.contains("EXDATE"),
        "{text}"
    );
    assert!(
        text.contains("LOCATION:Home") && text.contains("+44 1"),
        "{text}"
    );
}

#[tokio::test]
async fn an_edited_entry_of_a_shift_given_away_is_asked_about() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    let (shift, uid) = desk.shift().await;
    desk.edit(&uid, |text| {
        text.replace(
            "\nSTATUS:",
            "\nATTENDEE:mailto:mum@example.com\r\nRRULE:FREQ=DAILY\r\nSTATUS:",
        )
    })
    .await;
    sqlx::query("update assignments set person_id = $1 where shift_id = $2 and person_id = $3")
        .bind(desk.crew.chen.id)
        .bind(shift)
        .bind(desk.crew.ayse.id)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    desk.run().await;
    assert!(desk.entry(&uid).await.is_some());
    let page = desk.visitor.get("/calendar").await;
    let decide = page
        .attributes("form[action^='/calendar/entries/']", "action")
        .remove(0);
    desk.visitor.submit(&decide, &[("version", "ours")]).await;
    desk.run().await;
    assert_eq!(desk.entry(&uid).await, None);
}

#[tokio::test]
async fn a_password_that_stops_working_is_tried_no_further_and_said_once() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    desk.server.set_password("another");
    desk.line.requests();
    for number in ["+44 1", "+44 2", "+44 3"] {
        desk.call(number).await;
        desk.run().await;
    }
    assert_eq!(
        desk.line.requests(),
        1,
        "who asks again and again is locked out"
    );
    assert_eq!(
        desk.notices().await,
        ["Your shifts don't get into your calendar: Work"]
    );
    let page = desk.visitor.get("/calendar").await;
    assert!(
        page.text().contains("doesn't accept the user and password"),
        "{}",
        page.text()
    );
    // By hand it is tried, and refused again.
    desk.visitor.submit("/calendar/channel/attempt", &[]).await;
    desk.run().await;
    assert_eq!(desk.line.requests(), 1);
    assert_eq!(desk.notices().await.len(), 1);
    // The new one is entered where the account is connected.
    let key = desk.crew.app.state.site.secret_key.clone();
    desk.enter_password("another", key.as_ref()).await;
    desk.run().await;
    let (_, uid) = desk.shift().await;
    assert!(
        desk.entry(&uid)
            .await
            .unwrap()
            .description
            .contains("+44 3")
    );
    let page = desk.visitor.get("/calendar").await;
    assert_eq!(page.all("#stuck"), [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_down_is_asked_again_and_a_calendar_that_is_gone_is_not() {
    let mut desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    desk.server.stop().await;
    desk.call("+44 1").await;
    desk.run().await;
    desk.call("+44 2").await;
    desk.run().await;
    let page = desk.visitor.get("/calendar").await;
    assert!(
        page.text().contains("The server answers 502"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("Fairshift tries again on"),
        "{}",
        page.text()
    );
    let planned: i64 = sqlx::query_scalar(
        "select count(*) from jobs where kind = 'calendar.out' and state = 'waiting'",
    )
    .fetch_one(&desk.crew.app.db)
    .await
    .unwrap();
    assert_eq!(planned, 1, "one chain of attempts");
    desk.line.requests();
    desk.crew.app.clock.advance(TimeDelta::minutes(1));
    desk.run().await;
    assert_eq!(desk.line.requests(), 1);
    desk.server.go().await;
    desk.crew.app.clock.advance(TimeDelta::minutes(5));
    desk.run().await;
    let (_, uid) = desk.shift().await;
    assert!(
        desk.entry(&uid)
            .await
            .unwrap()
            .description
            .contains("+44 2")
    );
    assert_eq!(desk.notices().await, [""; 0], "it mended itself");

    let gone = desk
        .server
        .ask("DELETE", &format!("/{USER}/work/"), "")
        .await;
    assert!(gone.status().is_success());
    desk.call("+44 3").await;
    desk.run().await;
    let page = desk.visitor.get("/calendar").await;
    assert!(
        page.text().contains("The calendar is not there any more"),
        "{}",
        page.text()
    );
    assert_eq!(desk.notices().await.len(), 1);
    desk.line.requests();
    desk.call("+44 4").await;
    desk.run().await;
    assert_eq!(desk.line.requests(), 0);
    desk.choose("home").await;
    desk.run().await;
    assert!(desk.entries("home").await.len() > 10);
    let page = desk.visitor.get("/calendar").await;
    assert_eq!(page.all("#stuck"), [""; 0]);
}

#[tokio::test]
async fn one_entry_that_the_server_refuses_holds_up_no_other() {
    let desk = Desk::new().await;
    let (_, uid) = desk.shift().await;
    let file = uid.replace('@', "-");
    desk.line.set(Mode::Refuse("PUT", file.clone(), 403));
    desk.choose("work").await;
    desk.run().await;
    let feed = desk.crew.feed(&desk.crew.ayse, "").await;
    // What ends meanwhile stays where it is.
    let now = desk.crew.app.clock.now();
    let wanted = async || {
        let mut wanted = events(&feed).await;
        wanted.retain(|e| e.end > now);
        wanted
    };
    let there = desk.entries("work").await;
    assert_eq!(there.len(), wanted().await.len() - 1, "all but one");
    assert_eq!(desk.entry(&uid).await, None);
    let page = desk.visitor.get("/calendar").await;
    let said = page.text();
    assert!(
        said.contains("The server does not take On call") && said.contains("(403)"),
        "{said}"
    );
    assert!(said.contains("Fairshift tries again on"), "{said}");
    // What comes after it gets there as well, and so does the one, once it may.
    desk.call("+44 1").await;
    desk.run().await;
    let there = desk.entries("work").await;
    assert!(
        there
            .iter()
            .filter(|e| e.description.contains("+44 1"))
            .count()
            > 3
    );
    desk.line.set(Mode::Good);
    desk.crew.app.clock.advance(TimeDelta::hours(2));
    desk.run().await;
    assert_eq!(looks(&desk.entries("work").await), looks(&wanted().await));
    let page = desk.visitor.get("/calendar").await;
    assert_eq!(page.all("#stuck"), [""; 0]);
    // One that can't be removed, either.
    let shift = uid.split('-').nth(1).unwrap().parse::<i64>().unwrap();
    desk.line.set(Mode::Refuse("DELETE", file, 405));
    sqlx::query("update assignments set person_id = null where shift_id = $1")
        .bind(shift)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    desk.call("+44 2").await;
    desk.run().await;
    let there = desk.entries("work").await;
    assert!(
        there.iter().any(|e| e.uid == uid) && there.iter().any(|e| e.description.contains("+44 2"))
    );
    // A calendar that takes nothing at all is another matter.
    desk.choose("home").await;
    desk.line.set(Mode::Refuse("PUT", "/home/".to_owned(), 403));
    desk.line.writes();
    desk.run().await;
    let mut tried = desk.line.writes();
    tried.retain(|(method, ..)| method == "PUT");
    assert!(
        (1..10).contains(&tried.len()),
        "not all of them are tried: {tried:?}"
    );
    let page = desk.visitor.get("/calendar").await;
    assert!(
        page.text()
            .contains("doesn't let Fairshift write into this calendar"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn a_calendar_that_moved_into_a_private_network_is_not_written_to() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    let closed = AppState {
        fetcher: fairshift::fetch::Fetcher::new(false),
        ..desk.crew.app.state.clone()
    };
    run(&desk.crew, &closed).await;
    assert_eq!(desk.line.requests(), 0, "nobody connected");
    let page = desk.visitor.get("/calendar").await;
    assert_eq!(page.all("#stuck").len(), 1, "{}", page.text());
}

#[tokio::test]
async fn shifts_that_are_read_back_count_for_nothing() {
    let desk = Desk::new().await;
    let value = format!("{} /{USER}/work/", desk.source);
    let fields = [("channel", "push"), ("calendar", &value), ("busy", "yes")];
    desk.visitor.submit("/calendar/channel", &fields).await;
    desk.run().await;
    let there = desk.entries("work").await;
    assert!(there.len() > 10 && there.iter().all(|e| e.transparency == "OPAQUE"));
    let path = format!("/availability/calendars/{}/calendars", desk.source);
    let work = format!("/{USER}/work/");
    desk.visitor.submit(&path, &[("calendar", &work)]).await;
    desk.run().await;
    let read: (i64, i64) = sqlx::query_as(
        "select (select count(*) from sources where good_at is not null and entries > 10), (select count(*) from source_spans)",
    )
    .fetch_one(&desk.crew.app.db)
    .await
    .unwrap();
    assert_eq!(read, (1, 0));
    // A meeting of her own beside them does count.
    let soon = desk.crew.app.clock.now() + TimeDelta::days(3);
    let meeting = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:own\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{}\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        soon.format("%Y%m%dT%H%M%SZ")
    );
    let put = desk
        .server
        .ask("PUT", &format!("{work}own.ics"), &meeting)
        .await;
    assert!(put.status().is_success(), "{}", put.status());
    desk.crew.app.clock.advance(TimeDelta::hours(2));
    desk.run().await;
    let spans: i64 = sqlx::query_scalar("select count(*) from source_spans")
        .fetch_one(&desk.crew.app.db)
        .await
        .unwrap();
    assert_eq!(spans, 1);
}

#[tokio::test]
async fn versions_made_weak_on_the_way_are_written_over_all_the_same() {
    let desk = Desk::new().await;
    desk.line.set(Mode::Weak);
    desk.choose("work").await;
    desk.run().await;
    desk.call("+44 1").await;
    desk.run().await;
    let (_, uid) = desk.shift().await;
    let entry = desk.entry(&uid).await.unwrap();
    assert!(entry.description.contains("+44 1"), "{}", entry.description);
    assert_eq!(desk.visitor.get("/calendar").await.all("#stuck"), [""; 0]);
}

#[tokio::test]
async fn while_the_server_is_asked_no_connection_is_held_and_nobody_else_writes() {
    let desk = Desk::new().await;
    let db = &desk.crew.app.db;
    desk.choose("work").await;
    desk.line.set(Mode::Deaf("PUT"));
    let state = desk.crew.app.state.clone();
    let present = Clock::system().now() + TimeDelta::seconds(1);
    desk.crew.app.clock.set(present);
    let pushing = tokio::spawn(async move { jobs::run_due(&state, &app::handlers()).await });
    desk.line.swallowed().await;
    assert_eq!(
        usize::try_from(db.size()).unwrap(),
        db.num_idle(),
        "all are idle"
    );
    // An attempt that was planned before the one under way comes due.
    let person = desk.crew.ayse.id.0;
    sqlx::query(
        "insert into jobs (id, kind, key, lane, payload, created_at, due_at, next_at) overriding system value
        values (-1, 'calendar.out', 'again', 'calendar.out:' || $1, jsonb_build_object('person', $1), now(), $2, $2)",
    )
    .bind(person)
    .bind(present)
    .execute(db)
    .await
    .unwrap();
    desk.line.requests();
    jobs::run_due(&desk.crew.app.state, &app::handlers())
        .await
        .unwrap();
    assert_eq!(desk.line.requests(), 0, "it stands aside");
    let aside: i64 = sqlx::query_scalar(
        "select count(*) from jobs where key like '%:aside:-1:%' and state = 'waiting'",
    )
    .fetch_one(db)
    .await
    .unwrap();
    assert_eq!(aside, 1);
    pushing.abort();
}

#[tokio::test]
async fn an_account_is_removed_and_takes_its_entries_back_first() {
    let desk = Desk::new().await;
    let db = &desk.crew.app.db;
    desk.choose("work").await;
    desk.run().await;
    let there = desk.entries("work").await.len();
    let path = format!("/availability/calendars/{}", desk.source);
    let page = desk.visitor.get(&path).await;
    let said = format!(
        "Your shifts are written into “Work” by this account. The {there} to come are taken out of it first"
    );
    assert!(page.text().contains(&said), "{}", page.text());
    let page = desk.visitor.submit(&format!("{path}/removal"), &[]).await;
    let said = page.text();
    assert!(
        said.contains("being taken out of its calendars")
            && said.contains("by your links only now"),
        "{said}"
    );
    let sealed = async || -> i64 {
        sqlx::query_scalar("select count(sealed) from calendar_channels")
            .fetch_one(db)
            .await
            .unwrap()
    };
    assert_eq!(sealed().await, 1);
    desk.run().await;
    assert_eq!(desk.entries("work").await, []);
    assert_eq!(sealed().await, 0, "the password is forgotten");
    let page = desk.visitor.get("/calendar").await;
    assert_eq!(page.all("#stuck"), [""; 0]);
    assert_eq!(
        page.attributes("input[name=channel][checked]", "value"),
        ["feed"]
    );
    assert_eq!(desk.notices().await, [""; 0]);
}

#[tokio::test]
async fn the_pages_of_an_account_in_every_look() {
    let desk = Desk::new().await;
    let (_, uid) = desk.shift().await;
    desk.line
        .set(Mode::Refuse("PUT", uid.replace('@', "-"), 403));
    desk.choose("work").await;
    desk.run().await;
    let browser = Browser::open().await;
    let url = &desk.crew.app.url;
    browser
        .sign_in(url, &desk.crew.ayse.email, fixtures::PASSWORD)
        .await;
    browser.wait("form[action='/sign-out']").await;
    let account = format!("/availability/calendars/{}", desk.source);
    for (path, name) in [
        ("/calendar", "calendar-refused"),
        (&account, "calendar-account"),
    ] {
        browser.goto(format!("{url}{path}")).await.unwrap();
        crate::a11y::look(&browser, name).await;
    }
}

#[tokio::test]
async fn entries_that_a_removed_account_cannot_take_back_are_told() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    desk.server.set_password("another");
    let path = format!("/availability/calendars/{}/removal", desk.source);
    desk.visitor.submit(&path, &[]).await;
    desk.run().await;
    assert_eq!(
        desk.notices().await,
        ["Shifts are left in your calendar: Work"]
    );
    let sealed: i64 = sqlx::query_scalar("select count(sealed) from calendar_channels")
        .fetch_one(&desk.crew.app.db)
        .await
        .unwrap();
    assert_eq!(sealed, 0);
}

/// Waits until that holds of the calendar on the server, and says how long it took.
async fn until(desk: &Desk, holds: impl Fn(&[SeenEvent]) -> bool) -> std::time::Duration {
    let begun = std::time::Instant::now();
    while !holds(&desk.entries("work").await) {
        assert!(begun.elapsed().as_secs() < 50, "{:?}", begun.elapsed());
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publication_and_cover_reach_the_calendar_well_within_a_minute() {
    let desk = Desk::new().await;
    let crew = &desk.crew;
    // Somebody who has no shifts yet.
    let dana = fixtures::person(
        &crew.app.db,
        "dana",
        "Dana Levi",
        chrono_tz::Europe::Istanbul,
    )
    .await;
    fixtures::join(&crew.app.db, &crew.team, &dana, false, true).await;
    sqlx::query("insert into leg_members (leg_id, person_id) values ($1, $2)")
        .bind(crew.rotation.leg)
        .bind(dana.id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    // By the real clock, with a worker that does as it does in a service; notices wait, to be read here.
    let state = AppState {
        clock: Clock::system(),
        ..crew.app.state.clone()
    };
    let handlers = fairshift::cover::handle(jobs::Handlers::new());
    let handlers = fairshift::calendars::handlers(handlers);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(jobs::work(state, handlers, stopped));
    desk.choose("work").await;
    until(&desk, |all| all.len() > 15).await;

    // The manager publishes a month of which nothing was published.
    let before = desk.entries("work").await.len();
    let last: DateTime<Utc> = sqlx::query_scalar("select max(ends_at) from on_call")
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    let month = fairshift::vocab::Month::of(last.date_naive());
    let carla = crew.visitor(&crew.carla).await;
    let page = carla.get(&format!("/teams/payments/plan/{month}")).await;
    let [rotation, basis] = ["rotation", "basis"].map(|name| crate::planning::value(&page, name));
    let published = carla
        .post_form(
            &format!("/teams/payments/plan/{month}/publication"),
            &[("rotation", &rotation), ("basis", &basis)],
        )
        .await;
    assert_eq!(published.status, 303, "{}", published.text());
    let took = until(&desk, |all| all.len() > before + 5).await;
    println!("a publication reached the calendar in {took:?}");
    assert!(took.as_secs() < 30, "{took:?}");

    // She can't make a shift, and somebody agrees to take it.
    let (shift, uid) = desk.shift().await;
    let role = crew.rotation.roles[0].to_string();
    let shift = shift.to_string();
    let fields = [
        ("shift", shift.as_str()),
        ("role", &role),
        ("kind", "cover"),
    ];
    let asked = desk.visitor.post_form("/covers", &fields).await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    let begun = std::time::Instant::now();
    let link: String = loop {
        let link = sqlx::query_scalar(
            "select payload -> 'actions' -> 0 ->> 'path' from jobs where kind = 'notice' and payload ->> 'topic' = 'cover_ask'",
        )
        .fetch_optional(&crew.app.db)
        .await
        .unwrap();
        if let Some(link) = link {
            break link;
        }
        if begun.elapsed().as_secs() > 40 {
            let page = desk.visitor.get(&asked.location()).await;
            panic!("nobody is asked: {}", page.text());
        }
    };
    let visitor = crew.app.visitor();
    let yes = visitor
        .post_form(&format!("{link}/answer"), &[("choice", "agree")])
        .await;
    assert_eq!(yes.status, 303, "{}", yes.text());
    let took = until(&desk, |all| all.iter().all(|e| e.uid != uid)).await;
    println!("a cover reached the calendar in {took:?}");
    assert!(took.as_secs() < 30, "{took:?}");
    stop.send(true).unwrap();
    worker.await.unwrap();
}

/// The key that the program and the test share.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_writing_and_knowing_it_writes_nothing_twice() {
    let desk = Desk::new().await;
    let crew = &desk.crew;
    desk.choose("work").await;
    let key: SecretKey = KEY.parse().unwrap();
    desk.enter_password(PASSWORD, Some(&key)).await;
    let start = || {
        let mut command = fairshift(&["--listen", "127.0.0.1:0"]);
        let options = crew.app.db.connect_options();
        let url = sqlx::ConnectOptions::to_url_lossy(&*options);
        command.env("DATABASE_URL", url.to_string());
        command.env("FAIRSHIFT_PUBLIC_URL", &crew.app.url);
        command.env("FAIRSHIFT_ALLOW_PRIVATE_ADDRESSES", "true");
        command.env("FAIRSHIFT_SECRET_KEY", KEY);
        Running::start(command)
    };
    let site = Site {
        secret_key: Some(key),
        ..(*crew.app.state.site).clone()
    };
    let state = AppState {
        site: Arc::new(site),
        ..crew.app.state.clone()
    };
    // Killed while it creates, while it changes, and while it removes.
    let steps = [("PUT", "nothing"), ("PUT", "call"), ("DELETE", "leave")];
    for (method, change) in steps {
        match change {
            "call" => desk.call("+44 1").await,
            "leave" => {
                sqlx::query("update assignments set person_id = null where person_id = $1 and starts_at > now()")
                    .bind(crew.ayse.id)
                    .execute(&crew.app.db)
                    .await
                    .unwrap();
            }
            _ => {}
        }
        desk.line.set(Mode::Deaf(method));
        let program = start();
        desk.line.swallowed().await;
        program.end("-KILL");
        desk.line.set(Mode::Good);
        // Its lease runs out.
        sqlx::query(
            "update jobs set leased_until = now() - interval '1 second' where state = 'running'",
        )
        .execute(&crew.app.db)
        .await
        .unwrap();
        run(crew, &state).await;
        let mut seen = desk.entries("work").await;
        let mut wanted = events(&crew.feed(&crew.ayse, "").await).await;
        wanted.retain(|e| e.end > crew.app.clock.now());
        assert_eq!(looks(&seen), looks(&wanted), "{change}");
        assert_eq!(seen.len(), wanted.len(), "{change}");
        seen.sort_by_key(|e| e.uid.clone());
        seen.dedup_by_key(|e| e.uid.clone());
        assert_eq!(seen.len(), wanted.len(), "{change}");
        let unsure: i64 = sqlx::query_scalar("select count(*) from calendar_deliveries where intent is not null or standing in ('conflict', 'kept')")
            .fetch_one(&crew.app.db)
            .await
            .unwrap();
        assert_eq!(unsure, 0, "{change}");
    }
    let clashes = desk.line.writes();
    assert!(
        clashes
            .iter()
            .all(|(.., status)| *status < 300 || *status == 412 || *status == 404),
        "{clashes:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::too_many_lines)] // Whatever may be logged, done once.
async fn nothing_secret_is_logged_however_much_is_logged() {
    let desk = Desk::new().await;
    let crew = &desk.crew;
    let key: SecretKey = KEY.parse().unwrap();
    desk.enter_password(PASSWORD, Some(&key)).await;
    let own = crate::support::program::DataFolder::new("trace");
    std::fs::create_dir_all(&own.path).unwrap();
    let log = own.path.join("log");
    let said = || std::fs::read_to_string(&log).unwrap();
    let mut command = fairshift(&["--listen", "127.0.0.1:0", "--log", "trace"]);
    let options = crew.app.db.connect_options();
    command.env(
        "DATABASE_URL",
        sqlx::ConnectOptions::to_url_lossy(&*options).to_string(),
    );
    command.env("FAIRSHIFT_ALLOW_PRIVATE_ADDRESSES", "true");
    command.env("FAIRSHIFT_SECRET_KEY", KEY);
    command.stderr(std::fs::File::create(&log).unwrap());
    let mut program = command.spawn().unwrap();
    let url = loop {
        let said = said();
        if let Some((_, rest)) = said.split_once("listening on ") {
            break rest
                .split_whitespace()
                .next()
                .unwrap()
                .trim_end_matches('"')
                .to_owned();
        }
        assert!(program.try_wait().unwrap().is_none(), "{said}");
    };
    let ayse = Visitor::new(&url);
    ayse.sign_in(&crew.ayse.email, fixtures::PASSWORD).await;
    // Connected by an address that works, one that doesn't, and with a wrong password and the right one.
    let calendars = "/availability/calendars";
    let secret = format!("{}/private-9f3c/basic.ics", desk.line.url);
    ayse.post_form(&format!("{calendars}/addresses"), &[("address", &secret)])
        .await;
    // One that leads on, and what it says of her.
    let other = Server::start().await;
    let moved = format!("location: {}", other.at("/moved-8e2a/basic.ics"));
    other.reply("/first-4c1d/basic.ics", Reply::Header(302, moved));
    let titled = crate::sources::calendar(&["DTSTART:20261201T070000Z\nLOCATION:Ward 9"]);
    other.reply("/moved-8e2a/basic.ics", Reply::Calendar(titled));
    let leads_on = other.at("/first-4c1d/basic.ics");
    let page = ayse
        .post_form(&format!("{calendars}/addresses"), &[("address", &leads_on)])
        .await;
    assert_eq!(page.status, 303, "{}", page.text());
    for (password, status) in [("wrong-5d21", 422), (PASSWORD, 303)] {
        let fields = [
            ("server", desk.line.url.as_str()),
            ("user", USER),
            ("password", password),
        ];
        let page = ayse
            .post_form(&format!("{calendars}/accounts"), &fields)
            .await;
        assert_eq!(page.status, status, "{}", page.text());
    }
    // Shifts are pushed, and one is changed.
    let value = format!("{} /{USER}/work/", desk.source);
    ayse.submit(
        "/calendar/channel",
        &[("channel", "push"), ("calendar", &value)],
    )
    .await;
    until(&desk, |all| all.len() > 15).await;
    desk.call("+44 1").await;
    until(&desk, |all| {
        all.iter().any(|e| e.description.contains("+44 1"))
    })
    .await;
    desk.server.set_password("another-77aa");
    desk.call("+44 2").await;
    let refused = async || -> bool {
        sqlx::query_scalar("select state = 'refused' from calendar_channels")
            .fetch_one(&crew.app.db)
            .await
            .unwrap()
    };
    while !refused().await {
        tokio::task::yield_now().await;
    }
    program.kill().unwrap();
    program.wait().unwrap();
    let said = said();
    assert!(said.contains("TRACE"), "it is logged in full");
    let basic = |password: &str| {
        base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{password}"))
    };
    for secret in [
        "private-9f3c",
        "first-4c1d",
        "moved-8e2a",
        "Very private",
        "Ward 9",
        "wrong-5d21",
        &basic("wrong-5d21"),
        PASSWORD,
        &basic(PASSWORD),
        KEY,
    ] {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test]
async fn who_leaves_gets_nothing_more() {
    let desk = Desk::new().await;
    desk.choose("work").await;
    desk.run().await;
    let today = desk.crew.app.clock.now().date_naive();
    sqlx::query("update people set left_on = $2 where id = $1")
        .bind(desk.crew.ayse.id)
        .bind(today)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    desk.run().await;
    assert_eq!(desk.entries("work").await, []);
}

#[tokio::test]
async fn a_wrong_choice_is_told_at_its_field() {
    let desk = Desk::new().await;
    let other = format!("{} /ben/work/", desk.source);
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[], "Choose one of the ways."),
        (&[("channel", "pigeon")], "Choose one of the ways."),
        (
            &[("channel", "push")],
            "Choose the calendar that your shifts go into.",
        ),
        (
            &[("channel", "push"), ("calendar", &other)],
            "Choose the calendar that your shifts go into.",
        ),
        (
            &[("channel", "push"), ("calendar", "")],
            "Choose the calendar that your shifts go into.",
        ),
    ];
    for (fields, said) in cases {
        let page = desk.visitor.post_form("/calendar/channel", fields).await;
        assert_eq!(page.status, 422, "{fields:?}");
        assert!(
            page.all(".problem a").contains(&said.to_owned()),
            "{fields:?}: {}",
            page.text()
        );
    }
    let ben = desk.crew.visitor(&desk.crew.ben).await;
    let hers = format!("{} /{USER}/work/", desk.source);
    let page = ben
        .post_form(
            "/calendar/channel",
            &[("channel", "push"), ("calendar", &hers)],
        )
        .await;
    assert_eq!(page.status, 422, "somebody else's account");
    desk.run().await;
    assert_eq!(desk.entries("work").await, []);
}

#[tokio::test]
async fn in_a_browser_a_calendar_is_chosen_and_left_again() {
    let desk = Desk::new().await;
    for scripts in [true, false] {
        let browser = Browser::open().await;
        browser.scripts(scripts).await;
        let url = &desk.crew.app.url;
        browser
            .sign_in(url, &desk.crew.ayse.email, fixtures::PASSWORD)
            .await;
        browser.wait("form[action='/sign-out']").await;
        let choose = async |way: &str| {
            browser.goto(format!("{url}/calendar")).await.unwrap();
            let way = format!("input[name=channel][value={way}]");
            browser.press(&way).await;
        };
        let save = async |said: &str| {
            let form = "form[action='/calendar/channel'] > button";
            browser.follow(form).await;
            browser.shows(".flash", said).await;
        };
        choose("push").await;
        let calendar = browser.wait("#calendar").await;
        calendar.send_keys("Work").await.unwrap();
        save("written into your calendar").await;
        desk.run().await;
        browser.goto(format!("{url}/calendar")).await.unwrap();
        let form = "form[action='/calendar/channel']";
        browser.shows(form, "to come in “Work”, as of").await;
        assert!(desk.entries("work").await.len() > 10);
        choose("feed").await;
        save("by your links only").await;
        desk.run().await;
        let now = desk.crew.app.clock.now();
        assert!(desk.entries("work").await.iter().all(|e| e.end <= now));
    }
}
