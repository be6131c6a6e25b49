//! Shifts as invitations by mail: who is invited, to what, and what is taken back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::app;
use fairshift::clock::Clock;
use fairshift::jobs;

use crate::clients::{SeenInvitation, read_invitation};
use crate::feeds::{Crew, events, next_primary};

async fn run(crew: &Crew) {
    // The database stamps what its triggers enqueue with its own time.
    let present = Clock::system().now() + TimeDelta::seconds(1);
    crew.app.clock.set(crew.app.clock.now().max(present));
    jobs::run_due(&crew.app.state, &app::handlers()).await.unwrap();
}

/// Chooses invitations, and has the first ones sent.
async fn choose(crew: &Crew, person: &crate::fixtures::Person) {
    let visitor = crew.visitor(person).await;
    let fields = [("channel", "mail")];
    let page = visitor.submit("/calendar/channel", &fields).await;
    assert!(page.text().contains("as invitations by mail"));
    run(crew).await;
}

/// What was sent since the last call.
struct Post {
    seen: i64,
}

impl Post {
    async fn new_mails(&mut self, crew: &Crew) -> Vec<SeenInvitation> {
        let rows: Vec<(i64, serde_json::Value)> = sqlx::query_as(
            "select id, payload from calendar_mails_of_tests where id > $1 order by id",
        )
        .bind(self.seen)
        .fetch_all(&crew.app.db)
        .await
        .unwrap();
        self.seen = rows.last().map_or(self.seen, |(id, _)| *id);
        let mut mails = vec![];
        for (_, payload) in rows {
            let mail = read_invitation(payload["invitation"]["ics"].as_str().unwrap());
            assert_eq!(payload["invitation"]["method"], mail.method);
            assert_eq!(payload["invitation"]["uid"], mail.uid);
            assert_eq!(payload["to"]["address"], mail.attendee);
            assert_eq!((mail.partstat.as_str(), mail.rsvp.as_str()), ("ACCEPTED", "FALSE"));
            let status = if mail.method == "CANCEL" { "CANCELLED" } else { "CONFIRMED" };
            assert_eq!(mail.status, status);
            mails.push(mail);
        }
        mails
    }
}
