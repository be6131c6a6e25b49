//! What is kept of calendars, and what is not: the whole database is searched.

use std::fmt::Write as _;

use super::belief::{dav, resource};
use super::server::Reply;
use super::{AWAY, HOME, Stage, calendar, upload};
use crate::support::visitor::Page;

/// Whatever an entry may say about people, beside when it is.
const PRIVATE: &str = "DTSTART:20261201T070000Z
DTEND:20261201T090000Z
SUMMARY:Oncology appointment
DESCRIPTION:Bring the results
LOCATION:Ward 9
ORGANIZER;CN=Dr. Quibble:mailto:quibble@hospital.example
ATTENDEE;CN=Mumsy;PARTSTAT=ACCEPTED:mailto:mumsy@family.example
COMMENT:Do not tell
CATEGORIES:Healthcare9
CONTACT:Aunt Bertha
URL:https://hospital.example/room/12
ATTACH:https://hospital.example/scan.pdf
GEO:41.0123;28.97
X-ALT-DESC:Alternative words
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Wake up call
TRIGGER:-PT15M
END:VALARM";

const WORDS: [&str; 14] = [
    "oncology",
    "bring the results",
    "ward 9",
    "quibble",
    "mumsy",
    "do not tell",
    "healthcare9",
    "bertha",
    "hospital.example",
    "scan.pdf",
    "41.0123",
    "alternative words",
    "wake up call",
    "very private",
];

/// Everything in the database, in small letters; bytes as they are and as numbers.
async fn everything(stage: &Stage) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(tablename) from pg_tables where schemaname = 'public'",
    )
    .fetch_all(&stage.app.db)
    .await
    .unwrap();
    assert!(tables.len() > 30, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let query = format!("select coalesce(string_agg(t::text, E'\\n'), '') from {table} t");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(&stage.app.db)
            .await
            .unwrap();
        writeln!(all, "{table} {text}").unwrap();
    }
    all.to_lowercase()
}

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        write!(all, "{byte:02x}").unwrap();
        all
    })
}

#[tokio::test]
async fn the_whole_database_holds_no_title_guest_address_or_password() {
    let stage = Stage::set().await;
    let odd = "DTSTART;TZID=Nowhere/Town:20261202T140000\nDURATION:PT1H";
    let ics = calendar(&[PRIVATE, AWAY, odd]);
    // An address that leads on to another one, an account, and a file.
    let moved = stage.server.at("/moved-4c7e/basic.ics?token=zebra77");
    let sent_on = Reply::Header(302, format!("location: {moved}"));
    stage.server.reply("/private-9f3c/basic.ics", sent_on);
    stage.server.reply(
        "/moved-4c7e/basic.ics?token=zebra77",
        Reply::Calendar(ics.clone()),
    );
    let page = stage.connect("/private-9f3c/basic.ics").await;
    assert!(page.text().contains("3 entries read"), "{}", page.text());
    let home = "<C:calendar-home-set><href>/h/</href></C:calendar-home-set>";
    stage.server.reply("/", dav(&resource("/", home)));
    let kind =
        "<resourcetype><collection/><C:calendar/></resourcetype><displayname>Work</displayname>";
    stage.server.reply("/h/", dav(&resource("/c/", kind)));
    let data = format!("<C:calendar-data>{ics}</C:calendar-data>");
    stage
        .server
        .reply("/c/", dav(&resource("/c/8d1f.ics", &data)));
    let server = stage.server.url.clone();
    let typed = [
        ("server", server.as_str()),
        ("user", "ayse"),
        ("password", "secret-6b0d"),
    ];
    let page = stage
        .ayse
        .post_form(&format!("{HOME}/accounts"), &typed)
        .await;
    assert_eq!(page.status, 303, "{}", page.text());
    let chosen = format!("{}/calendars", page.location());
    stage.ayse.submit(&chosen, &[("calendar", "/c/")]).await;
    stage.run().await;
    let (status, _) = upload(&stage.ayse, &format!("{HOME}/files"), &[], ics.as_bytes()).await;
    assert_eq!(status, 303);
    let read: i64 = stage
        .one("select count(*) from sources where entries = 3")
        .await;
    assert_eq!(read, 3, "all three were read");
    // And all that can go wrong with them.
    stage.app.clock.advance(chrono::TimeDelta::hours(2));
    let cut = Reply::Cut(ics.as_bytes().to_vec());
    stage
        .server
        .reply("/moved-4c7e/basic.ics?token=zebra77", cut);
    let refuses = Reply::With(401, "text/plain", b"secret-6b0d".to_vec());
    stage.server.reply("/c/", refuses);
    stage.app.work().await;
    let failing: i64 = stage
        .one("select count(*) from sources where failures = 1")
        .await;
    assert_eq!(failing, 2);

    let all = everything(&stage).await;
    assert!(all.contains("nowhere/town"), "warnings are kept");
    let secrets = ["private-9f3c", "moved-4c7e", "zebra77", "secret-6b0d"];
    for word in WORDS.iter().chain(&secrets) {
        for form in [(*word).to_owned(), hexadecimal(word)] {
            let line = all.lines().find(|line| line.contains(&form));
            assert_eq!(line, None, "{word}");
        }
    }
    // Nor do the pages say any of it, to her or to her manager.
    let carla = stage.carla().await;
    let about = format!("/teams/payments/availability/{}", stage.crew.ayse.id);
    let pages: [(&crate::support::visitor::Visitor, String); 9] = [
        (&stage.ayse, "/".into()),
        (&stage.ayse, HOME.into()),
        (&stage.ayse, format!("{HOME}/1")),
        (&stage.ayse, format!("{HOME}/2")),
        (&stage.ayse, "/availability?month=2026-12".into()),
        (&stage.ayse, "/calendar".into()),
        (&carla, format!("{about}?month=2026-12")),
        (&carla, "/teams/payments/calendars".into()),
        (&carla, "/teams/payments/plan/2026-12".into()),
    ];
    for (visitor, path) in pages {
        let page: Page = visitor.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let body = page.body.to_lowercase();
        for word in WORDS.iter().chain(&secrets) {
            assert!(!body.contains(word), "{path}: {word}");
        }
    }
}
