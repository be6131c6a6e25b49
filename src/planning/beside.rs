//! What calendars say beside a plan: clashes with what is published, and how fresh it is. Nothing is computed
//! from it, but an open planner follows it.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::model::{Inputs, PersonInput};
use super::store;
use crate::availability;
use crate::vocab::PersonId;

/// What calendars say of the people of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Published shifts that clash with their person's calendar, in words.
    pub taken: Vec<String>,
    /// How fresh it is, by person; nobody where no calendar is connected.
    pub fresh: Vec<(String, Option<String>)>,
    /// Whose calendars can't be read now.
    failing: Vec<String>,
}

/// What calendars say of the people of a month. Reads only.
///
/// # Errors
/// Where the database fails.
pub async fn said(
    conn: &mut PgConnection,
    inputs: &Inputs,
    now: DateTime<Utc>,
) -> sqlx::Result<Said> {
    let people: Vec<PersonId> = inputs.people.iter().map(|p| p.id).collect();
    let fresh = availability::freshness(conn, &people).await?;
    if fresh.is_empty() {
        return Ok(Said::default());
    }
    let (month, zone) = (inputs.month, inputs.zone);
    let team = store::team_name(conn, inputs.team).await?;
    let mut taken = Vec::new();
    for clash in availability::taken_shifts(conn, &people, month.interval(zone)).await? {
        let person = inputs.people.iter().find(|p| p.id == clash.person);
        let Some(person) = person.filter(|_| clash.shift.interval.end > now) else {
            continue;
        };
        // What they serve elsewhere is no matter of this plan, but of them.
        let place = if (&clash.shift.rotation, &clash.shift.team) == (&inputs.name, &team) {
            String::new()
        } else {
            format!(
                " for {}, {} (not in this plan)",
                clash.shift.team, clash.shift.rotation
            )
        };
        taken.push(format!(
            "{}, {}{place} {}: {} {} in their calendar.",
            person.name,
            clash.shift.role,
            availability::describe(clash.shift.interval, zone),
            clash.busy.kind.label(),
            availability::describe(clash.busy.interval, zone)
        ));
    }
    let failing = |p: &&PersonInput| fresh.get(&p.id).is_some_and(|f| f.failing > 0);
    let words = |p: &PersonInput| (p.name.clone(), fresh.get(&p.id).map(|f| f.words(now)));
    Ok(Said {
        taken,
        failing: inputs
            .people
            .iter()
            .filter(failing)
            .map(|p| p.name.clone())
            .collect(),
        fresh: inputs.people.iter().map(words).collect(),
    })
}

impl Said {
    /// Tells whether a page shows something else. How long ago something was read doesn't count.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for words in self
            .taken
            .iter()
            .chain([&String::new()])
            .chain(&self.failing)
        {
            hash.update(words.len().to_be_bytes());
            hash.update(words.as_bytes());
        }
        let digest = hash.finalize();
        let first = digest.iter().take(8);
        let number = first.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{number:016x}")
    }

    /// What is new since `before`, in words.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<String> {
        let new = |now: &[String], before: &[String], say: fn(&String) -> String| -> Vec<String> {
            let new = now.iter().filter(|words| !before.contains(words));
            new.map(say).collect()
        };
        [
            new(&self.taken, &before.taken, |w| {
                format!("A shift clashes with a calendar: {w}")
            }),
            new(&before.taken, &self.taken, |w| {
                format!("No clash any more: {w}")
            }),
            new(&self.failing, &before.failing, |w| {
                format!("{w}'s calendar can't be read now.")
            }),
            new(&before.failing, &self.failing, |w| {
                format!("{w}'s calendar can be read again.")
            }),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_said_and_what_only_ages_is_not() {
        let with = |taken: &[&str], failing: &[&str]| Said {
            taken: taken.iter().map(|w| (*w).to_owned()).collect(),
            failing: failing.iter().map(|w| (*w).to_owned()).collect(),
            fresh: vec![("Ben".into(), Some("read just now".into()))],
        };
        let (calm, clash) = (with(&[], &[]), with(&["Ben, Primary."], &["Ben"]));
        assert_eq!(
            clash.since(&calm),
            [
                "A shift clashes with a calendar: Ben, Primary.",
                "Ben's calendar can't be read now."
            ]
        );
        assert_eq!(
            calm.since(&clash),
            [
                "No clash any more: Ben, Primary.",
                "Ben's calendar can be read again."
            ]
        );
        let older = Said {
            fresh: vec![],
            ..clash.clone()
        };
        assert_eq!(older.digest(), clash.digest());
        let all = [
            calm.digest(),
            clash.digest(),
            with(&["Ben"], &[]).digest(),
            with(&[], &["Ben"]).digest(),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[..place].contains(one));
        }
    }
}
