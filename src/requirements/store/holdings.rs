//! What people declare, ask for and are given.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::requirements::model::{Span, State};
use crate::vocab::{Note, PersonId, RequirementId};

/// Who decides, when, with what note.
pub struct Signature<'a> {
    /// The manager, or the engineer who declares.
    pub by: PersonId,
    /// When (UTC).
    pub at: DateTime<Utc>,
    /// What they say; may be empty.
    pub note: &'a Note,
}

/// What a manager decides of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Held for this time.
    SignedOff(Span),
    /// Not held; the note says why.
    Refused,
}

/// Asks for a sign-off. False where a request waits already.
///
/// # Errors
/// Where the database fails.
pub async fn ask(
    conn: &mut PgConnection,
    requirement: RequirementId,
    person: PersonId,
    note: &Note,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into holdings (requirement_id, person_id, state, asked_at, request_note) values ($1, $2, 'pending', $3, $4)
        on conflict (requirement_id, person_id) where state = 'pending' do nothing",
        requirement.0,
        person.0,
        now,
        note.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a request back. False where none waits.
///
/// # Errors
/// Where the database fails.
pub async fn withdraw(
    conn: &mut PgConnection,
    requirement: RequirementId,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update holdings set state = 'withdrawn', decided_at = $3, decided_by = $2
        where requirement_id = $1 and person_id = $2 and state = 'pending'",
        requirement.0,
        person.0,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Decides a request. False where it no longer waits: somebody decided, or it was withdrawn.
///
/// # Errors
/// Where the database fails.
pub async fn decide(
    conn: &mut PgConnection,
    request: i64,
    outcome: Outcome,
    signature: &Signature<'_>,
) -> sqlx::Result<bool> {
    let (state, span) = match outcome {
        Outcome::SignedOff(span) => (State::Held, Some(span)),
        Outcome::Refused => (State::Refused, None),
    };
    let done = sqlx::query!(
        "update holdings set state = $2, decided_at = $3, decided_by = $4, note = $5, held_from = $6, held_until = $7
        where id = $1 and state = 'pending'",
        request,
        state as State,
        signature.at,
        signature.by.0,
        signature.note.as_str(),
        span.map(|s| s.from),
        span.and_then(|s| s.until),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives somebody a requirement without waiting for a request; one that waits is thereby answered.
///
/// # Errors
/// Where the database fails.
pub async fn sign_off(
    conn: &mut PgConnection,
    requirement: RequirementId,
    person: PersonId,
    span: Span,
    signature: &Signature<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with request as (
            update holdings set state = 'held', decided_at = $3, decided_by = $4, note = $5, held_from = $6, held_until = $7
            where requirement_id = $1 and person_id = $2 and state = 'pending' returning id
        )
        insert into holdings (requirement_id, person_id, state, asked_at, request_note, decided_at, decided_by, note, held_from, held_until)
        select $1, $2, 'held', $3, '', $3, $4, $5, $6, $7 where not exists (select from request)",
        requirement.0,
        person.0,
        signature.at,
        signature.by.0,
        signature.note.as_str(),
        span.from,
        span.until,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Declares that oneself holds a requirement, from now on.
///
/// # Errors
/// Where the database fails.
pub async fn declare(
    conn: &mut PgConnection,
    requirement: RequirementId,
    person: PersonId,
    span: Span,
    note: &Note,
) -> sqlx::Result<()> {
    let signature = Signature {
        by: person,
        at: span.from,
        note,
    };
    sign_off(conn, requirement, person, span, &signature).await
}

/// Takes away what a person holds. False where they hold nothing of it.
///
/// # Errors
/// Where the database fails.
pub async fn revoke(
    conn: &mut PgConnection,
    requirement: RequirementId,
    person: PersonId,
    signature: &Signature<'_>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update holdings set state = 'revoked', revoked_at = $3, revoked_by = $4, revoke_note = $5
        where requirement_id = $1 and person_id = $2 and state = 'held' and (held_until is null or held_until > $3)",
        requirement.0,
        person.0,
        signature.at,
        signature.by.0,
        signature.note.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
