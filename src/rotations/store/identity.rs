//! Which role or leg is which: they keep their identity over the versions.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::read::identities;
use crate::vocab::RotationId;

/// The ids of roles, made or renamed where needed, in the order wanted.
pub(super) async fn role_ids(
    conn: &mut PgConnection,
    rotation: RotationId,
    wanted: &[(i64, &str)],
) -> sqlx::Result<Vec<i64>> {
    let (known, _) = identities(conn, rotation).await?;
    let settled = settle(&known, wanted);
    let (ids, names) = kept(&settled, wanted);
    sqlx::query!(
        "update roles t set name = n.name
        from unnest($1::bigint[], $2::text[]) as n (id, name) where t.id = n.id and t.name <> n.name",
        &ids,
        &names,
    )
    .execute(&mut *conn)
    .await?;
    let made = sqlx::query!(
        "insert into roles (rotation_id, name) select $1, n.* from unnest($2::text[]) n returning id, name",
        rotation.0,
        &fresh(&settled, wanted),
    )
    .fetch_all(conn)
    .await?;
    let made = made.into_iter().map(|r| (r.name, r.id)).collect();
    Ok(in_order(&settled, wanted, &made))
}

/// The ids of legs, made or renamed where needed, in the order wanted.
pub(super) async fn leg_ids(
    conn: &mut PgConnection,
    rotation: RotationId,
    wanted: &[(i64, &str)],
) -> sqlx::Result<Vec<i64>> {
    let (_, known) = identities(conn, rotation).await?;
    let settled = settle(&known, wanted);
    let (ids, names) = kept(&settled, wanted);
    sqlx::query!(
        "update legs t set name = n.name
        from unnest($1::bigint[], $2::text[]) as n (id, name) where t.id = n.id and t.name <> n.name",
        &ids,
        &names,
    )
    .execute(&mut *conn)
    .await?;
    let made = sqlx::query!(
        "insert into legs (rotation_id, name) select $1, n.* from unnest($2::text[]) n returning id, name",
        rotation.0,
        &fresh(&settled, wanted),
    )
    .fetch_all(conn)
    .await?;
    let made = made.into_iter().map(|r| (r.name, r.id)).collect();
    Ok(in_order(&settled, wanted, &made))
}

/// Which known row each wanted one is: the one of its id, else an unwanted one of its name in any
/// case of letters, else none: a new one.
fn settle(known: &[(i64, String)], wanted: &[(i64, &str)]) -> Vec<Option<i64>> {
    let is_known = |id: &i64| known.iter().any(|(k, _)| k == id);
    let mut taken: BTreeSet<i64> = wanted.iter().map(|w| w.0).filter(is_known).collect();
    let mut used = BTreeSet::new();
    let mut settled = Vec::with_capacity(wanted.len());
    for (id, name) in wanted {
        let found = if is_known(id) && used.insert(*id) {
            Some(*id)
        } else {
            let name = name.to_lowercase();
            let earlier = known
                .iter()
                .find(|(k, n)| !taken.contains(k) && n.to_lowercase() == name);
            earlier.map(|(k, _)| *k)
        };
        taken.extend(found);
        settled.push(found);
    }
    settled
}

/// Ids that stay, and the names they get.
fn kept(settled: &[Option<i64>], wanted: &[(i64, &str)]) -> (Vec<i64>, Vec<String>) {
    let pairs = settled.iter().zip(wanted);
    pairs
        .filter_map(|(id, (_, name))| Some(((*id)?, (*name).to_owned())))
        .unzip()
}

/// Names of those that are new.
fn fresh(settled: &[Option<i64>], wanted: &[(i64, &str)]) -> Vec<String> {
    let pairs = settled.iter().zip(wanted);
    pairs
        .filter(|(id, _)| id.is_none())
        .map(|(_, (_, name))| (*name).to_owned())
        .collect()
}

/// The id of each wanted one, those that were just made by their names.
fn in_order(
    settled: &[Option<i64>],
    wanted: &[(i64, &str)],
    made: &BTreeMap<String, i64>,
) -> Vec<i64> {
    let pairs = settled.iter().zip(wanted);
    pairs
        .filter_map(|(id, (_, name))| id.or_else(|| made.get(*name).copied()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::settle;

    #[test]
    fn roles_keep_their_identity_by_id_then_by_name() {
        let known = [
            (1, "Primary".into()),
            (2, "Backup".into()),
            (3, "Old".into()),
        ];
        assert_eq!(
            settle(&known, &[(2, "Primary"), (1, "Backup")]),
            [Some(2), Some(1)],
            "swapped names"
        );
        assert_eq!(
            settle(&known, &[(0, "old"), (0, "New")]),
            [Some(3), None],
            "an earlier one comes back"
        );
        assert_eq!(
            settle(&known, &[(1, "First"), (0, "Primary"), (1, "Twice")]),
            [Some(1), None, None],
            "a renamed one leaves its name to a new one, and an id counts once"
        );
        assert_eq!(settle(&known, &[(99, "Elsewhere")]), [None]);
    }
}
