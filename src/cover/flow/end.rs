//! A request ends without anybody taking it, or an agreement is taken back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::advance::advance;
use super::agree::give_back;
use super::make::absence;
use super::{locked, tell};
use crate::audit;
use crate::availability::{self, NewEntry};
use crate::cover::model::{Kind, OfferState, Person, Request, State};
use crate::cover::store;
use crate::error::AppError;
use crate::vocab::{CoverId, PersonId};

/// Ends a request that is not settled; whom it concerns besides the requester.
pub(super) async fn settle(
    conn: &mut PgConnection,
    request: &Request,
    state: State,
    note: &str,
    now: DateTime<Utc>,
) -> Result<Vec<PersonId>, AppError> {
    let mut others = store::take_back(conn, request.id, None).await?;
    if let Some(taker) = &request.taker {
        store::undo_offer(conn, request.id, OfferState::Withdrawn).await?;
        others.push(taker.id);
    }
    store::settle(conn, request.id, state, note, now).await?;
    Ok(others)
}

/// Whoever asked serves after all; false where it is settled already. The request must be locked.
///
/// # Errors
/// Where the database fails.
pub async fn withdraw(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    if !request.state.is_live() {
        return Ok(false);
    }
    let others = settle(conn, request, State::Withdrawn, "", now).await?;
    serves_after_all(conn, request, by, now).await?;
    let event = store::add_event(conn, request.id, now, Some(by), "withdrawn", None, "").await?;
    tell::withdrawn(conn, request, event, by, &others, now).await?;
    record(conn, request, by, "withdrew cover request", now).await?;
    Ok(true)
}

/// Where the requester is unavailable because of the request, what they had entered before holds
/// again: they can make it after all.
async fn serves_after_all(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    if request.kind != Kind::Cover {
        return Ok(());
    }
    let before = serde_json::from_value::<Vec<NewEntry>>(store::replaced(conn, request.id).await?);
    let before = before.map_err(|error| AppError::Internal(error.to_string()))?;
    let ours = absence(
        request.interval,
        (request.is_leave, &request.reason),
        request.made_by,
        request.made_at,
    );
    availability::put_back(conn, request.person.id, &ours, &before, by, now).await?;
    Ok(())
}

/// A manager closes it: the requester keeps the shift. False where it is settled already.
///
/// # Errors
/// Where the database fails.
pub async fn close(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    if !request.state.is_live() {
        return Ok(false);
    }
    let others = settle(conn, request, State::Closed, note, now).await?;
    let event = store::add_event(conn, request.id, now, Some(by), "closed", None, note).await?;
    tell::closed(conn, request, event, Some(by), note, &others, now).await?;
    record(conn, request, by, "closed cover request", now).await?;
    Ok(true)
}

/// The one colleague said no, did not answer, can't any more, or took it back.
pub(super) async fn not_taken(
    conn: &mut PgConnection,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(colleague) = &request.colleague else {
        return Ok(());
    };
    let offer = store::offer_of(conn, request.id, colleague.id).await?;
    let how = match offer.map(|offer| offer.state) {
        Some(OfferState::Declined) => "said no",
        Some(OfferState::Lapsed) => "did not answer in time",
        Some(OfferState::Undone) => "took it back",
        _ => "can't take it any more",
    };
    over(conn, request, &format!("{} {how}.", colleague.name), now).await
}

/// It is over by itself, and why.
async fn over(
    conn: &mut PgConnection,
    request: &Request,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let others = settle(conn, request, State::Closed, why, now).await?;
    let event = store::add_event(conn, request.id, now, None, "closed", None, why).await?;
    tell::closed(conn, request, event, None, why, &others, now).await
}

/// Nobody agreed in time, or no manager approved it.
pub(super) async fn lapse(
    conn: &mut PgConnection,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let unapproved = |taker: &Person| {
        format!(
            "{} had agreed, and no manager approved it in time.",
            taker.name
        )
    };
    let note = request.taker.as_ref().map(unapproved).unwrap_or_default();
    let others = settle(conn, request, State::Lapsed, &note, now).await?;
    let event = store::add_event(conn, request.id, now, None, "lapsed", None, &note).await?;
    tell::lapsed(conn, request, event, &others, now).await
}

/// Either side takes an agreement back: whoever agreed, and the next is asked; or the requester, who
/// then serves. False where it is too late. The request must be locked.
///
/// # Errors
/// `Conflict` where the shift can't go back.
pub async fn undo(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    let Some(taker) = request.taker.as_ref().filter(|_| request.can_undo(now)) else {
        return Ok(false);
    };
    if request.state == State::Covered {
        give_back(conn, request, taker.id, now).await?;
    }
    store::undo_offer(conn, request.id, OfferState::Undone).await?;
    let event = store::add_event(
        conn,
        request.id,
        now,
        Some(by),
        "undone",
        Some(taker.id),
        "",
    )
    .await?;
    record(conn, request, by, "took agreement back", now).await?;
    if by == taker.id {
        // They may have asked to be covered themselves since: that is over, for the time is not theirs.
        for id in store::others_of_slot(conn, request).await? {
            let theirs = locked(conn, id).await?;
            let why = format!(
                "{} took an earlier agreement back: this time is {}'s again.",
                taker.name, request.person.name
            );
            over(conn, &theirs, &why, now).await?;
        }
        store::reopen(conn, request.id).await?;
        tell::undone(conn, request, event, by, now).await?;
        advance(conn, request.id, now).await?;
    } else {
        store::settle(conn, request.id, State::Withdrawn, "", now).await?;
        serves_after_all(conn, request, by, now).await?;
        tell::withdrawn(conn, request, event, by, &[taker.id], now).await?;
    }
    Ok(true)
}

/// Tells whoever it concerns that a new version of the schedule closed a request: beside the requester
/// `others`, who were being asked or had agreed at that moment.
///
/// # Errors
/// Where the database fails.
pub async fn told_closed(
    conn: &mut PgConnection,
    id: CoverId,
    others: &[PersonId],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(request) = store::load(conn, id).await? else {
        return Ok(());
    };
    let theirs = match request.kind {
        Kind::Cover => {
            let (person, role) = (request.person.id, request.role);
            store::serves_then(conn, person, role, request.interval).await?
        }
        // They never thought that somebody else serves.
        Kind::Give | Kind::Swap => Vec::new(),
    };
    tell::moved(conn, &request, &theirs, now).await?;
    // Who heard more than that it is closed need not hear that.
    let told = (!theirs.is_empty()).then_some(request.person.id);
    let note = request.end_note.clone();
    tell::closed(conn, &request, 0, told, &note, others, now).await
}

async fn record(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    action: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let summary = tell::summary(request);
    audit::record(conn, now, Some(by), Some(request.team), action, &summary).await?;
    Ok(())
}
