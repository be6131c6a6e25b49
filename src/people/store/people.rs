//! People.

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::vocab::{Email, Line, PersonId};

/// A person to be added.
pub struct NewPerson<'a> {
    /// Address to sign in with.
    pub email: &'a Email,
    /// Name.
    pub name: &'a Line,
    /// Argon2id hash; none until they choose a password.
    pub password_hash: Option<&'a str>,
    /// Their zone.
    pub zone: Tz,
    /// Percent of a full-time contract, 1 to 100.
    pub capacity_percent: i16,
    /// First day in the team.
    pub joined_on: NaiveDate,
    /// First day no longer in it.
    pub left_on: Option<NaiveDate>,
    /// Administrator of the service.
    pub is_admin: bool,
    /// Made by the demo, with a password everybody knows.
    pub is_demo: bool,
}

/// A person's profile.
pub struct Profile {
    /// The person.
    pub id: PersonId,
    /// Address to sign in with.
    pub email: String,
    /// Name.
    pub name: String,
    /// Name of their zone.
    pub time_zone: String,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// Administrator of the service.
    pub is_admin: bool,
}

/// Adds a person; none where the address is taken.
///
/// # Errors
/// Where the database fails.
pub async fn add_person(
    conn: &mut PgConnection,
    new: &NewPerson<'_>,
) -> sqlx::Result<Option<PersonId>> {
    sqlx::query_scalar!(
        "insert into people (email, name, password_hash, time_zone, capacity_percent, joined_on, left_on, is_admin, is_demo)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (email) do nothing returning id",
        new.email.as_str(),
        new.name.as_str(),
        new.password_hash,
        new.zone.name(),
        new.capacity_percent,
        new.joined_on,
        new.left_on,
        new.is_admin,
        new.is_demo,
    )
    .fetch_optional(conn)
    .await
    .map(|id| id.map(PersonId))
}

/// Adds an administrator without a password, or makes one of the person who has that address.
///
/// # Errors
/// Where the database fails.
pub async fn create_admin(
    conn: &mut PgConnection,
    email: &Email,
    name: &Line,
    today: NaiveDate,
) -> sqlx::Result<PersonId> {
    sqlx::query_scalar!(
        "insert into people (email, name, time_zone, joined_on, is_admin) values ($1, $2, 'UTC', $3, true)
        on conflict (email) do update set is_admin = true returning id",
        email.as_str(),
        name.as_str(),
        today,
    )
    .fetch_one(conn)
    .await
    .map(PersonId)
}

/// Whether anybody is there at all.
///
/// # Errors
/// Where the database fails.
pub async fn any(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from people) as "any!""#)
        .fetch_one(conn)
        .await
}

/// How many accounts have a password that everybody knows.
///
/// # Errors
/// Where the database fails.
pub async fn demo_accounts(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "n!" from people where is_demo"#)
        .fetch_one(conn)
        .await
}

/// A person's profile.
///
/// # Errors
/// Where the database fails.
pub async fn profile(conn: &mut PgConnection, id: PersonId) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as!(
        Profile,
        r#"select id as "id: PersonId", email, name, time_zone, capacity_percent, is_admin
        from people where id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await
}

/// All people whose name or address holds `part`, by name, at most `most`.
///
/// # Errors
/// Where the database fails.
pub async fn list_people(
    conn: &mut PgConnection,
    part: &str,
    most: i64,
) -> sqlx::Result<Vec<Profile>> {
    sqlx::query_as!(
        Profile,
        r#"select id as "id: PersonId", email, name, time_zone, capacity_percent, is_admin
        from people where $1 = '' or strpos(lower(name), lower($1)) > 0 or strpos(email, lower($1)) > 0
        order by name, id limit $2"#,
        part,
        most,
    )
    .fetch_all(conn)
    .await
}

/// Whom to ask for what administrators do: those who have not left, by name, at most five.
///
/// # Errors
/// Where the database fails.
pub async fn administrators(
    conn: &mut PgConnection,
    today: NaiveDate,
) -> sqlx::Result<Vec<Profile>> {
    sqlx::query_as!(
        Profile,
        r#"select id as "id: PersonId", email, name, time_zone, capacity_percent, is_admin
        from people where is_admin and (left_on is null or left_on > $1) order by name, id limit 5"#,
        today,
    )
    .fetch_all(conn)
    .await
}

/// Changes name and zone.
///
/// # Errors
/// Where the database fails.
pub async fn update_profile(
    conn: &mut PgConnection,
    id: PersonId,
    name: &Line,
    zone: Tz,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update people set name = $2, time_zone = $3, revision = revision + 1 where id = $1",
        id.0,
        name.as_str(),
        zone.name(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Makes a person an administrator, or no longer one; the last one stays. Whether it was done.
///
/// # Errors
/// Where the database fails.
pub async fn set_admin(
    conn: &mut PgConnection,
    id: PersonId,
    is_admin: bool,
) -> sqlx::Result<bool> {
    // Two who step down at once must not both see the other: the rows are locked first.
    let admins = sqlx::query_scalar!("select id from people where is_admin order by id for update")
        .fetch_all(&mut *conn)
        .await?;
    if !is_admin && admins == [id.0] {
        return Ok(false);
    }
    let done = sqlx::query!(
        "update people set is_admin = $2 where id = $1",
        id.0,
        is_admin
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Who has that address, and their hash.
///
/// # Errors
/// Where the database fails.
pub async fn password_hash(
    conn: &mut PgConnection,
    email: &str,
) -> sqlx::Result<Option<(PersonId, Option<String>)>> {
    let row = sqlx::query!(
        "select id, password_hash from people where email = $1",
        email
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| (PersonId(r.id), r.password_hash)))
}

/// Sets the password's hash, and ends links to choose one that nobody has used. The account is then no
/// longer one whose password everybody knows.
///
/// # Errors
/// Where the database fails.
pub async fn set_password(conn: &mut PgConnection, id: PersonId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update people set password_hash = $2, is_demo = false where id = $1",
        id.0,
        hash
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from one_time_links where person_id = $1 and purpose = 'password_reset' and used_at is null",
        id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}
