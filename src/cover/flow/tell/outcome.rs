//! Somebody agrees, is refused, takes it back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::super::words::instant;
use super::{Message, gives_nothing, in_return, managers, news, place, what};
use crate::cover::model::{Kind, Offer, Person, Request, State};
use crate::error::AppError;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::vocab::PersonId;

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
    let settled = request.state == State::Covered;
    let thanks = |p: &Person| {
        let what = what(request, p, now);
        let (title, line) = if settled {
            (
                format!("Already covered: {what}"),
                format!("{name} takes it. Thank you all the same: there is nothing for you to do."),
            )
        } else {
            (
                format!("Nothing to answer for now: {what}"),
                format!(
                    "{name} agreed, and a manager has yet to approve it. If it is not approved, you may be asked again."
                ),
            )
        };
        (title, vec![line, place(request, p)])
    };
    message.send(conn, others, &thanks).await?;
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
    let mut told = Vec::new();
    if !settled {
        // Whoever decides hears of it at once, also if they were asked themselves.
        let approval = Message {
            topic: Topic::CoverApproval,
            key: format!("{event}:approval"),
            until: Some(request.open_until),
            ..news(request, event, Some(by), now)
        };
        approval.send(conn, &to, &words).await?;
        told = std::mem::take(&mut to);
    }
    // A shift that becomes somebody's by another's word is told whatever they chose to hear of.
    let mut serve = vec![taker.id];
    if settled && request.kind == Kind::Swap {
        serve.push(asker.id);
    } else {
        to.push(asker.id);
    }
    to.retain(|p| !serve.contains(p) && !others.contains(p) && !told.contains(p));
    message.send(conn, &to, &words).await?;
    let assigned = Message {
        topic: Topic::Assigned,
        ..news(request, event, Some(by), now)
    };
    assigned.send(conn, &serve, &words).await?;
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
        let next = match request.kind {
            Kind::Cover => "The next is asked.".to_owned(),
            Kind::Give | Kind::Swap => format!("It stays with {}.", request.person.name),
        };
        let mut lines = vec![format!(
            "A manager did not approve that {} takes it. {next}",
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
        let mut lines = vec![line];
        lines.extend(gives_nothing(request, p, now));
        lines.push(place(request, p));
        (title, lines)
    };
    let asker = request.person.id;
    let mut to = managers(conn, request).await?;
    to.retain(|p| *p != asker);
    let message = news(request, event, Some(by), now);
    message.announce(conn, &to, &words).await?;
    // What had changed hands is theirs again.
    let topic = match request.state {
        State::Covered => Topic::Assigned,
        _ => Topic::CoverNews,
    };
    let again = Message { topic, ..message };
    again.send(conn, &[asker], &words).await
}

/// What somebody said by a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// They agree.
    Yes,
    /// They don't.
    No,
    /// They take their agreement back.
    Back,
}

/// Who answered by a link without signing in has it in writing, with the link, whatever they chose to
/// hear of: whoever has the link can answer, so they hear of an answer that was not theirs, too.
pub async fn receipt(
    conn: &mut PgConnection,
    request: &Request,
    offer: &Offer,
    said: Said,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let person = &offer.person;
    let what = what(request, person, now);
    let mut lines = Vec::new();
    let (title, label) = match said {
        Said::Yes => {
            lines.push(if request.state == State::Agreed {
                "It counts once a manager approves it.".to_owned()
            } else {
                format!(
                    "It was {}'s, and is yours now. Schedule and calendars follow.",
                    request.person.name
                )
            });
            lines.extend(in_return(request, person, now));
            let until = request.undo_until.unwrap_or(request.open_until);
            if request.can_undo(now) {
                lines.push(format!(
                    "You can take it back until {}, by the button; you need not sign in.",
                    instant(until, person.zone)
                ));
            }
            (format!("You said yes: {what}"), "Take it back")
        }
        Said::No => {
            lines.push("Nothing more is asked of you.".to_owned());
            (format!("You said no: {what}"), "See the question")
        }
        Said::Back => {
            lines.push(format!("It is {}'s again.", request.person.name));
            (format!("You took it back: {what}"), "See the question")
        }
    };
    lines.push("Was it not you? Whoever has the link could say it: tell a manager.".to_owned());
    lines.push(place(request, person));
    let (id, of) = (request.id, offer.id);
    let notice = Notice {
        to: To::Person(person.id),
        topic: Topic::CoverReceipt,
        key: format!("cover:{id}:said:{of}:{said:?}:{}", now.timestamp_millis()),
        lane: format!("person:{}:cover:{id}", person.id),
        title,
        lines,
        actions: vec![Action {
            label: label.to_owned(),
            path: format!("/offers/{secret}"),
        }],
        until: None,
    };
    jobs::notify(conn, now, &notice).await?;
    Ok(())
}
