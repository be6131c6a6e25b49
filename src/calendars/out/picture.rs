//! What a person's calendar should show, what was delivered to it, and what is to be done.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::calendars::entries::Reader;
use crate::calendars::model::{Digest, Entry, Step, steps};
use crate::calendars::store::{self, Channel, Delivery, Kind, Person};
use crate::oncall::{self, Scope, Viewer};
use crate::state::AppState;
use crate::vocab::{Interval, PersonId};

/// Days ahead.
const AHEAD: i64 = 366;
/// Shifts of a person that are looked at.
const MOST: i64 = 2000;

/// What a person's calendar should show.
pub struct Desired {
    /// By which channel; none: only feeds.
    pub channel: Option<Channel>,
    /// The entries, by start.
    pub entries: Vec<Entry>,
    /// The host in our UIDs.
    pub host: String,
}

/// How a person's calendar is, and what is to be done.
pub struct Picture {
    /// Whose.
    pub person: Person,
    /// Their channels, those that are being left included.
    pub channels: Vec<Channel>,
    /// What should be there.
    pub desired: Desired,
    /// What was delivered.
    pub ledger: Vec<Delivery>,
    steps: Vec<Step>,
}

impl Picture {
    /// As it is at that moment; none where nobody of that id is there.
    pub async fn read(
        conn: &mut PgConnection,
        state: &AppState,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Option<Self>> {
        let Some(person) = store::person(conn, person).await? else {
            return Ok(None);
        };
        let channels = store::channels(conn, person.id).await?;
        let today = now.with_timezone(&person.zone).date_naive();
        let has_left = person.left_on.is_some_and(|day| day <= today);
        let channel = channels.iter().find(|c| !c.is_over && !has_left).cloned();
        let desired = Desired {
            entries: match &channel {
                Some(channel) => entries(conn, state, &person, channel.busy, now).await?,
                None => vec![],
            },
            channel,
            host: state.site.public_url.host().to_owned(),
        };
        let ledger = store::ledger(conn, person.id, now).await?;
        let wanted: Vec<(String, Digest)> = desired
            .entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.digest()))
            .collect();
        let known: Vec<_> = ledger.iter().map(|d| d.known.clone()).collect();
        let steps = steps(desired.channel.as_ref().map(|c| c.id), &wanted, &known);
        Ok(Some(Self {
            person,
            channels,
            desired,
            ledger,
            steps,
        }))
    }

    /// The steps with what they are about, of channels of that kind.
    pub fn tasks(&self, kind: Kind) -> impl Iterator<Item = (&Channel, Task<'_>)> {
        let of = |id: &i64| self.ledger.iter().find(|d| d.known.id == *id);
        let entry = |place: &usize| self.desired.entries.get(*place);
        let tasks = self.steps.iter().filter_map(move |step| {
            let task = match step {
                Step::Create(place, time) => Task::Create(entry(place)?, *time),
                Step::Change(id, place) => Task::Change(of(id)?, entry(place)?),
                Step::Remove(id) => Task::Remove(of(id)?),
            };
            let channel = match task {
                Task::Create(..) => self.desired.channel.as_ref()?,
                Task::Change(delivery, _) | Task::Remove(delivery) => {
                    let id = delivery.known.channel;
                    self.channels.iter().find(|c| c.id == id)?
                }
            };
            Some((channel, task))
        });
        tasks.filter(move |(channel, _)| channel.kind == kind)
    }
}

/// A step with what it is about.
#[derive(Clone, Copy)]
pub enum Task<'a> {
    /// Deliver an entry for the so manieth time.
    Create(&'a Entry, usize),
    /// Bring what was delivered up to date.
    Change(&'a Delivery, &'a Entry),
    /// Take it back.
    Remove(&'a Delivery),
}

/// A person's shifts that are not over.
async fn entries(
    conn: &mut PgConnection,
    state: &AppState,
    person: &Person,
    busy: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Entry>> {
    let viewer = Viewer {
        id: person.id,
        is_admin: person.is_admin,
    };
    let ahead = Interval {
        start: now,
        end: now + TimeDelta::days(AHEAD),
    };
    let duties = oncall::duties(conn, viewer, Scope::Person(person.id), ahead, MOST).await?;
    let reader = Reader {
        own: true,
        busy,
        revision: (0, None),
        public_url: &state.site.public_url,
    };
    Ok(reader.entries(&duties))
}
