//! What people are told about a request, in their own time and never about what they did themselves.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::words::{instant, when, when_long};
use crate::cover::model::{Kind, Person, Request, State};
use crate::cover::store;
use crate::error::AppError;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::oncall::{self, Viewer};
use crate::vocab::PersonId;

/// A request in the trail: "Primary, Thu 3 Dec 06:00 to ... (UTC), Ayşe Demir".
pub fn summary(request: &Request) -> String {
    format!(
        "{}, {}, {}",
        request.role_name,
        when_long(request.interval, chrono_tz::UTC, request.made_at),
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

    /// The same where the team heard of the request when it was made: what two colleagues agree on
    /// between them concerns nobody until it is settled.
    async fn post_if_made(
        &self,
        conn: &mut PgConnection,
        words: Words<'_>,
    ) -> Result<(), AppError> {
        match self.request.kind {
            Kind::Cover => self.post(conn, words).await,
            Kind::Give | Kind::Swap => Ok(()),
        }
    }

    /// The team's webhooks, in the requester's zone and to nobody in particular.
    async fn post(&self, conn: &mut PgConnection, words: Words<'_>) -> Result<(), AppError> {
        let everybody = Person {
            id: PersonId(0),
            ..self.request.person.clone()
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

/// Managers and the team hear of a new request; so does whoever a manager made it for.
pub async fn made(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let name = &request.person.name;
    let words = |p: &Person| {
        let title = match request.kind {
            Kind::Cover => format!("{name} can't make {}", what(request, p, now)),
            Kind::Give => format!("{name} wants to give away {}", what(request, p, now)),
            Kind::Swap => format!("{name} wants to swap {}", what(request, p, now)),
        };
        let mut lines = vec![place(request, p)];
        lines.extend(reason(request));
        lines.push(match (&request.colleague, request.kind) {
            (Some(colleague), _) => format!("{} is being asked.", colleague.name),
            (None, _) => {
                "Fairshift asks the best replacement, then the next, until someone agrees."
                    .to_owned()
            }
        });
        (title, lines)
    };
    let message = news(request, event, Some(by), now);
    let mut to = managers(conn, request).await?;
    to.push(request.person.id);
    message.send(conn, &to, &words).await?;
    message.post_if_made(conn, &words).await
}

/// Asks somebody, with the link that only they have.
pub async fn ask(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    person: PersonId,
    secret: &str,
    answer_by: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(person) = store::people(conn, &[person]).await?.into_iter().next() else {
        return Ok(());
    };
    let name = &request.person.name;
    let mut lines = vec![match request.kind {
        Kind::Cover => format!("{name} can't make it, and you are the best placed to take it."),
        Kind::Give => format!("{name} would like you to take it."),
        Kind::Swap => format!("{name} would like to swap it with one of yours."),
    }];
    lines.extend(reason(request));
    lines.extend(in_return(request, &person, now));
    lines.push(format!(
        "Please answer until {}, by the button; you need not sign in. A no is fine: then the next is asked.",
        instant(answer_by, person.zone)
    ));
    lines.push(place(request, &person));
    let notice = Notice {
        to: To::Person(person.id),
        topic: Topic::CoverAsk,
        key: format!("cover:{}:{event}:{}", request.id, person.id),
        lane: format!("person:{}:cover:{}", person.id, request.id),
        title: format!("Can you take {}?", what(request, &person, now)),
        lines,
        actions: vec![Action {
            label: "Agree or disagree".to_owned(),
            path: format!("/offers/{secret}"),
        }],
        until: Some(answer_by),
    };
    jobs::notify(conn, now, &notice).await?;
    Ok(())
}

/// Managers hear that nobody has agreed yet, and how near the shift is.
pub async fn overdue(
    conn: &mut PgConnection,
    request: &Request,
    left: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let to = managers(conn, request).await?;
    let message = Message {
        topic: Topic::CoverOverdue,
        key: format!("overdue {left}"),
        until: Some(request.interval.start),
        ..news(request, 0, None, now)
    };
    let words = |p: &Person| {
        let title = format!("Not covered, {left} left: {}", what(request, p, now));
        let line = format!(
            "{} can't make it and nobody has agreed so far. You can ask or assign somebody yourself.",
            request.person.name
        );
        (title, vec![line, place(request, p)])
    };
    message.send(conn, &to, &words).await?;
    message.post(conn, &words).await
}

/// Managers, escalation contacts and the requester hear that nobody is left to be asked.
pub async fn exhausted(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let mut to = contacts(conn, request).await?;
    to.push(request.person.id);
    let message = Message {
        topic: Topic::CoverOverdue,
        until: Some(request.interval.end),
        ..news(request, event, None, now)
    };
    let words = |p: &Person| {
        let title = format!("Nobody left to ask: {}", what(request, p, now));
        let line = if p.id == request.person.id {
            "Everybody who could take it was asked. Until someone agrees the shift is still yours; talk to your manager."
                .to_owned()
        } else {
            format!(
                "{} can't make it, and everybody who could take it was asked. A manager can assign somebody; anybody in the team can volunteer.",
                request.person.name
            )
        };
        (title, vec![line, place(request, p)])
    };
    message.send(conn, &to, &words).await?;
    message.post(conn, &words).await
}

/// Whoever was asked in vain, the requester, the managers and the taker hear how it ended.
pub async fn agreed(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: PersonId,
    others: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(taker) = &request.taker else {
        return Ok(());
    };
    let (name, asker) = (&taker.name, &request.person);
    let message = news(request, event, Some(by), now);
    let thanks = |p: &Person| {
        let title = format!("Already covered: {}", what(request, p, now));
        let line =
            format!("{name} takes it. Thank you all the same: there is nothing for you to do.");
        (title, vec![line, place(request, p)])
    };
    message.send(conn, others, &thanks).await?;
    let settled = request.state == State::Covered;
    let words = |p: &Person| {
        let title = match (settled, p.id == taker.id) {
            (true, true) => format!("You take {}", what(request, p, now)),
            (true, false) => format!("{name} takes {}", what(request, p, now)),
            (false, _) => format!(
                "{name} agreed, waits for approval: {}",
                what(request, p, now)
            ),
        };
        let mut lines = vec![if settled {
            format!("It was {}'s. Schedule and calendars follow.", asker.name)
        } else {
            "It counts once a manager approves it.".to_owned()
        }];
        lines.extend(in_return(request, p, now));
        let is_party = p.id == taker.id || p.id == asker.id;
        if let Some(until) = request.undo_until.filter(|_| is_party) {
            lines.push(format!(
                "You can take it back until {}.",
                instant(until, p.zone)
            ));
        }
        lines.push(place(request, p));
        (title, lines)
    };
    let mut to = managers(conn, request).await?;
    to.extend([asker.id, taker.id]);
    to.retain(|p| !others.contains(p));
    message.send(conn, &to, &words).await?;
    if settled {
        message.post(conn, &words).await?;
    }
    Ok(())
}

/// Both sides hear that a manager refused.
pub async fn refused(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: PersonId,
    note: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(taker) = &request.taker else {
        return Ok(());
    };
    let words = |p: &Person| {
        let title = format!("Not approved: {}", what(request, p, now));
        let mut lines = vec![format!(
            "A manager did not approve that {} takes it. The next is asked.",
            taker.name
        )];
        if !note.is_empty() {
            lines.push(format!("The manager says: {note}"));
        }
        lines.push(place(request, p));
        (title, lines)
    };
    let to = [taker.id, request.person.id];
    news(request, event, Some(by), now)
        .send(conn, &to, &words)
        .await
}

/// Whoever was asked or had agreed, and the managers, hear that the requester serves after all.
pub async fn withdrawn(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: PersonId,
    others: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let name = &request.person.name;
    let words = |p: &Person| {
        let title = format!("{name} serves after all: {}", what(request, p, now));
        let line = "The request was taken back; there is nothing for you to do.".to_owned();
        (title, vec![line, place(request, p)])
    };
    let mut to = managers(conn, request).await?;
    to.extend(others);
    to.push(request.person.id);
    let message = news(request, event, Some(by), now);
    message.send(conn, &to, &words).await?;
    message.post_if_made(conn, &words).await
}

/// Everybody concerned hears that a request was closed, and why.
pub async fn closed(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: Option<PersonId>,
    note: &str,
    others: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let asker = request.person.id;
    let words = |p: &Person| {
        let title = format!("Closed: {}", what(request, p, now));
        let mut lines = Vec::new();
        if !note.is_empty() {
            lines.push(note.to_owned());
        }
        lines.push(if p.id == asker {
            "Nobody is looked for any more. Look at your shifts to see what is yours.".to_owned()
        } else {
            "Nobody is looked for any more; there is nothing for you to do.".to_owned()
        });
        lines.push(place(request, p));
        (title, lines)
    };
    let mut to = managers(conn, request).await?;
    to.extend(others);
    to.push(asker);
    let message = news(request, event, by, now);
    message.send(conn, &to, &words).await?;
    message.post_if_made(conn, &words).await
}

/// The requester, managers and escalation contacts hear that the shift begins uncovered.
pub async fn lapsed(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    others: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let (asker, name) = (request.person.id, &request.person.name);
    let mut to = contacts(conn, request).await?;
    to.push(asker);
    to.extend(others);
    let message = Message {
        topic: Topic::CoverOverdue,
        until: Some(request.interval.end),
        ..news(request, event, None, now)
    };
    let words = |p: &Person| {
        let title = format!("Nobody was found: {}", what(request, p, now));
        let line = if p.id == asker {
            "The shift is still yours. If you can't serve, ask again for the time that is left, and call your manager."
                .to_owned()
        } else {
            format!("It is still {name}'s, who can't make it. A manager can change the plan.")
        };
        (title, vec![line, place(request, p)])
    };
    message.send(conn, &to, &words).await?;
    message.post(conn, &words).await
}

/// Requester and managers hear that whoever agreed took it back.
pub async fn undone(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let name = request.taker.as_ref().map_or("Somebody", |t| &t.name);
    let words = |p: &Person| {
        let title = format!("{name} took it back: {}", what(request, p, now));
        let line = match request.kind {
            Kind::Cover => "The next is asked.".to_owned(),
            Kind::Give | Kind::Swap => format!("It is {}'s again.", request.person.name),
        };
        (title, vec![line, place(request, p)])
    };
    let mut to = managers(conn, request).await?;
    to.push(request.person.id);
    let message = news(request, event, Some(by), now);
    message.send(conn, &to, &words).await?;
    message.post(conn, &words).await
}
