//! What calendars say follows what changes elsewhere: shifts, and the owner's time zone. The database's own
//! clock is in it, so these tests live in the present.

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::clock::Clock;
use fairshift::{app, jobs};
use sqlx::postgres::PgListener;

use super::calendar;
use super::server::{Reply, Server};
use crate::feeds::{Crew, next_primary};
use crate::support::visitor::Visitor;

/// Ayşe with one calendar.
struct Desk {
    crew: Crew,
    server: Server,
    ayse: Visitor,
}

impl Desk {
    async fn with(event: &str) -> Self {
        let crew = Crew::start().await;
        let server = Server::start().await;
        server.reply("/c.ics", Reply::Calendar(calendar(&[event])));
        let ayse = crew.visitor(&crew.ayse).await;
        let address = server.at("/c.ics");
        let fields = [("address", address.as_str())];
        ayse.submit("/availability/calendars/addresses", &fields)
            .await;
        Self { crew, server, ayse }
    }

    /// Does all jobs that are due by now, which the database stamps with its own time.
    async fn run(&self) {
        let present = Clock::system().now() + TimeDelta::seconds(1);
        let clock = &self.crew.app.clock;
        clock.set(clock.now().max(present));
        jobs::run_due(&self.crew.app.state, &app::handlers())
            .await
            .unwrap();
    }

    async fn told(&self) -> i64 {
        sqlx::query_scalar(
            "select count(*) from jobs where key like '%calendar.clash:%' and kind = 'notice'",
        )
        .fetch_one(&self.crew.app.db)
        .await
        .unwrap()
    }
}

fn ics(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The first shift to come that has neither of the two slots filled by this person.
async fn free_shift(crew: &Crew) -> (i64, DateTime<Utc>, DateTime<Utc>) {
    sqlx::query_as(
        "select shift_id, starts_at, ends_at from on_call o where o.person_id = $1 and starts_at > $2
            and not exists (select from on_call a where a.person_id = $3
                and a.starts_at < o.ends_at and a.ends_at > o.starts_at)
        order by starts_at limit 1",
    )
    .bind(crew.chen.id)
    .bind(crew.app.clock.now() + TimeDelta::days(2))
    .bind(crew.ayse.id)
    .fetch_one(&crew.app.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn who_gets_a_shift_is_told_of_the_clash_at_once() {
    let now = Clock::system().now();
    // Away all the time to come, and no shift yet: the reading itself finds no clash.
    let away = format!(
        "DTSTART:{}\nDTEND:{}\nX-MICROSOFT-CDO-BUSYSTATUS:OOF",
        ics(now),
        ics(now + TimeDelta::days(70))
    );
    let crew_has_no_shifts = "update assignments set person_id = null where person_id = $1";
    let desk = Desk::with("DTSTART:20200101T000000Z\nDTEND:20200101T010000Z").await;
    let (shift, ..) = free_shift(&desk.crew).await;
    sqlx::query(crew_has_no_shifts)
        .bind(desk.crew.ayse.id)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    desk.server
        .reply("/c.ics", Reply::Calendar(calendar(&[&away])));
    desk.crew.app.clock.advance(TimeDelta::hours(2));
    desk.run().await;
    assert_eq!(desk.told().await, 0);
    sqlx::query("update assignments set person_id = $1 where shift_id = $2 and person_id = $3")
        .bind(desk.crew.ayse.id)
        .bind(shift)
        .bind(desk.crew.chen.id)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    let asked = desk.server.asked().len();
    desk.run().await;
    assert_eq!(
        desk.server.asked().len(),
        asked,
        "no calendar had to be read for it"
    );
    assert_eq!(desk.told().await, 2, "she and her manager");
    // Another change of that assignment tells nothing anew, and asks for nothing.
    sqlx::query("update assignments set override_reason = 'x' where shift_id = $1")
        .bind(shift)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    let waiting: i64 = sqlx::query_scalar(
        "select count(*) from jobs where kind = 'calendar.clash' and state = 'waiting'",
    )
    .fetch_one(&desk.crew.app.db)
    .await
    .unwrap();
    assert_eq!(waiting, 0);
}

#[tokio::test]
async fn another_time_zone_has_calendars_read_by_the_other_clock() {
    let day = (Clock::system().now() + TimeDelta::days(20)).format("%Y%m%d");
    let desk = Desk::with(&format!("DTSTART;VALUE=DATE:{day}")).await;
    let hour = async || -> i32 {
        sqlx::query_scalar(
            "select extract(hour from starts_at at time zone 'UTC')::int from source_spans",
        )
        .fetch_one(&desk.crew.app.db)
        .await
        .unwrap()
    };
    assert_eq!(hour().await, 21, "midnight in Istanbul");
    sqlx::query("update people set time_zone = 'Asia/Tokyo' where id = $1")
        .bind(desk.crew.ayse.id)
        .execute(&desk.crew.app.db)
        .await
        .unwrap();
    desk.run().await;
    desk.run().await;
    assert_eq!(hour().await, 15, "midnight in Tokyo");
    assert!(
        desk.ayse
            .get("/availability/calendars")
            .await
            .text()
            .contains("read")
    );
    assert!(
        !desk
            .server
            .asked()
            .last()
            .unwrap()
            .contains("if-none-match")
    );
}

#[tokio::test]
async fn open_planners_hear_of_spans_and_of_calendars_that_cannot_be_read() {
    let now = Clock::system().now();
    let desk = Desk::with("DTSTART:20200101T000000Z\nDTEND:20200101T010000Z").await;
    let mut plans = PgListener::connect_with(&desk.crew.app.db).await.unwrap();
    plans.listen("plan").await.unwrap();
    let shift = next_primary(&desk.crew.app.db, &desk.crew.ayse, now).await;
    let (start, end): (DateTime<Utc>, DateTime<Utc>) =
        sqlx::query_as("select starts_at, ends_at from shifts where id = $1")
            .bind(shift)
            .fetch_one(&desk.crew.app.db)
            .await
            .unwrap();
    // At night: no working time is booked by it, but it clashes.
    let night = format!(
        "DTSTART:{}\nDTEND:{}",
        ics(start + TimeDelta::hours(12)),
        ics(end - TimeDelta::hours(8))
    );
    for reply in [
        Reply::Calendar(calendar(&[&night])),
        Reply::With(500, "text/plain", vec![]),
    ] {
        desk.server.reply("/c.ics", reply);
        desk.crew.app.clock.advance(TimeDelta::minutes(70));
        desk.run().await;
        let heard = tokio::time::timeout(std::time::Duration::from_secs(10), plans.recv());
        let heard = heard.await.unwrap().unwrap();
        assert_eq!(heard.payload(), desk.crew.team.id.to_string());
        while plans.next_buffered().is_some() {}
    }
}
