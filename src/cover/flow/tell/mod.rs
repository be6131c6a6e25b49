//! What people are told about a request, in their own time and never about what they did themselves;
//! but who did it by a link, without signing in, has it in writing ([`receipt`]).

mod asking;
mod ended;
mod filled;
mod outcome;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::words::{when, when_long};
use crate::cover::model::{Kind, Person, Request, State};
use crate::cover::store;
use crate::error::AppError;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::oncall::{self, Viewer};
use crate::vocab::PersonId;

pub use asking::{ask, barred, exhausted, made, overdue};
pub use ended::{closed, lapsed, moved, withdrawn};
pub use filled::filled;
pub use outcome::{Said, agreed, receipt, refused, undone};

/// A request in the trail, in the team's zone: "Primary, Thu 3 Dec 09:00 to ... (Europe/Istanbul),
/// Ayşe Demir".
pub fn summary(request: &Request) -> String {
    format!(
        "{}, {}, {}",
        request.role_name,
        when_long(request.interval, request.team_zone, request.made_at),
        request.person.name
    )
}

/// One message to several people, each in their zone.
struct Message<'a> {
    request: &'a Request,
    topic: Topic,
    /// Tells this message from every other about the request.
    key: String,
    /// Who did it; they are not told.
    by: Option<PersonId>,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

/// Subject and paragraphs for one reader.
type Words<'a> = &'a (dyn Fn(&Person) -> (String, Vec<String>) + Sync);

impl Message<'_> {
    async fn send(
        &self,
        conn: &mut PgConnection,
        to: &[PersonId],
        words: Words<'_>,
    ) -> Result<(), AppError> {
        let mut to: Vec<PersonId> = to.iter().copied().filter(|p| Some(*p) != self.by).collect();
        to.sort_unstable();
        to.dedup();
        let id = self.request.id;
        for person in store::people(conn, &to).await? {
            let (title, lines) = words(&person);
            let notice = Notice {
                to: To::Person(person.id),
                topic: self.topic,
                key: format!("cover:{id}:{}:{}", self.key, person.id),
                lane: format!("person:{}:cover:{id}", person.id),
                title,
                lines,
                actions: vec![look(self.request)],
                until: self.until,
            };
            jobs::notify_by(conn, self.now, &notice, self.by(person.id)).await?;
        }
        Ok(())
    }

    /// When somebody must know: whose shift it was or becomes, at once, because they may take it back
    /// for a while only; all others before it begins.
    fn by(&self, person: PersonId) -> DateTime<Utc> {
        let taker = self.request.taker.as_ref().map(|taker| taker.id);
        if person == self.request.person.id || Some(person) == taker {
            self.now
        } else {
            self.request.interval.start
        }
    }

    /// To these people and to the team.
    async fn announce(
        &self,
        conn: &mut PgConnection,
        to: &[PersonId],
        words: Words<'_>,
    ) -> Result<(), AppError> {
        self.send(conn, to, words).await?;
        self.post(conn, words).await
    }

    /// The team's webhooks, in the team's zone and to nobody in particular. What two colleagues
    /// agree on between them concerns nobody else until it is settled; from then on it does, also if it
    /// is taken back.
    async fn post(&self, conn: &mut PgConnection, words: Words<'_>) -> Result<(), AppError> {
        if self.request.kind != Kind::Cover && self.request.state != State::Covered {
            return Ok(());
        }
        let everybody = Person {
            id: PersonId(0),
            name: self.request.person.name.clone(),
            zone: self.request.team_zone,
        };
        let (title, lines) = words(&everybody);
        let (id, team) = (self.request.id, self.request.team);
        let notice = Notice {
            to: To::Team(team),
            topic: self.topic,
            key: format!("cover:{id}:{}:team", self.key),
            lane: format!("team:{team}:cover:{id}"),
            title,
            lines,
            actions: vec![look(self.request)],
            until: self.until,
        };
        jobs::notify(conn, self.now, &notice).await?;
        Ok(())
    }
}

fn look(request: &Request) -> Action {
    Action {
        label: "See the request".to_owned(),
        path: format!("/covers/{}", request.id),
    }
}

fn news(request: &Request, event: i64, by: Option<PersonId>, now: DateTime<Utc>) -> Message<'_> {
    Message {
        request,
        topic: Topic::CoverNews,
        key: event.to_string(),
        by,
        until: None,
        now,
    }
}

/// "Primary, Thu 3 Dec 09:00 to Fri 4 Dec 09:00".
fn what(request: &Request, person: &Person, now: DateTime<Utc>) -> String {
    format!(
        "{}, {}",
        request.role_name,
        when(request.interval, person.zone, now)
    )
}

/// A line on team and zone, which every message has.
fn place(request: &Request, person: &Person) -> String {
    format!(
        "{} / {}. Times are in {}.",
        request.team_name,
        request.rotation_name,
        person.zone.name()
    )
}

fn reason(request: &Request) -> Option<String> {
    (!request.reason.is_empty())
        .then(|| format!("{} says: {}", request.person.name, request.reason))
}

/// What is given in return, for whoever gets it.
fn in_return(request: &Request, person: &Person, now: DateTime<Utc>) -> Option<String> {
    let (back, role) = request.in_return.as_ref()?;
    let time = when(back.interval, person.zone, now);
    Some(format!(
        "{} takes {role}, {time}, in return.",
        request.person.name
    ))
}

/// What a swap that is taken back leaves with whoever was to give it in return.
fn gives_nothing(request: &Request, person: &Person, now: DateTime<Utc>) -> Option<String> {
    let (back, role) = request.in_return.as_ref()?;
    let colleague = request.colleague.as_ref()?;
    let time = when(back.interval, person.zone, now);
    Some(format!(
        "{role}, {time}, is {}'s as before.",
        colleague.name
    ))
}

async fn managers(conn: &mut PgConnection, request: &Request) -> Result<Vec<PersonId>, AppError> {
    let day = request.interval.start.date_naive();
    Ok(store::managers(conn, request.team, day).await?)
}

/// Managers, and whom the requester would escalate to on that shift.
async fn contacts(conn: &mut PgConnection, request: &Request) -> Result<Vec<PersonId>, AppError> {
    let viewer = Viewer {
        id: request.person.id,
        is_admin: true,
    };
    let duties = oncall::duties_of_shift(conn, viewer, request.shift).await?;
    let own = duties
        .into_iter()
        .filter(|d| d.slot.role == request.role && d.slot.interval.overlaps(&request.interval));
    let mut people = managers(conn, request).await?;
    people.extend(own.flat_map(|d| d.escalation).map(|contact| contact.who.id));
    Ok(people)
}
