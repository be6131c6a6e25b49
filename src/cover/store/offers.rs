//! Offers: put, answered, taken back.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::cover::model::{Offer, OfferState, Origin, Person};
use crate::vocab::{CoverId, OfferId, PersonId, TeamId};

macro_rules! offers {
    ($conn:expr, $tail:literal, $($arg:expr),*) => {
        sqlx::query!(
            r#"select f.id, f.request_id, f.origin as "origin: Origin", f.state as "state: OfferState", f.why, f.asked_at,
                f.answer_by, f.answered_at, f.note, p.id as person_id, p.name, p.time_zone,
                exists (select from cover_events e where e.request_id = f.request_id and e.person_id = f.person_id
                    and e.action = 'refused') as "is_refused!"
            from cover_offers f join people p on p.id = f.person_id "# + $tail,
            $($arg),*
        )
        .map(|r| Offer {
            id: OfferId(r.id),
            request: CoverId(r.request_id),
            person: Person {
                id: PersonId(r.person_id),
                name: r.name,
                zone: r.time_zone.parse().unwrap_or(Tz::UTC),
            },
            origin: r.origin,
            state: r.state,
            why: r.why,
            asked_at: r.asked_at,
            answer_by: r.answer_by,
            answered_at: r.answered_at,
            note: r.note,
            is_refused: r.is_refused,
        })
        .fetch_all($conn)
        .await
    };
}

/// The offers of a request, in the order they were made; at most 500.
///
/// # Errors
/// Where the database fails.
pub async fn offers(conn: &mut PgConnection, request: CoverId) -> sqlx::Result<Vec<Offer>> {
    offers!(
        conn,
        "where f.request_id = $1 order by f.asked_at, f.id limit 500",
        request.0
    )
}

/// A person's offer of a request.
///
/// # Errors
/// Where the database fails.
pub async fn offer_of(
    conn: &mut PgConnection,
    request: CoverId,
    person: PersonId,
) -> sqlx::Result<Option<Offer>> {
    let found = offers!(
        conn,
        "where f.request_id = $1 and f.person_id = $2",
        request.0,
        person.0
    )?;
    Ok(found.into_iter().next())
}

/// The offer that a link belongs to, by the hash of its secret.
///
/// # Errors
/// Where the database fails.
pub async fn by_token(conn: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<Offer>> {
    let found = offers!(conn, "where f.token_hash = $1", hash)?;
    Ok(found.into_iter().next())
}

/// Who is being asked now.
///
/// # Errors
/// Where the database fails.
pub async fn asked_now(conn: &mut PgConnection, request: CoverId) -> sqlx::Result<Vec<Offer>> {
    offers!(
        conn,
        "where f.request_id = $1 and f.state = 'asked' order by f.asked_at, f.id limit 500",
        request.0
    )
}

/// Asks somebody; anew where the question was taken back before they answered. False where they have
/// answered, or let their time run out.
///
/// # Errors
/// Where the database fails.
#[allow(clippy::too_many_arguments)] // The columns of an offer.
pub async fn put_asked(
    conn: &mut PgConnection,
    request: CoverId,
    person: PersonId,
    origin: Origin,
    why: &str,
    answer_by: DateTime<Utc>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into cover_offers (request_id, person_id, origin, state, why, asked_at, answer_by, token_hash)
        values ($1, $2, $3, 'asked', $4, $5, $6, $7)
        on conflict (request_id, person_id) do update
        set state = 'asked', origin = excluded.origin, why = excluded.why, asked_at = excluded.asked_at,
            answer_by = excluded.answer_by, token_hash = excluded.token_hash, revision = cover_offers.revision + 1
        where cover_offers.state = 'withdrawn' and cover_offers.answered_at is null",
        request.0,
        person.0,
        origin.key(),
        why,
        now,
        answer_by,
        token_hash,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody takes it; all other questions are taken back, and whose they were is returned.
///
/// # Errors
/// Where the database fails; a unique index speaks where somebody else has agreed.
pub async fn agree(
    conn: &mut PgConnection,
    request: CoverId,
    person: PersonId,
    origin: Option<Origin>,
    note: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<PersonId>> {
    let others = take_back(conn, request, Some(person)).await?;
    sqlx::query!(
        "insert into cover_offers (request_id, person_id, origin, state, asked_at, answered_at, note)
        values ($1, $2, coalesce($3, 'volunteer'), 'agreed', $4, $4, $5)
        on conflict (request_id, person_id) do update
        set state = 'agreed', origin = coalesce($3, cover_offers.origin), answered_at = $4, note = excluded.note",
        request.0,
        person.0,
        origin.map(Origin::key),
        now,
        note,
    )
    .execute(conn)
    .await?;
    Ok(others)
}

/// Takes back every question that is open, but for one person's; whose they were.
///
/// # Errors
/// Where the database fails.
pub async fn take_back(
    conn: &mut PgConnection,
    request: CoverId,
    but: Option<PersonId>,
) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"update cover_offers set state = 'withdrawn'
        where request_id = $1 and state = 'asked' and person_id is distinct from $2
        returning person_id as "id: PersonId""#,
        request.0,
        but.map(|p| p.0),
    )
    .fetch_all(conn)
    .await
}

/// Takes one question back: whoever was asked breaks a rule by now. They may be asked anew.
///
/// # Errors
/// Where the database fails.
pub async fn bar(conn: &mut PgConnection, offer: OfferId) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_offers set state = 'withdrawn' where id = $1 and state = 'asked'",
        offer.0
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Somebody says no.
///
/// # Errors
/// Where the database fails.
pub async fn decline(
    conn: &mut PgConnection,
    offer: OfferId,
    note: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_offers set state = 'declined', answered_at = $2, note = $3 where id = $1",
        offer.0,
        now,
        note,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the questions whose time is over; whose they were.
///
/// # Errors
/// Where the database fails.
pub async fn lapse_due(
    conn: &mut PgConnection,
    request: CoverId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"update cover_offers set state = 'lapsed'
        where request_id = $1 and state = 'asked' and answer_by <= $2 returning person_id as "id: PersonId""#,
        request.0,
        now,
    )
    .fetch_all(conn)
    .await
}

/// The agreement is taken back (`undone`) or does not count (`withdrawn`).
///
/// # Errors
/// Where the database fails.
pub async fn undo_offer(
    conn: &mut PgConnection,
    request: CoverId,
    state: OfferState,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_offers set state = $2 where request_id = $1 and state = 'agreed'",
        request.0,
        state.key(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether somebody is in a team, or an administrator, who sees every team.
///
/// # Errors
/// Where the database fails.
pub async fn is_in_team(
    conn: &mut PgConnection,
    person: PersonId,
    team: TeamId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from team_members where team_id = $2 and person_id = $1)
            or exists (select from people where id = $1 and is_admin) as "is!""#,
        person.0,
        team.0,
    )
    .fetch_one(conn)
    .await
}
