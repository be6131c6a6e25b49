//! Who is there, and how they are reached.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::oncall::model::{Reach, Who};
use crate::people::{self, ContactKind};
use crate::vocab::{PersonId, TeamId};

/// What a tap on a contact opens.
fn href(kind: ContactKind, value: &str) -> Option<String> {
    let dialled = || -> String {
        let keep = |c: &char| c.is_ascii_digit() || *c == '+';
        value.chars().filter(keep).collect()
    };
    match kind {
        ContactKind::Phone => Some(format!("tel:{}", dialled())),
        ContactKind::Sms => Some(format!("sms:{}", dialled())),
        ContactKind::Email => Some(format!("mailto:{value}")),
        ContactKind::Chat | ContactKind::Pager => None,
    }
}

/// How colleagues reach these people, the on-call device first.
///
/// # Errors
/// Where the database fails.
pub async fn reach(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<BTreeMap<PersonId, Vec<Reach>>> {
    let mut by_person: BTreeMap<PersonId, Vec<Reach>> = BTreeMap::new();
    for (person, contact) in people::visible_contacts(conn, people).await? {
        let reach = Reach {
            kind: contact.kind.label(),
            href: href(contact.kind, &contact.value),
            value: contact.value,
        };
        by_person.entry(person).or_default().push(reach);
    }
    Ok(by_person)
}

/// Whether a person has an on-call device.
///
/// # Errors
/// Where the database fails.
pub async fn has_device(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from contact_methods where person_id = $1 and is_on_call_device) as "has!""#,
        person.0
    )
    .fetch_one(conn)
    .await
}

/// Engineers of a team who are there on some day of the stretch, by name, at most 500.
///
/// # Errors
/// Where the database fails.
pub async fn engineers(
    conn: &mut PgConnection,
    team: TeamId,
    first: NaiveDate,
    last: NaiveDate,
) -> sqlx::Result<Vec<Who>> {
    sqlx::query_as!(
        Who,
        r#"select p.id as "id: PersonId", p.name from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.is_engineer and greatest(p.joined_on, m.joined_on) <= $3 and (p.left_on is null or p.left_on > $2)
        order by p.name, p.id limit 500"#,
        team.0,
        first,
        last,
    )
    .fetch_all(conn)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_dialled_without_blanks_and_a_chat_opens_nothing() {
        let dialled = href(ContactKind::Phone, "+90 (212) 5-1");
        assert_eq!(dialled.as_deref(), Some("tel:+9021251"));
        assert_eq!(href(ContactKind::Chat, "javascript:x"), None);
    }
}
