//! That a request ends without anybody taking it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Message, contacts, gives_nothing, look, managers, news, place, what, when};
use crate::availability::cant_path;
use crate::cover::model::{Kind, Person, Request, State};
use crate::cover::store::Slot;
use crate::error::AppError;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::vocab::PersonId;

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
        let mut lines =
            vec!["The request was taken back; there is nothing for you to do.".to_owned()];
        lines.extend(gives_nothing(request, p, now));
        lines.push(place(request, p));
        (title, lines)
    };
    // Whose it had become must know that it is theirs no longer.
    let (loses, mut to) = match request.state {
        State::Covered => (others, Vec::new()),
        _ => (&[][..], others.to_vec()),
    };
    let no_longer = Message {
        topic: Topic::Assigned,
        ..news(request, event, Some(by), now)
    };
    no_longer.send(conn, loses, &words).await?;
    to.extend(managers(conn, request).await?);
    to.push(request.person.id);
    to.retain(|p| !loses.contains(p));
    let message = news(request, event, Some(by), now);
    message.announce(conn, &to, &words).await
}

/// The requester hears that the shifts have other times by now, and that these are theirs: whatever
/// they chose to hear of, for they may think that they are being covered.
pub async fn moved(
    conn: &mut PgConnection,
    request: &Request,
    theirs: &[Slot],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let (id, person) = (request.id, &request.person);
    let time = |slot: &Slot| {
        format!(
            "{}, {}",
            slot.role_name,
            when(slot.interval, person.zone, now)
        )
    };
    let Some((first, last)) = theirs.first().zip(theirs.last()) else {
        return Ok(());
    };
    let mut lines = vec![format!(
        "You asked to be covered {}. The shifts have other times now, so nobody is looked for any more, and you serve:\n{}",
        when(request.interval, person.zone, now),
        theirs.iter().map(time).collect::<Vec<_>>().join("\n")
    )];
    lines.push("Can't you make it? Say so again, and somebody is looked for.".to_owned());
    lines.push(place(request, person));
    let again = |slot: &Slot| Action {
        label: format!("I can't make {}", when(slot.interval, person.zone, now)),
        path: cant_path(slot.shift, slot.role, slot.person, slot.interval.start),
    };
    let notice = Notice {
        to: To::Person(person.id),
        topic: Topic::Assigned,
        key: format!("cover:{id}:moved:{}", person.id),
        lane: format!("person:{}:cover:{id}", person.id),
        title: format!("Still yours, at other times: {}", time(first)),
        lines,
        actions: theirs.iter().map(again).chain([look(request)]).collect(),
        until: Some(last.interval.end),
    };
    jobs::notify(conn, now, &notice).await?;
    Ok(())
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
    message.announce(conn, &to, &words).await
}

/// The requester, managers and escalation contacts hear that the shift begins uncovered; so does
/// whoever had agreed without a manager's approval.
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
        let mut lines = Vec::new();
        let what = what(request, p, now);
        let title = match (&request.taker, request.kind) {
            (Some(taker), _) => {
                lines.push(format!(
                    "{} had agreed, and no manager approved it in time.",
                    taker.name
                ));
                format!("Not approved in time: {what}")
            }
            (None, Kind::Cover) => format!("Nobody was found: {what}"),
            (None, Kind::Give | Kind::Swap) => format!("Not answered in time: {what}"),
        };
        lines.push(match request.kind {
            _ if p.id == asker => {
                "The shift is still yours. If you can't serve, ask again for the time that is left, and call your manager."
                    .to_owned()
            }
            Kind::Cover => {
                format!("It is still {name}'s, who can't make it. A manager can change the plan.")
            }
            Kind::Give | Kind::Swap => format!("It is still {name}'s."),
        });
        lines.push(place(request, p));
        (title, lines)
    };
    message.announce(conn, &to, &words).await
}
