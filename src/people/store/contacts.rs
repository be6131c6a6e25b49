//! How people are reached.

use sqlx::PgConnection;

use crate::people::model::{Contact, ContactKind};
use crate::vocab::{Line, PersonId};

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
