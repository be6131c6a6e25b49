//! Links that work once: invitations and password resets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::vocab::{PersonId, TeamId};

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Join a team.
    Invitation,
    /// Choose a password.
    PasswordReset,
}

impl Purpose {
    fn key(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
        }
    }
}

/// A link to be made.
pub struct NewLink<'a> {
    /// Hash of its secret.
    pub token_hash: &'a [u8],
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it is for.
    pub email: &'a str,
    /// Who that is, when known already.
    pub person: Option<PersonId>,
    /// The team to join.
    pub team: Option<TeamId>,
    /// As a manager.
    pub is_manager: bool,
    /// As an engineer.
    pub is_engineer: bool,
    /// Who made it.
    pub by: Option<PersonId>,
    /// When it was made.
    pub now: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// A link that still works.
pub struct Link {
    /// Its id.
    pub id: i64,
    /// Whom it is for.
    pub email: String,
    /// Who that is: named by the link, or whoever has the address by now.
    pub person: Option<i64>,
    /// Whether they have a password already.
    pub has_password: bool,
    /// The team to join.
    pub team: Option<i64>,
    /// Its name.
    pub team_name: Option<String>,
    /// Its slug.
    pub slug: Option<String>,
    /// As a manager.
    pub is_manager: bool,
    /// As an engineer.
    pub is_engineer: bool,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// Adds a link. An earlier one for the same purpose, address and team stops working.
///
/// # Errors
/// Where the database fails.
pub async fn add_link(conn: &mut PgConnection, new: &NewLink<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into one_time_links (token_hash, purpose, email, person_id, team_id, is_manager, is_engineer, created_by, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (purpose, email, team_id) where used_at is null do update
        set token_hash = excluded.token_hash, person_id = excluded.person_id, is_manager = excluded.is_manager,
            is_engineer = excluded.is_engineer, created_by = excluded.created_by, created_at = excluded.created_at,
            expires_at = excluded.expires_at",
        new.token_hash,
        new.purpose.key(),
        new.email,
        new.person.map(|p| p.0),
        new.team.map(|t| t.0),
        new.is_manager,
        new.is_engineer,
        new.by.map(|p| p.0),
        new.now,
        new.expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The link of that secret, if it still works. Locks it, so that it is used once.
///
/// # Errors
/// Where the database fails.
pub async fn find_link(
    conn: &mut PgConnection,
    token_hash: &[u8],
    purpose: Purpose,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Link>> {
    sqlx::query_as!(
        Link,
        r#"select l.id, l.email, p.id as "person?", (p.password_hash is not null) as "has_password!", l.team_id as team,
            t.name as "team_name?", t.slug as "slug?", l.is_manager, l.is_engineer, l.expires_at
        from one_time_links l
        left join people p on p.id = l.person_id or (l.person_id is null and p.email = l.email)
        left join teams t on t.id = l.team_id
        where l.token_hash = $1 and l.purpose = $2 and l.used_at is null and l.expires_at > $3 for update of l"#,
        token_hash,
        purpose.key(),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Marks a link as used.
///
/// # Errors
/// Where the database fails.
pub async fn use_link(conn: &mut PgConnection, id: i64, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update one_time_links set used_at = $2 where id = $1",
        id,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A team's invitations that nobody has used yet, the newest first, at most 100.
///
/// # Errors
/// Where the database fails.
pub async fn pending_invitations(
    conn: &mut PgConnection,
    team: TeamId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Link>> {
    sqlx::query_as!(
        Link,
        r#"select l.id, l.email, null::bigint as person, false as "has_password!", l.team_id as team,
            null::text as team_name, null::text as slug, l.is_manager, l.is_engineer, l.expires_at
        from one_time_links l
        where l.team_id = $1 and l.purpose = 'invitation' and l.used_at is null and l.expires_at > $2
        order by l.id desc limit 100"#,
        team.0,
        now,
    )
    .fetch_all(conn)
    .await
}

/// Takes an unused invitation back; the address it was for.
///
/// # Errors
/// Where the database fails.
pub async fn withdraw_link(
    conn: &mut PgConnection,
    team: TeamId,
    id: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("delete from one_time_links where team_id = $1 and id = $2 and used_at is null returning email", team.0, id).fetch_optional(conn).await
}
