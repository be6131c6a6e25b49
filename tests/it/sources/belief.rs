//! What is believed of a calendar, and what is not: the owner's choices win over readings under way, and
//! nothing is taken to be free because a server said little.

use std::sync::Arc;

use chrono::TimeDelta;
use fairshift::availability;
use tokio::sync::Notify;

use super::server::{Reply, Server};
use super::{AWAY, HALF, HOME, MEETING, Stage, calendar, run, upload};
use crate::support::visitor::Page;

/// An answer of a CalDAV server, with these responses in it.
pub fn dav(responses: &str) -> Reply {
    let body = format!(
        r#"<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/">{responses}</multistatus>"#
    );
    Reply::With(207, "application/xml", body.into_bytes())
}

/// A resource with these properties.
pub fn resource(href: &str, prop: &str) -> String {
    format!(
        "<response><href>{href}</href><propstat><prop>{prop}</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
    )
}

/// An entry of a calendar.
pub fn entry(href: &str, events: &[&str]) -> String {
    resource(
        href,
        &format!("<C:calendar-data>{}</C:calendar-data>", calendar(events)),
    )
}

/// A server with one account that has one calendar, `/c/`, of these responses.
pub fn account(server: &Server, responses: &str) {
    let home = "<C:calendar-home-set><href>/h/</href></C:calendar-home-set>";
    server.reply("/", dav(&resource("/", home)));
    let kind =
        "<resourcetype><collection/><C:calendar/></resourcetype><displayname>Work</displayname>";
    server.reply("/h/", dav(&resource("/c/", kind)));
    server.reply("/c/", dav(responses));
}

impl Stage {
    /// Ayşe's account on a server.
    pub async fn connect_account(&self, server: &Server) -> Page {
        let typed = [
            ("server", server.url.as_str()),
            ("user", "ayse"),
            ("password", "one"),
        ];
        let accounts = format!("{HOME}/accounts");
        self.ayse.post_form(&accounts, &typed).await
    }

    /// Chooses calendars of the only account.
    pub async fn choose(&self, hrefs: &[&str]) -> Page {
        let id: i64 = self.one("select id from sources").await;
        let fields: Vec<_> = hrefs.iter().map(|href| ("calendar", *href)).collect();
        let path = format!("{HOME}/{id}/calendars");
        self.ayse.submit(&path, &fields).await
    }

    /// Begins a reading that waits for its answer; what lets it go, and the reading.
    async fn reading(
        &self,
        path: &str,
        reply: Reply,
    ) -> (Arc<Notify>, tokio::task::JoinHandle<usize>) {
        let let_go = Arc::new(Notify::new());
        let later = Reply::Later(Arc::clone(&let_go), Box::new(reply));
        self.server.reply(path, later);
        let asked = self.server.asked().len();
        self.app.clock.advance(TimeDelta::hours(2));
        let state = self.app.state.clone();
        let reading = tokio::spawn(async move { run(&state).await });
        self.server.asked_for(asked + 1).await;
        (let_go, reading)
    }
}

#[tokio::test]
async fn a_choice_made_during_a_reading_wins_over_it() {
    let stage = Stage::set().await;
    let half = entry("/c/1.ics", &[HALF]);
    account(&stage.server, &half);
    stage.connect_account(&stage.server).await;
    stage.choose(&["/c/"]).await;
    stage.run().await;
    assert_eq!(stage.december().await, Some(50));
    let (let_go, reading) = stage.reading("REPORT /c/", dav(&half)).await;
    stage.choose(&[]).await;
    let_go.notify_one();
    reading.await.unwrap();
    assert_eq!((stage.spans().await, stage.december().await), (0, None));
    let is_planned: bool = stage.one("select next_at is not null from sources").await;
    assert!(!is_planned, "nothing is chosen, so nothing is read");
}

#[tokio::test]
async fn an_address_entered_during_a_reading_wins_over_it() {
    let stage = Stage::set().await;
    let (half, meeting) = (calendar(&[HALF]), calendar(&[MEETING]));
    stage
        .server
        .reply("/old.ics", Reply::Calendar(half.clone()));
    stage.server.reply("/new.ics", Reply::Calendar(meeting));
    stage.connect("/old.ics").await;
    let again = calendar(&[HALF, AWAY]);
    let (let_go, reading) = stage.reading("/old.ics", Reply::Calendar(again)).await;
    let id: i64 = stage.one("select id from sources").await;
    let address = stage.server.at("/new.ics");
    let secret = format!("{HOME}/{id}/secret");
    stage.ayse.submit(&secret, &[("address", &address)]).await;
    let known =
        "select etag || spans from sources, lateral (select count(*) as spans from source_spans) s";
    let before: String = stage.one(known).await;
    let_go.notify_one();
    reading.await.unwrap();
    assert_eq!(stage.one::<String>(known).await, before);
    assert_eq!(stage.december().await, Some(1));
    // Nor does a failure of the old one count against the new one.
    let failure = Reply::With(500, "text/plain", vec![]);
    let (let_go, reading) = stage.reading("/new.ics", failure).await;
    stage.server.reply("/old.ics", Reply::Calendar(half));
    let address = stage.server.at("/old.ics");
    stage.ayse.submit(&secret, &[("address", &address)]).await;
    let_go.notify_one();
    reading.await.unwrap();
    assert_eq!(stage.one::<i32>("select failures from sources").await, 0);
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
async fn not_modified_is_believed_only_where_it_was_asked() {
    let stage = Stage::set().await;
    let unmodified = Reply::Header(304, "etag: \"1\"".to_owned());
    stage.server.reply("/c.ics", unmodified.clone());
    let address = stage.server.at("/c.ics");
    let fields = [("address", address.as_str())];
    let addresses = format!("{HOME}/addresses");
    let page = stage.ayse.post_form(&addresses, &fields).await;
    assert_eq!(page.status, 422);
    let said = page.all("#address-error").join("");
    assert!(said.contains("without having given the calendar"), "{said}");
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    stage.server.reply("/c.ics", unmodified);
    stage.read_again().await;
    assert_eq!(stage.one::<i32>("select failures from sources").await, 0);
    // A day later the whole is asked for.
    stage.app.clock.advance(TimeDelta::hours(21));
    stage.run().await;
    assert_eq!(stage.one::<i32>("select failures from sources").await, 1);
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
async fn a_part_of_an_account_is_not_taken_for_all_of_it() {
    let stage = Stage::set().await;
    let (one, two) = (entry("/c/1.ics", &[HALF]), entry("/c/2.ics", &[AWAY]));
    account(&stage.server, &format!("{one}{two}"));
    stage.connect_account(&stage.server).await;
    stage.choose(&["/c/"]).await;
    stage.run().await;
    assert_eq!(stage.december().await, Some(57));
    let status = |href: &str, status: &str| {
        format!("<response><href>{href}</href><status>HTTP/1.1 {status}</status></response>")
    };
    let named = resource("/c/2.ics", "<getetag>1</getetag>");
    let lacks = "<response><href>/c/2.ics</href><propstat><prop><C:calendar-data/></prop><status>HTTP/1.1 404 Not Found</status></propstat></response>".to_owned();
    for (more, by_name, words) in [
        (
            status("/c/", "507 Insufficient Storage"),
            String::new(),
            "only a part of the calendar (507)",
        ),
        (
            status("/c/2.ics", "503 Service Unavailable"),
            String::new(),
            "does not give an entry of the calendar (503)",
        ),
        (
            named.clone(),
            String::new(),
            "does not give what is in them",
        ),
        (lacks.clone(), lacks, "does not give what is in them"),
    ] {
        stage
            .server
            .reply("REPORT /c/", dav(&format!("{one}{more}")));
        stage.server.reply("MULTIGET /c/", dav(&by_name));
        let page = stage.read_again().await;
        assert!(page.text().contains(words), "{words}: {}", page.text());
        assert_eq!(stage.december().await, Some(57), "{words}");
    }
    // What is only named is asked for by name; what is gone meanwhile is gone; the calendar itself is no entry.
    let calendar = resource("/c/", "<getetag>1</getetag>");
    let gone = status("/c/3.ics", "404 Not Found");
    stage
        .server
        .reply("REPORT /c/", dav(&format!("{calendar}{one}{named}{gone}")));
    stage.server.reply("MULTIGET /c/", dav(&two));
    let page = stage.read_again().await;
    assert!(!page.text().contains("It can't be read"), "{}", page.text());
    assert_eq!(stage.december().await, Some(57));
    assert_eq!(stage.one::<i32>("select entries from sources").await, 2);
}

#[tokio::test]
async fn an_account_that_has_not_changed_is_not_read_whole() {
    let stage = Stage::set().await;
    account(&stage.server, &entry("/c/1.ics", &[HALF]));
    let version = |n: u8| dav(&resource("/c/", &format!("<S:getctag>{n}</S:getctag>")));
    stage.server.reply("PROPFIND /c/", version(1));
    stage.connect_account(&stage.server).await;
    stage.choose(&["/c/"]).await;
    stage.run().await;
    assert_eq!(stage.december().await, Some(50));
    let reports = || {
        let asked = stage.server.asked();
        asked
            .iter()
            .filter(|line| line.starts_with("REPORT"))
            .count()
    };
    assert_eq!(reports(), 1);
    stage.read_again().await;
    assert_eq!(reports(), 1);
    stage.server.reply("PROPFIND /c/", version(2));
    stage
        .server
        .reply("/c/", dav(&entry("/c/1.ics", &[MEETING])));
    stage.read_again().await;
    assert_eq!((reports(), stage.december().await), (2, Some(1)));
    // A day later it is all the same: what repeats reaches further.
    stage.app.clock.advance(TimeDelta::hours(21));
    stage.run().await;
    assert_eq!(reports(), 3);
}

#[tokio::test]
async fn a_calendar_shared_as_times_only_is_asked_for_them() {
    let stage = Stage::set().await;
    account(&stage.server, "");
    let refused = Reply::With(403, "text/plain", vec![]);
    let times = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nFREEBUSY:20261201T070000Z/PT2H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    stage.server.reply("REPORT /c/", refused.clone());
    stage.server.reply("PROPFIND /c/", refused.clone());
    let times = Reply::With(200, "text/calendar", times.as_bytes().to_vec());
    stage.server.reply("FREEBUSY /c/", times);
    stage.connect_account(&stage.server).await;
    stage.choose(&["/c/"]).await;
    stage.run().await;
    assert_eq!(
        stage.december().await,
        Some(1),
        "{}",
        stage.page().await.text()
    );
    stage.server.reply("FREEBUSY /c/", refused);
    let page = stage.read_again().await;
    assert!(page.text().contains("(403)"), "{}", page.text());
    assert_eq!(stage.december().await, Some(1));
}

#[tokio::test]
async fn a_calendar_server_that_misbehaves_changes_nothing_of_what_is_known() {
    let stage = Stage::set().await;
    let good = entry("/c/1.ics", &[HALF]);
    account(&stage.server, &good);
    stage.connect_account(&stage.server).await;
    stage.choose(&["/c/"]).await;
    stage.run().await;
    let Reply::With(.., whole) = dav(&good) else {
        unreachable!()
    };
    for (reply, words) in [
        (Reply::Drip(whole.clone()), "20 s"),
        (Reply::Cut(whole), "The connection broke"),
        (
            Reply::With(207, "text/html", b"<html></html>".to_vec()),
            "is not CalDAV",
        ),
        (
            Reply::With(200, "text/html", b"<html></html>".to_vec()),
            "is not CalDAV",
        ),
        (
            Reply::With(500, "text/plain", vec![]),
            "a problem of its own (500)",
        ),
        (Reply::Endless, "larger than 10 MB"),
        (Reply::Bomb, "not CalDAV"),
    ] {
        stage.server.reply("REPORT /c/", reply);
        let page = stage.read_again().await;
        let text = page.text();
        assert!(
            text.contains(words) || words == "20 s" && text.contains("No answer in time"),
            "{words}: {text}"
        );
        assert_eq!(stage.december().await, Some(50), "{words}");
    }
}

#[tokio::test]
async fn zones_of_one_name_in_two_entries_are_two() {
    let stage = Stage::set().await;
    let zoned = |href: &str, uid: &str, offset: &str| {
        let data = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Office:20261201T100000\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        resource(href, &format!("<C:calendar-data>{data}</C:calendar-data>"))
    };
    let broken = resource(
        "/c/3.ics",
        "<C:calendar-data>BEGIN:VCALENDAR</C:calendar-data>",
    );
    let all = [
        zoned("/c/1.ics", "a", "+0300"),
        zoned("/c/2.ics", "b", "-0500"),
        broken,
    ]
    .concat();
    account(&stage.server, &all);
    stage.connect_account(&stage.server).await;
    stage.choose(&["/c/"]).await;
    stage.run().await;
    let spans: Vec<String> =
        sqlx::query_scalar("select starts_at::text from source_spans order by 1")
            .fetch_all(&stage.app.db)
            .await
            .unwrap();
    assert_eq!(spans, ["2026-12-01 07:00:00+00", "2026-12-01 15:00:00+00"]);
    let page = stage.page().await;
    assert!(
        page.text().contains("1 of 3 entries could not be read"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn months_beyond_what_was_read_are_not_known() {
    let stage = Stage::set().await;
    let file = calendar(&[HALF]);
    upload(&stage.ayse, &format!("{HOME}/files"), &[], file.as_bytes()).await;
    let known = async || {
        let ayse = stage.crew.ayse.id;
        let months = ["2026-12", "2027-01", "2027-02"].map(|m| m.parse().unwrap());
        let mut conn = stage.app.db.acquire().await.unwrap();
        let known = availability::utilisations(&mut conn, &[ayse], &months).await;
        let known = known.unwrap();
        months.map(|month| known.get(&(ayse, month)).map(|u| u.percent))
    };
    assert_eq!(known().await, [Some(50), Some(0), Some(0)]);
    // It is the same file much later: nothing is known of what it did not reach.
    sqlx::query("update sources set known_until = '2027-02-15'")
        .execute(&stage.app.db)
        .await
        .unwrap();
    let hours = [
        ("month", "2026-12"),
        ("works0_from", "09:00"),
        ("works0_to", "17:00"),
    ];
    stage
        .ayse
        .submit("/availability/working-hours", &hours)
        .await;
    assert_eq!(known().await, [Some(50), Some(0), None]);
    // More times than are kept: the rest is not free.
    let often =
        "DTSTART:20261116T000000Z\nDURATION:PT1M\nRRULE:FREQ=MINUTELY;INTERVAL=2;COUNT=21000";
    let file = calendar(&[often, "DTSTART:20270110T000000Z\nDURATION:PT1M"]);
    let id: i64 = stage.one("select id from sources").await;
    upload(
        &stage.ayse,
        &format!("{HOME}/{id}/file"),
        &[],
        file.as_bytes(),
    )
    .await;
    assert_eq!(stage.spans().await, 20_000);
    let page = stage.page().await;
    assert!(
        page.text().contains("more than 20000 separate times"),
        "{}",
        page.text()
    );
    assert_eq!(known().await, [None, None, None]);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_a_slow_server_waited_for_once() {
    let stage = Stage::set().await;
    let refuses = Reply::With(401, "text/plain", vec![]);
    for (reply, field, words) in [
        (
            refuses,
            "#password-error",
            "refuses the user name or password",
        ),
        (Reply::Silent, "#server-error", "No answer in time"),
    ] {
        let server = Server::start().await;
        server.reply("/", reply);
        let page = stage.connect_account(&server).await;
        assert_eq!(page.status, 422, "{}", page.text());
        let said = page.all(field).join("");
        assert!(
            said.contains(words) || said.contains("longer than 20 s"),
            "{words}: {}",
            page.text()
        );
        assert_eq!(server.asked().len(), 1);
        assert_eq!(
            page.attributes("#server", "value"),
            [server.url.as_str()],
            "what was typed stays"
        );
    }
    // The address as typed leads nowhere: the place that servers tell about does.
    let server = Server::start().await;
    account(&server, "");
    server.reply("/", Reply::With(404, "text/plain", vec![]));
    server.reply(
        "/.well-known/caldav",
        Reply::Header(301, "location: /h/".to_owned()),
    );
    let page = stage.connect_account(&server).await;
    assert_eq!(page.status, 303, "{}", page.text());
}

#[tokio::test]
async fn connecting_is_tried_so_often_and_then_has_to_wait() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    sqlx::query("update source_attempts set attempts = 60")
        .execute(&stage.app.db)
        .await
        .unwrap();
    let asked = stage.server.asked().len();
    let address = stage.server.at("/c.ics");
    let id: i64 = stage.one("select id from sources").await;
    for (path, field) in [
        (format!("{HOME}/addresses"), "#address-error"),
        (format!("{HOME}/{id}/secret"), "#address-error"),
    ] {
        let page = stage.ayse.post_form(&path, &[("address", &address)]).await;
        assert_eq!(page.status, 422);
        assert!(
            page.all(field).join("").contains("tried very often"),
            "{}",
            page.text()
        );
    }
    let (status, body) = upload(&stage.ayse, &format!("{HOME}/files"), &[], b"x").await;
    assert!(status == 422 && body.contains("tried very often"), "{body}");
    let page = stage.connect_account(&stage.server).await;
    assert!(
        page.all("#server-error")
            .join("")
            .contains("tried very often")
    );
    assert_eq!(stage.server.asked().len(), asked, "nobody was asked");
    stage.app.clock.advance(TimeDelta::minutes(11));
    let page = stage.connect("/c.ics").await;
    assert!(page.text().contains("1 entry read"), "{}", page.text());
}

#[tokio::test]
async fn what_has_not_changed_is_not_counted_again_until_the_next_day() {
    let stage = Stage::set().await;
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    // A sign that nobody counted.
    sqlx::query("update booked_times set meeting_minutes = 0")
        .execute(&stage.app.db)
        .await
        .unwrap();
    stage.read_again().await;
    assert_eq!(stage.december().await, Some(0));
    stage.app.clock.advance(TimeDelta::hours(24));
    stage.run().await;
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
async fn leave_by_itself_tells_of_shifts_under_it_and_keeps_what_was_entered() {
    let stage = Stage::set().await;
    let carla = stage.carla().await;
    carla
        .submit("/teams/payments/calendars", &[("accepts", "yes")])
        .await;
    for (from, level, note) in [
        ("2027-01-05", "preferred", ""),
        ("2026-12-08", "unavailable", "Dentist"),
    ] {
        sqlx::query(
            "insert into availability_entries (person_id, starts_at, ends_at, level, note, entered_by, entered_at)
            values ($1, $2::date + time '08:00', $2::date + time '10:00', $3, $4, $1, now())",
        )
        .bind(stage.crew.ayse.id)
        .bind(from.parse::<chrono::NaiveDate>().unwrap())
        .bind(level)
        .bind(note)
        .execute(&stage.app.db)
        .await
        .unwrap();
    }
    sqlx::query("insert into availability_undo (person_id, done_by, done_at, starts_at, ends_at, entries) values ($1, $1, now(), '2027-01-05', '2027-01-06', '[]')")
        .bind(stage.crew.ayse.id)
        .execute(&stage.app.db)
        .await
        .unwrap();
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[AWAY])));
    stage.connect("/c.ics").await;
    let leave: Vec<String> = sqlx::query_scalar(
        "select note || ' ' || (ends_at - starts_at)::text from availability_entries where level = 'leave' order by starts_at",
    )
    .fetch_all(&stage.app.db)
    .await
    .unwrap();
    assert_eq!(leave.len(), 3, "{leave:?}");
    assert!(leave[1].starts_with("Dentist 02:00"), "{leave:?}");
    // She is on call on three of these days: both hear of them, in one message.
    let told: i64 = stage
        .one("select count(*) from jobs where key like '%calendar.clash%'")
        .await;
    assert_eq!(told, 2);
    let title: String = stage
        .one("select payload->>'title' from jobs where key like '%calendar.clash%' order by id limit 1")
        .await;
    assert!(title.contains("clashes with 3"), "{title}");
    assert_eq!(
        stage.one::<i64>("select count(*) from clashes_told").await,
        6
    );
    let said: String = stage
        .one("select string_agg(summary || coalesce(actor_id::text, ' by itself'), '') from audit where action = 'accepted leave'")
        .await;
    assert_eq!(
        said,
        "Ayşe Demir: 7 to 9 Dec 2026, out of office in the calendar by itself"
    );
    let undo: i64 = stage.one("select count(*) from availability_undo").await;
    assert_eq!(undo, 1, "what she did before can still be taken back");
}

#[tokio::test]
async fn pages_say_how_a_calendar_is_doing_and_what_a_week_is_made_of() {
    let stage = Stage::set().await;
    let odd = "DTSTART;TZID=Nowhere/Town:20261202T140000\nDURATION:PT1H\nSTATUS:TENTATIVE";
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF, AWAY, odd])));
    stage.connect("/c.ics").await;
    let page = stage.ayse.get(HOME).await;
    assert!(page.text().contains("1 warning"), "{}", page.text());
    let guides = page.all(".guide summary").join(" ");
    for name in ["Google", "Outlook", "iCloud", "Nextcloud", "Fastmail"] {
        assert!(guides.contains(name), "{name}: {guides}");
    }
    let page = stage.page().await;
    let facts = page.all("dl.facts dd").join(" | ");
    assert!(
        page.text()
            .contains("Nobody knows the time zone \"Nowhere/Town\""),
        "{}",
        page.text()
    );
    assert!(
        facts.contains("Mon 16 Nov 12:00, just now") && facts.contains("| Mon 16 Nov 1"),
        "{facts}"
    );
    // It fails: since when, and what is known still.
    stage.app.clock.advance(TimeDelta::minutes(5));
    stage
        .server
        .reply("/c.ics", Reply::With(500, "text/plain", vec![]));
    let page = stage.read_again().await;
    let facts = page.all("dl.facts").join(" | ");
    assert!(
        facts.contains("Last good data Mon 16 Nov 12:00, 6 min ago"),
        "{facts}"
    );
    assert!(
        facts.contains("Failed attempts 1 in a row") && facts.contains("Next Mon 16 Nov 12:"),
        "{facts}"
    );
    let weeks = stage
        .ayse
        .get(super::DECEMBER)
        .await
        .all(".weeks-booked tbody tr");
    let weeks: Vec<String> = weeks
        .iter()
        .map(|w| w.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        weeks[..2],
        [
            "30 Nov meetings 16 h, perhaps 1 h, of 40 h 40 %",
            "7 Dec meetings 8 h, out of office 24 h, of 40 h 80 %"
        ]
    );
}
