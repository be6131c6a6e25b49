//! When calendars are read: spread over time, and left alone where only their owner can help.

use chrono::{DateTime, TimeDelta, Utc};

use super::belief::{account, dav, entry};
use super::server::Reply;
use super::{HALF, HOME, MEETING, Stage, calendar};

#[tokio::test]
async fn what_was_connected_together_is_not_read_together() {
    let stage = Stage::set().await;
    for number in 0..12 {
        let path = format!("/{number}.ics");
        let reply = Reply::Calendar(calendar(&[MEETING]));
        stage.server.reply(&path, reply);
        stage.connect(&path).await;
    }
    let spread = async || -> (i64, i64, i64) {
        sqlx::query_as(
            "select count(distinct next_at), min(extract(epoch from next_at - read_at))::bigint,
                max(extract(epoch from next_at - read_at))::bigint from sources",
        )
        .fetch_one(&stage.app.db)
        .await
        .unwrap()
    };
    let within = |(moments, least, most): (i64, i64, i64)| {
        moments > 6 && least >= 54 * 60 && most <= 66 * 60
    };
    let first = spread().await;
    assert!(within(first), "{first:?}");
    // And so it stays.
    for _ in 0..5 {
        stage.app.clock.advance(TimeDelta::minutes(70));
        stage.run().await;
    }
    let later = spread().await;
    assert!(within(later), "{later:?}");
    assert_eq!(stage.server.asked().len(), 12 * 6);
}

#[tokio::test]
async fn where_only_the_owner_can_help_nobody_is_asked_for_twelve_hours() {
    let refuses = || Reply::With(401, "text/plain", vec![]);
    for is_account in [false, true] {
        let stage = Stage::set().await;
        account(&stage.server, &entry("/c/1.ics", &[HALF]));
        let half = Reply::Calendar(calendar(&[HALF]));
        stage.server.reply("/c.ics", half.clone());
        if is_account {
            stage.connect_account(&stage.server).await;
            stage.choose(&["/c/"]).await;
            stage.run().await;
        } else {
            stage.connect("/c.ics").await;
        }
        assert_eq!(stage.december().await, Some(50));
        let gone = ["/c.ics", "/c/", "REPORT /c/", "PROPFIND /c/"];
        for path in gone {
            stage.server.reply(path, refuses());
        }
        let page = stage.read_again().await;
        let words = ["does not let us read", "refuses the user name or password"];
        let text = page.text();
        assert!(text.contains(words[usize::from(is_account)]), "{text}");
        let moments = async || -> (DateTime<Utc>, DateTime<Utc>) {
            sqlx::query_as("select read_at, next_at from sources")
                .fetch_one(&stage.app.db)
                .await
                .unwrap()
        };
        // The first failure and the third alike.
        for _ in 0..3 {
            let (read_at, next_at) = moments().await;
            assert_eq!(next_at - read_at, TimeDelta::hours(12));
            let asked = stage.server.asked().len();
            stage.app.clock.set(next_at - TimeDelta::seconds(1));
            stage.app.work().await;
            assert_eq!(stage.server.asked().len(), asked, "it was asked before");
            stage.app.clock.set(next_at);
            stage.app.work().await;
            assert_eq!(stage.server.asked().len(), asked + 1, "asked once");
        }
        // Both pages say how old what is known is.
        for path in [HOME.to_owned(), format!("{HOME}/1")] {
            let text = stage.ayse.get(&path).await.text();
            let words = "can't be read; last good data 36 h ago";
            assert!(text.contains(words), "{path}: {text}");
        }
        assert_eq!(stage.december().await, Some(50));
        let told = "select count(*) from jobs where key like '%calendar.unreadable%'";
        assert_eq!(stage.one::<i64>(told).await, 1, "told once");
        // Mended by its owner, it is read at once, and hourly from then on.
        for path in &gone[1..] {
            stage
                .server
                .reply(path, dav(&entry("/c/1.ics", &[MEETING])));
        }
        stage
            .server
            .reply("/new.ics", Reply::Calendar(calendar(&[MEETING])));
        let secret = format!("{HOME}/1/secret");
        let address = stage.server.at("/new.ics");
        let fields = if is_account {
            vec![
                ("server", stage.server.url.as_str()),
                ("user", "ayse"),
                ("password", "two"),
            ]
        } else {
            vec![("address", address.as_str())]
        };
        stage.ayse.submit(&secret, &fields).await;
        stage.run().await;
        assert_eq!(stage.december().await, Some(1));
        let (read_at, next_at) = moments().await;
        assert!(next_at - read_at <= TimeDelta::minutes(66));
    }
}
