//! Shifts as invitations by mail, as they come over the wire: who is invited, and what is taken back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::clock::Clock;

use crate::clients::{SeenInvitation, read_invitation};
use crate::feeds::{Crew, next_primary};
use crate::fixtures::Person;
use crate::support::TestApp;
use crate::support::smtp::Sink;

/// The team, a mail server, and what invitations have left in people's calendars.
struct Office {
    crew: Crew,
    sink: Sink,
    seen: usize,
    /// By attendee and UID: the sequence, and what is shown; none where it was taken back.
    calendars: BTreeMap<(String, String), (u32, Option<SeenInvitation>)>,
}

impl Office {
    async fn new() -> Self {
        let sink = Sink::start().await;
        let crew = Crew::of(TestApp::start_with_mail(&sink).await).await;
        Self {
            crew,
            sink,
            seen: 0,
            calendars: BTreeMap::new(),
        }
    }

    async fn choose(&self, person: &Person, channel: &str) {
        let visitor = self.crew.visitor(person).await;
        visitor
            .submit("/calendar/channel", &[("channel", channel)])
            .await;
    }

    /// Does what is due, and enters what comes as a calendar does.
    async fn run(&mut self) -> Vec<SeenInvitation> {
        // The database stamps what its triggers enqueue with its own time.
        let present = Clock::system().now() + TimeDelta::seconds(1);
        let clock = &self.crew.app.clock;
        clock.set(clock.now().max(present));
        self.crew.app.work().await;
        let mails = self.sink.mails();
        let mut new = vec![];
        let invitations = mails.iter().skip(self.seen);
        for mail in invitations.filter(|mail| mail.raw.contains("text/calendar")) {
            let seen = read_invitation(&mail.raw);
            assert_eq!(seen.mime_method, seen.method);
            assert_eq!((&seen.sender, &seen.organizer), (&mail.from, &mail.from));
            assert_eq!(mail.to, [seen.attendee.as_str()]);
            assert_eq!(seen.recipient, seen.attendee);
            assert_eq!(
                (seen.partstat.as_str(), seen.rsvp.as_str()),
                ("ACCEPTED", "FALSE")
            );
            let status = match seen.method.as_str() {
                "REQUEST" => "CONFIRMED",
                "CANCEL" => "CANCELLED",
                other => panic!("{other}"),
            };
            assert_eq!(seen.status, status);
            assert!(seen.subject.contains(&seen.summary), "{}", seen.subject);
            let shown = (seen.method == "REQUEST").then(|| seen.clone());
            let key = (seen.attendee.clone(), seen.uid.clone());
            let before = self.calendars.insert(key, (seen.sequence, shown));
            match before {
                None => assert_eq!((seen.sequence, status), (0, "CONFIRMED")),
                Some((sequence, shown)) => {
                    assert!(seen.sequence > sequence, "{seen:?}");
                    assert!(
                        shown.is_some(),
                        "used again after it was taken back: {seen:?}"
                    );
                }
            }
            new.push(seen);
        }
        self.seen = mails.len();
        new
    }

    /// When somebody's calendar says that they are on call, now or later.
    fn shown(&self, person: &Person) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let now = self.crew.app.clock.now();
        let shown = self
            .calendars
            .iter()
            .filter_map(|((attendee, _), (_, shown))| {
                shown
                    .as_ref()
                    .filter(|s| *attendee == person.email && s.end > now)
            });
        let mut times: Vec<_> = shown.map(|s| (s.start, s.end)).collect();
        times.sort_unstable();
        times
    }

    /// When they are.
    async fn on_call(&self, person: &Person) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        sqlx::query_as(
            "select starts_at, ends_at from on_call where person_id = $1 and ends_at > $2 order by 1",
        )
        .bind(person.id)
        .bind(self.crew.app.clock.now())
        .fetch_all(&self.crew.app.db)
        .await
        .unwrap()
    }

    async fn give(&self, shift: i64, from: &Person, to: &Person) {
        sqlx::query("update assignments set person_id = $1 where shift_id = $2 and person_id = $3")
            .bind(to.id)
            .bind(shift)
            .bind(from.id)
            .execute(&self.crew.app.db)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_shift_that_changes_hands_is_cancelled_to_one_and_requested_of_the_other() {
    let mut office = Office::new().await;
    let (ayse, chen) = (office.crew.ayse.clone(), office.crew.chen.clone());
    for person in [&ayse, &chen] {
        office.choose(person, "mail").await;
    }
    let first = office.run().await;
    for person in [&ayse, &chen] {
        let wanted = office.on_call(person).await;
        assert!(wanted.len() > 15);
        assert_eq!(office.shown(person), wanted, "{}", person.name);
    }
    let shift = next_primary(&office.crew.app.db, &ayse, office.crew.app.clock.now()).await;
    let url = format!("{}/shifts/{shift}", office.crew.app.url);
    let asked = first
        .iter()
        .find(|i| i.url == url && i.attendee == ayse.email)
        .unwrap();
    for says in [
        "Role: Primary",
        "With: Ben Okafor (Secondary)",
        "1. Ben Okafor (Secondary): Phone",
        "You take over from",
    ] {
        assert!(asked.description.contains(says), "{}", asked.description);
        assert!(asked.text.contains(says), "{}", asked.text);
    }
    assert!(
        asked.text.contains(&url) && asked.text.contains("(Europe/Istanbul)"),
        "{}",
        asked.text
    );

    // Nothing changes: nobody hears of it.
    sqlx::query("update shifts set revision = revision + 1 where starts_at > now()")
        .execute(&office.crew.app.db)
        .await
        .unwrap();
    assert_eq!(office.run().await, []);

    office.give(shift, &ayse, &chen).await;
    let news = office.run().await;
    let of_shift: Vec<_> = news
        .iter()
        .filter(|i| i.start == asked.start && i.summary == asked.summary)
        .map(|i| {
            (
                i.attendee.as_str(),
                i.method.as_str(),
                i.sequence,
                i.uid == asked.uid,
            )
        })
        .collect();
    assert_eq!(of_shift.len(), 2, "{of_shift:?}");
    assert!(
        of_shift.contains(&(ayse.email.as_str(), "CANCEL", 1, true)),
        "{of_shift:?}"
    );
    assert!(
        of_shift.contains(&(chen.email.as_str(), "REQUEST", 0, false)),
        "{of_shift:?}"
    );
    for person in [&ayse, &chen] {
        assert_eq!(
            office.shown(person),
            office.on_call(person).await,
            "{}",
            person.name
        );
    }

    // And back: a name of its own, since calendars don't show again what was cancelled.
    office.give(shift, &chen, &ayse).await;
    let news = office.run().await;
    let again = news
        .iter()
        .find(|i| i.url == url && i.attendee == ayse.email)
        .unwrap();
    assert!(again.uid != asked.uid && again.sequence == 0 && again.method == "REQUEST");
    for person in [&ayse, &chen] {
        assert_eq!(
            office.shown(person),
            office.on_call(person).await,
            "{}",
            person.name
        );
    }
}

#[tokio::test]
async fn what_was_invited_to_is_taken_back_when_somebody_chooses_otherwise_or_leaves() {
    let mut office = Office::new().await;
    let (ayse, chen) = (office.crew.ayse.clone(), office.crew.chen.clone());
    for person in [&ayse, &chen] {
        office.choose(person, "mail").await;
    }
    let invited = office.run().await.len();
    office.choose(&ayse, "feed").await;
    let today = office.crew.app.clock.now().date_naive();
    sqlx::query("update people set left_on = $2 where id = $1")
        .bind(chen.id)
        .bind(today)
        .execute(&office.crew.app.db)
        .await
        .unwrap();
    let news = office.run().await;
    assert_eq!(news.len(), invited);
    assert!(news.iter().all(|i| i.method == "CANCEL" && i.sequence == 1));
    assert_eq!(office.run().await, []);
}

#[tokio::test]
async fn where_no_mail_is_sent_none_can_be_chosen() {
    let crew = Crew::start().await;
    let visitor = crew.visitor(&crew.ayse).await;
    let page = visitor.get("/calendar").await;
    assert_eq!(page.all("input[value=mail]"), [""; 0]);
    let page = visitor
        .post_form("/calendar/channel", &[("channel", "mail")])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("This installation sends no mail."));
}

#[tokio::test]
async fn the_daily_look_at_everybody_is_spread_over_hours() {
    let mut office = Office::new().await;
    let db = office.crew.app.db.clone();
    for number in 0..12 {
        let (name, zone) = (format!("Person {number}"), chrono_tz::Europe::Istanbul);
        let person = crate::fixtures::person(&db, &format!("p{number}"), &name, zone).await;
        sqlx::query(
            "insert into calendar_channels (person_id, kind, target, chosen_at, state_at)
            values ($1, 'mail', 'somebody@example.com', now(), now())",
        )
        .bind(person.id)
        .execute(&db)
        .await
        .unwrap();
    }
    office.run().await;
    let (people, moments, minutes): (i64, i64, i64) = sqlx::query_as(
        "select count(*), count(distinct due_at),
            extract(epoch from max(due_at) - $1)::bigint / 60
        from jobs where kind = 'calendar.out' and key like '%:sweep:%'",
    )
    .bind(office.crew.app.clock.now())
    .fetch_one(&db)
    .await
    .unwrap();
    assert_eq!(people, 12);
    assert!(
        moments > 6 && (10..=240).contains(&minutes),
        "{moments} in {minutes} min"
    );
}
