//! That somebody is looked for.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::super::words::instant;
use super::{Message, contacts, in_return, managers, news, place, reason, what};
use crate::cover::model::{Kind, Origin, Pace, Person, Request, pace};
use crate::cover::store;
use crate::error::AppError;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::vocab::PersonId;

/// Managers and the team hear of a new request; so does whoever a manager made it for.
pub async fn made(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let name = &request.person.name;
    let pace = pace(now, request.interval.start, request.open_until);
    let is_near = matches!(pace, Pace::Everybody(_));
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
            (None, _) if is_near => {
                "The shift is near: everybody who could take it is asked at once.".to_owned()
            }
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
    message.announce(conn, &to, &words).await
}

/// Asks somebody, with the link that only they have.
pub async fn ask(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    (person, origin, why): (PersonId, Origin, &str),
    secret: &str,
    answer_by: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(person) = store::people(conn, &[person]).await?.into_iter().next() else {
        return Ok(());
    };
    let name = &request.person.name;
    let mut lines = vec![match (request.kind, origin) {
        (Kind::Cover, Origin::Everybody) => format!(
            "{name} can't make it, and the shift is near: everybody who could take it is asked at once. Whoever agrees first takes it."
        ),
        (Kind::Cover, Origin::Named) => {
            format!("{name} can't make it, and a manager asks you to take it.")
        }
        (Kind::Cover, _) => {
            format!("{name} can't make it, and you are the best placed to take it.")
        }
        (Kind::Give, _) => format!("{name} would like you to take it."),
        (Kind::Swap, _) => format!("{name} would like to swap it with one of yours."),
    }];
    if !why.is_empty() {
        lines.push(format!("Why you: {why}."));
    }
    lines.extend(reason(request));
    lines.extend(in_return(request, &person, now));
    lines.push(format!(
        "Please answer until {}, by the button; you need not sign in. A no is fine: {}.",
        instant(answer_by, person.zone),
        if request.kind == Kind::Cover {
            "then the next is asked"
        } else {
            "then it stays as it is"
        }
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

/// Who was asked hears that they need not answer: they break a rule by now.
pub async fn barred(
    conn: &mut PgConnection,
    request: &Request,
    event: i64,
    person: PersonId,
    rules: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let words = |p: &Person| {
        let title = format!("Not needed any more: {}", what(request, p, now));
        let line = format!(
            "You were asked to take it, and a rule speaks against it by now ({rules}). There is nothing for you to do."
        );
        (title, vec![line, place(request, p)])
    };
    news(request, event, None, now)
        .send(conn, &[person], &words)
        .await
}

/// Managers hear how near the shift is, and that nobody has agreed yet, or that their approval is
/// missing.
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
    let name = &request.person.name;
    let colleague = request.colleague.as_ref().map_or("", |c| &c.name);
    let words = |p: &Person| {
        let (missing, line) = match (&request.taker, request.kind) {
            (Some(taker), _) => (
                "Your approval is missing",
                format!(
                    "{} agreed to take it from {name}. It counts once a manager approves it.",
                    taker.name
                ),
            ),
            (None, Kind::Cover) => (
                "Not covered",
                format!(
                    "{name} can't make it and nobody has agreed so far. You can ask or assign somebody yourself."
                ),
            ),
            (None, Kind::Give) => (
                "Not answered",
                format!(
                    "{name} wants to give it to {colleague}, who has not answered so far. It stays {name}'s unless they agree."
                ),
            ),
            (None, Kind::Swap) => (
                "Not answered",
                format!(
                    "{name} wants to swap it with {colleague}, who has not answered so far. It stays {name}'s unless they agree."
                ),
            ),
        };
        let title = format!("{missing}, {left} left: {}", what(request, p, now));
        (title, vec![line, place(request, p)])
    };
    // Only they can end the waiting for an approval: that is told whatever they chose to hear of.
    let topic = match request.taker {
        Some(_) => Topic::CoverApproval,
        None => message.topic,
    };
    let to_managers = Message {
        topic,
        key: message.key.clone(),
        ..message
    };
    to_managers.send(conn, &to, &words).await?;
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
    let nobody_can = store::offers(conn, request.id).await?.is_empty();
    let words = |p: &Person| {
        let what = what(request, p, now);
        let title = if nobody_can {
            format!("Nobody can take it: {what}")
        } else {
            format!("Nobody left to ask: {what}")
        };
        let line = if nobody_can && p.id == request.person.id {
            "Rules speak against everybody. The shift is still yours; talk to your manager."
                .to_owned()
        } else if nobody_can {
            format!(
                "{} can't make it, and rules speak against everybody else. A manager can assign somebody all the same, with a reason.",
                request.person.name
            )
        } else if p.id == request.person.id {
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
    message.announce(conn, &to, &words).await
}
