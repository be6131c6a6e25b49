//! A request ends without anybody taking it, or an agreement is taken back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::advance::advance;
use super::agree::give_back;
use super::tell;
use crate::audit;
use crate::availability;
use crate::cover::model::{Kind, OfferState, Request, State};
use crate::cover::store;
use crate::error::AppError;
use crate::vocab::{CoverId, Level, Note, PersonId};

/// Ends a request that is not settled; whom it concerns besides the requester.
async fn settle(
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

/// The requester is available again for the time they can make after all.
async fn serves_after_all(
    conn: &mut PgConnection,
    request: &Request,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    if request.kind != Kind::Cover {
        return Ok(());
    }
    let note: Note = "Can make this shift after all"
        .parse()
        .map_err(|_| AppError::Internal("a note of ours".into()))?;
    availability::set_entry(
        conn,
        request.person.id,
        request.interval,
        Level::Available,
        &note,
        by,
        now,
    )
    .await?;
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

/// The one colleague said no, did not answer, or took it back.
pub(super) async fn not_taken(
    conn: &mut PgConnection,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let name = request.colleague.as_ref().map_or("nobody", |c| &c.name);
    let note = format!("{name} does not take it.");
    let others = settle(conn, request, State::Closed, &note, now).await?;
    let event = store::add_event(conn, request.id, now, None, "closed", None, &note).await?;
    tell::closed(conn, request, event, None, &note, &others, now).await
}

/// Nobody agreed in time.
pub(super) async fn lapse(
    conn: &mut PgConnection,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let others = settle(conn, request, State::Lapsed, "", now).await?;
    let event = store::add_event(conn, request.id, now, None, "lapsed", None, "").await?;
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

/// Tells whoever it concerns that a new version of the schedule closed a request.
///
/// # Errors
/// Where the database fails.
pub async fn told_closed(
    conn: &mut PgConnection,
    id: CoverId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(request) = store::load(conn, id).await? else {
        return Ok(());
    };
    let others: Vec<PersonId> = store::offers(conn, id)
        .await?
        .iter()
        .filter(|o| o.state == OfferState::Withdrawn)
        .map(|o| o.person.id)
        .collect();
    let note = request.end_note.clone();
    tell::closed(conn, &request, 0, None, &note, &others, now).await
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
