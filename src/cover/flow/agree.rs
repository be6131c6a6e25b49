//! Somebody agrees, disagrees, is assigned; a manager approves or refuses.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::advance::advance;
use super::against::{Against, speaks_against};
use super::{end, part_of, tell};
use crate::audit;
use crate::cover::model::{Kind, Offer, OfferState, Origin, Request, State, undo_until};
use crate::cover::store;
use crate::error::AppError;
use crate::planning::{self, SlotPart};
use crate::vocab::{Interval, PersonId};

/// What came of an agreement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// It counts, or waits for a manager's approval: where the request stands now.
    Done(State),
    /// Too late: where the request stands.
    Over(State),
    /// Rules speak against it by now.
    Breaks(Against),
}

/// A manager's assignment: who assigns, and why a rule is broken for it.
#[derive(Clone, Copy, Debug)]
pub struct Assigned<'a> {
    /// The manager.
    pub by: PersonId,
    /// Why; empty where no rule is broken.
    pub reason: &'a str,
}

/// Somebody takes it: who was asked, a volunteer, or whom a manager assigns. The request must be
/// locked.
///
/// # Errors
/// `Conflict` where they serve elsewhere by now.
pub async fn agree(
    conn: &mut PgConnection,
    request: &Request,
    person: PersonId,
    (origin, note): (Option<Origin>, &str),
    assigned: Option<Assigned<'_>>,
    now: DateTime<Utc>,
) -> Result<Agreement, AppError> {
    if request.state != State::Open {
        return Ok(Agreement::Over(request.state));
    }
    let start = request.interval.start.max(planning::next_minute(now));
    let rest = Interval::new(start, request.interval.end).ok();
    let Some(interval) = rest.filter(|_| now < request.open_until) else {
        return Ok(Agreement::Over(State::Lapsed));
    };
    let mut request = request.clone();
    if interval.start > request.interval.start {
        store::start_at(conn, request.id, interval.start).await?;
        request.interval = interval;
    }
    let back = request.in_return.as_ref().map(|(back, _)| *back);
    let checked = speaks_against(conn, &part_of(&request), person, back, now).await?;
    let Some(against) = checked else {
        return Ok(Agreement::Over(State::Closed));
    };
    let overruled = assigned.is_some_and(|a| !a.reason.is_empty()) && !against.is_final;
    if !against.broken.is_empty() && !overruled {
        return Ok(Agreement::Breaks(against));
    }
    let state = if request.needs_approval && assigned.is_none() {
        State::Agreed
    } else {
        State::Covered
    };
    let undo = (state == State::Covered)
        .then(|| undo_until(now, request.interval.start))
        .flatten();
    let others = store::agree(conn, request.id, person, origin, note, now).await?;
    store::agreed(conn, request.id, state, person, undo, now).await?;
    let (actor, action) = match (assigned, origin) {
        (Some(assigned), _) => (assigned.by, "assigned"),
        (None, Some(Origin::Volunteer)) => (person, "volunteered"),
        _ => (person, "agreed"),
    };
    let event = store::add_event(
        conn,
        request.id,
        now,
        Some(actor),
        action,
        Some(person),
        note,
    )
    .await?;
    if state == State::Covered {
        let reason = assigned
            .filter(|_| !against.broken.is_empty())
            .map(|a| a.reason);
        let broken = against.broken.join("; ");
        let reason = reason.map_or(("", ""), |reason| (reason, broken.as_str()));
        change_hands(conn, &request, person, reason, now).await?;
    }
    let settled = super::locked(conn, request.id).await?;
    let taker = settled.taker.as_ref().map_or("", |taker| &taker.name);
    let (trail, came) = match assigned {
        Some(_) => ("assigned cover", taker),
        None => ("agreed to cover", state.label()),
    };
    let summary = format!("{}: {came}", tell::summary(&request));
    audit::record(conn, now, Some(actor), Some(request.team), trail, &summary).await?;
    tell::agreed(conn, &settled, event, actor, &others, now).await?;
    if state == State::Agreed {
        advance(conn, request.id, now).await?;
    }
    Ok(Agreement::Done(state))
}

/// The shift goes to whoever takes it, and with a swap theirs in return.
async fn change_hands(
    conn: &mut PgConnection,
    request: &Request,
    taker: PersonId,
    reason: (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let gone = || {
        AppError::Conflict(
            "One of the shifts belongs to somebody else by now. Nothing was changed; open the page again.".into(),
        )
    };
    if !planning::hand_over(conn, &part_of(request), taker, reason, now).await? {
        return Err(gone());
    }
    if let Some((back, _)) = &request.in_return {
        let part = SlotPart {
            shift: back.shift,
            role: back.role,
            person: Some(taker),
            interval: back.interval,
        };
        if !planning::hand_over(conn, &part, request.person.id, ("", ""), now).await? {
            return Err(gone());
        }
    }
    Ok(())
}

/// The shift goes back to whoever asked, and with a swap the other one, too.
pub(super) async fn give_back(
    conn: &mut PgConnection,
    request: &Request,
    taker: PersonId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let mine = SlotPart {
        person: Some(taker),
        ..part_of(request)
    };
    let mut parts = vec![(mine, request.person.id)];
    if let Some((back, _)) = &request.in_return {
        let theirs = SlotPart {
            shift: back.shift,
            role: back.role,
            person: Some(request.person.id),
            interval: back.interval,
        };
        parts.push((theirs, taker));
    }
    for (part, to) in parts {
        if !planning::hand_over(conn, &part, to, ("", ""), now).await? {
            return Err(AppError::Conflict(
                "The shift has gone to somebody else since. Ask your manager to change the plan."
                    .into(),
            ));
        }
    }
    Ok(())
}

/// Who was asked says no: the next is asked. The request must be locked.
///
/// # Errors
/// Where the database fails.
pub async fn decline(
    conn: &mut PgConnection,
    request: &Request,
    offer: &Offer,
    note: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    store::decline(conn, offer.id, note, now).await?;
    let who = offer.person.id;
    store::add_event(
        conn,
        request.id,
        now,
        Some(who),
        "declined",
        Some(who),
        note,
    )
    .await?;
    advance(conn, request.id, now).await
}

/// A manager approves an agreement. Rules are looked at again.
///
/// # Errors
/// `Conflict` where the taker serves elsewhere by now.
pub async fn approve(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<Agreement, AppError> {
    let (State::Agreed, Some(taker)) = (request.state, &request.taker) else {
        return Ok(Agreement::Over(request.state));
    };
    let start = request.interval.start.max(planning::next_minute(now));
    let Ok(interval) = Interval::new(start, request.interval.end) else {
        return Ok(Agreement::Over(State::Lapsed));
    };
    if now >= request.open_until {
        return Ok(Agreement::Over(State::Lapsed));
    }
    let mut request = request.clone();
    if interval.start > request.interval.start {
        store::start_at(conn, request.id, interval.start).await?;
        request.interval = interval;
    }
    let back = request.in_return.as_ref().map(|(back, _)| *back);
    let checked = speaks_against(conn, &part_of(&request), taker.id, back, now).await?;
    let Some(against) = checked else {
        return Ok(Agreement::Over(State::Closed));
    };
    if !against.broken.is_empty() {
        return Ok(Agreement::Breaks(against));
    }
    let undo = undo_until(now, request.interval.start);
    store::agreed(conn, request.id, State::Covered, taker.id, undo, now).await?;
    let event = store::add_event(
        conn,
        request.id,
        now,
        Some(by),
        "approved",
        Some(taker.id),
        "",
    )
    .await?;
    change_hands(conn, &request, taker.id, ("", ""), now).await?;
    let summary = format!("{}: {}", tell::summary(&request), taker.name);
    audit::record(
        conn,
        now,
        Some(by),
        Some(request.team),
        "approved cover",
        &summary,
    )
    .await?;
    let settled = super::locked(conn, request.id).await?;
    tell::agreed(conn, &settled, event, by, &[], now).await?;
    Ok(Agreement::Done(State::Covered))
}

/// A manager refuses an agreement: the next is asked, or what was for one colleague is over.
///
/// # Errors
/// Where the database fails.
pub async fn refuse(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    let (State::Agreed, Some(taker)) = (request.state, &request.taker) else {
        return Ok(false);
    };
    if request.kind == Kind::Cover {
        store::undo_offer(conn, request.id, OfferState::Withdrawn).await?;
        store::reopen(conn, request.id).await?;
    } else {
        let why = format!("A manager did not approve that {} takes it.", taker.name);
        end::settle(conn, request, State::Closed, &why, now).await?;
    }
    let event = store::add_event(
        conn,
        request.id,
        now,
        Some(by),
        "refused",
        Some(taker.id),
        note,
    )
    .await?;
    tell::refused(conn, request, event, by, note, now).await?;
    advance(conn, request.id, now).await?;
    Ok(true)
}
