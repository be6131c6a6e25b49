//! Who may serve which shift of a rotation, as far as requirements go.

use serde::Serialize;

use chrono::{DateTime, Utc};

use super::Span;
use super::standing::{Hold, hold};
use crate::vocab::{Interval, PersonId, RequirementId, RoleId};

/// A role needs a requirement.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct RoleRequirement {
    /// The role.
    pub role: RoleId,
    /// What it needs.
    pub requirement: RequirementId,
    /// Its title, for people.
    pub title: String,
}

/// A person holds a requirement for some time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Holding {
    /// The person.
    pub person: PersonId,
    /// What they hold.
    pub requirement: RequirementId,
    /// First instant (UTC).
    pub from: DateTime<Utc>,
    /// First instant no longer (UTC); none: for ever.
    pub until: Option<DateTime<Utc>>,
}

/// What a rotation's roles need and who holds it: all that planning asks of requirements. Equal
/// content is in equal order, so that it can be compared and digested.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct RotationRequirements {
    requirements: Vec<RoleRequirement>,
    holdings: Vec<Holding>,
}

impl RotationRequirements {
    /// From what roles need and people hold, in any order.
    #[must_use]
    pub fn new(mut requirements: Vec<RoleRequirement>, mut holdings: Vec<Holding>) -> Self {
        requirements.sort_unstable();
        requirements.dedup();
        holdings.sort_unstable();
        Self {
            requirements,
            holdings,
        }
    }

    /// What the roles need, by role.
    #[must_use]
    pub fn requirements(&self) -> &[RoleRequirement] {
        &self.requirements
    }

    /// Who holds what when, by person.
    #[must_use]
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// Titles of what keeps a person from a role in a shift: each must be held from the shift's
    /// first instant to its last. Empty: nothing does.
    #[must_use]
    pub fn lacks(&self, role: RoleId, person: PersonId, shift: Interval) -> Vec<&str> {
        let first = self.requirements.partition_point(|r| r.role < role);
        self.requirements
            .iter()
            .skip(first)
            .take_while(|r| r.role == role)
            .filter(|r| !self.holds(person, r.requirement, shift))
            .map(|r| r.title.as_str())
            .collect()
    }

    fn holds(&self, person: PersonId, requirement: RequirementId, shift: Interval) -> bool {
        let key = (person, requirement);
        let first = self
            .holdings
            .partition_point(|h| (h.person, h.requirement) < key);
        let spans = self
            .holdings
            .iter()
            .skip(first)
            .take_while(|h| (h.person, h.requirement) == key)
            .map(|h| Span {
                from: h.from,
                until: h.until,
            });
        match hold(spans, shift.start) {
            Hold::No => false,
            Hold::Until(until) => until >= shift.end,
            Hold::ForEver => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn hour(h: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + h * 3600, 0).unwrap()
    }

    fn shift(from: i64, until: i64) -> Interval {
        Interval::new(hour(from), hour(until)).unwrap()
    }

    fn need(role: i64, requirement: i64) -> RoleRequirement {
        RoleRequirement {
            role: RoleId(role),
            requirement: RequirementId(requirement),
            title: format!("thing {requirement}"),
        }
    }

    fn holding(person: i64, requirement: i64, from: i64, until: Option<i64>) -> Holding {
        Holding {
            person: PersonId(person),
            requirement: RequirementId(requirement),
            from: hour(from),
            until: until.map(hour),
        }
    }

    #[test]
    fn the_whole_shift_counts() {
        let all = RotationRequirements::new(
            vec![need(1, 1), need(1, 2), need(2, 1)],
            vec![holding(7, 1, 0, Some(10)), holding(7, 2, 0, None)],
        );
        let lacks = |role, person, a, b| all.lacks(RoleId(role), PersonId(person), shift(a, b));
        assert!(lacks(1, 7, 0, 10).is_empty());
        assert_eq!(lacks(1, 7, 0, 11), ["thing 1"]);
        assert_eq!(lacks(1, 7, 10, 11), ["thing 1"]);
        assert_eq!(lacks(1, 7, -1, 5), ["thing 1", "thing 2"]);
        assert_eq!(lacks(1, 8, 0, 5), ["thing 1", "thing 2"]);
        assert!(lacks(3, 8, 0, 5).is_empty(), "a role that needs nothing");
    }

    proptest! {
        #[test]
        fn lacks_agrees_with_looking_at_every_hour(
            needs in proptest::collection::vec((0i64..3, 0i64..4), 0..8),
            held in proptest::collection::vec((0i64..3, 0i64..4, 0i64..30, proptest::option::weighted(0.9, 1i64..30)), 0..12),
            role in 0i64..3, person in 0i64..3, from in 0i64..40, length in 1i64..20,
        ) {
            let all = RotationRequirements::new(
                needs.iter().map(|(r, q)| need(*r, *q)).collect(),
                held.iter().map(|(p, q, f, l)| holding(*p, *q, *f, l.map(|l| f + l))).collect(),
            );
            let mut expected: Vec<i64> = needs.iter().filter(|(r, _)| *r == role).map(|(_, q)| *q).filter(|q| {
                !(from..from + length).all(|h| held.iter().any(|(p, held, f, l)| {
                    *p == person && held == q && *f <= h && l.is_none_or(|l| h < f + l)
                }))
            }).collect();
            expected.sort_unstable();
            expected.dedup();
            let expected: Vec<String> = expected.iter().map(|q| format!("thing {q}")).collect();
            prop_assert_eq!(all.lacks(RoleId(role), PersonId(person), shift(from, from + length)), expected);
        }
    }
}
