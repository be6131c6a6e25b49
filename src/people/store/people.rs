//! People and how to reach them.

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::people::model::{Contact, ContactKind};
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

fn contact(id: i64, kind: &str, value: String, is_device: bool, is_visible: bool) -> Contact {
    Contact {
        id,
        kind: kind.parse().unwrap_or(ContactKind::Chat),
        value,
        is_device,
        is_visible,
    }
}

/// A person's contact methods, the on-call device first.
///
/// # Errors
/// Where the database fails.
pub async fn contacts(conn: &mut PgConnection, id: PersonId) -> sqlx::Result<Vec<Contact>> {
    let rows = sqlx::query!(
        "select id, kind, value, is_on_call_device, visible_to_colleagues from contact_methods
        where person_id = $1 order by is_on_call_device desc, id limit 20",
        id.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            contact(
                r.id,
                &r.kind,
                r.value,
                r.is_on_call_device,
                r.visible_to_colleagues,
            )
        })
        .collect())
}

/// What colleagues may see of these people's contact methods, the on-call device first.
///
/// # Errors
/// Where the database fails.
pub async fn visible_contacts(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<Vec<(PersonId, Contact)>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        "select person_id, id, kind, value, is_on_call_device from contact_methods
        where person_id = any ($1) and visible_to_colleagues order by person_id, is_on_call_device desc, id",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            (
                PersonId(r.person_id),
                contact(r.id, &r.kind, r.value, r.is_on_call_device, true),
            )
        })
        .collect())
}

/// Changes of one person's contact methods wait for each other until the transaction ends.
async fn lock(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from people where id = $1 for no key update",
        person.0
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Adds a contact method. The first one is the on-call device. None where the person has it already
/// or has 20 of them.
///
/// # Errors
/// Where the database fails.
pub async fn add_contact(
    conn: &mut PgConnection,
    person: PersonId,
    kind: ContactKind,
    value: &Line,
    visible: bool,
) -> sqlx::Result<Option<i64>> {
    // Two added at once must not both be the first.
    lock(conn, person).await?;
    sqlx::query_scalar!(
        "insert into contact_methods (person_id, kind, value, is_on_call_device, visible_to_colleagues)
        select $1, $2, $3, n = 0, $4 or n = 0 from (select count(*) as n from contact_methods where person_id = $1) already where n < 20
        on conflict (person_id, kind, value) do nothing returning id",
        person.0,
        kind.key(),
        value.as_str(),
        visible,
    )
    .fetch_optional(conn)
    .await
}

/// Makes one of a person's contact methods the on-call device, visible to colleagues.
///
/// # Errors
/// Where the database fails.
pub async fn make_device(conn: &mut PgConnection, person: PersonId, id: i64) -> sqlx::Result<bool> {
    // Of two chosen at once the later stays.
    lock(conn, person).await?;
    let owned = sqlx::query_scalar!(
        "select id from contact_methods where person_id = $1 and id = $2",
        person.0,
        id
    )
    .fetch_optional(&mut *conn)
    .await?;
    if owned.is_none() {
        return Ok(false);
    }
    sqlx::query!("update contact_methods set is_on_call_device = false where person_id = $1 and is_on_call_device and id <> $2", person.0, id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("update contact_methods set is_on_call_device = true, visible_to_colleagues = true where id = $1", id).execute(conn).await?;
    Ok(true)
}

/// Shows a contact method to colleagues or hides it. The on-call device can't be hidden.
///
/// # Errors
/// Where the database fails.
pub async fn set_contact_visible(
    conn: &mut PgConnection,
    person: PersonId,
    id: i64,
    visible: bool,
) -> sqlx::Result<bool> {
    lock(conn, person).await?;
    let done = sqlx::query!(
        "update contact_methods set visible_to_colleagues = $3 where person_id = $1 and id = $2 and ($3 or not is_on_call_device)",
        person.0,
        id,
        visible,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a contact method; the on-call device only when it is the last.
///
/// # Errors
/// Where the database fails.
pub async fn remove_contact(
    conn: &mut PgConnection,
    person: PersonId,
    id: i64,
) -> sqlx::Result<bool> {
    lock(conn, person).await?;
    let done = sqlx::query!(
        "delete from contact_methods c where c.person_id = $1 and c.id = $2
        and (not c.is_on_call_device or not exists (select from contact_methods o where o.person_id = $1 and o.id <> $2))",
        person.0,
        id,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
