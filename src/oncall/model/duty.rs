//! One slot of a published shift, with all that who serves it wants to know.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::vocab::{Interval, PersonId, RoleId, RotationId, ShiftId, TeamId};

/// A person and the name they go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub id: PersonId,
    /// Their name.
    pub name: String,
}

/// A slot of a published shift.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The shift.
    pub shift: ShiftId,
    /// When it is (UTC).
    pub interval: Interval,
    /// The team.
    pub team: TeamId,
    /// The rotation.
    pub rotation: RotationId,
    /// Its name.
    pub rotation_name: String,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Its place in the escalation, from 1.
    pub order: i16,
    /// Watches and learns; nobody escalates to them.
    pub is_shadow: bool,
    /// Who serves; none where the slot is open.
    pub who: Option<Who>,
}

/// A slot with its surroundings.
#[derive(Clone, Debug)]
pub struct Duty {
    /// The slot itself.
    pub slot: Slot,
    /// It begins within its shift: somebody serves what is before, for their part.
    pub is_later_part: bool,
    /// It ends within its shift.
    pub is_earlier_part: bool,
    /// The team's name in addresses.
    pub slug: String,
    /// The team's name.
    pub team_name: String,
    /// The leg's name; empty where the rotation has but one.
    pub leg: String,
    /// The zone whose clocks the shift follows.
    pub zone: Tz,
    /// Counts every change of what is shown of the shift.
    pub revision: i32,
    /// When the last one was made (UTC).
    pub changed_at: DateTime<Utc>,
    /// The other roles of the shift, by escalation order.
    pub partners: Vec<Partner>,
    /// Whom to turn to, first to last.
    pub escalation: Vec<Contact>,
    /// Who serves the role before.
    pub before: Handover,
    /// Who serves the role next.
    pub after: Handover,
}

/// Another role of the same shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its name.
    pub role: String,
    /// Its place in the escalation, from 1.
    pub order: i16,
    /// Watches and learns.
    pub is_shadow: bool,
    /// Who serves; none where the slot is open.
    pub who: Option<Who>,
    /// When (UTC): a part of the shift, where the role changes hands within it.
    pub interval: Interval,
}

/// Somebody to escalate to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Their role's name, or "Manager".
    pub role: String,
    /// Who.
    pub who: Who,
    /// How to reach them, the on-call device first. Only what colleagues may see.
    pub reach: Vec<Reach>,
}

/// A way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What kind: "Phone".
    pub kind: &'static str,
    /// Number, address or handle.
    pub value: String,
    /// What a tap on it opens: a call, a message, a mail; nothing for chats and pagers.
    pub href: Option<String>,
}

/// Who serves a role before or after a shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// No shift is published there.
    Nothing,
    /// The slot there is open.
    Open,
    /// Somebody, and the shift.
    With(Who, ShiftId),
}

impl Duty {
    /// The handover in words, a line each way, to whoever serves (`own`) or about them.
    #[must_use]
    pub fn handover_lines(&self, own: bool) -> Vec<String> {
        let me = self.slot.who.as_ref().map(|w| w.id);
        let (subject, whom) = if own {
            ("You", "you")
        } else {
            ("They", "them")
        };
        let before = match &self.before {
            Handover::With(who, _) if Some(who.id) == me => {
                Some(format!("{subject} serve the shift before, too."))
            }
            Handover::With(who, _) => Some(format!("{subject} take over from {}.", who.name)),
            Handover::Open => Some(format!("Nobody serves this role before {whom}.")),
            Handover::Nothing => None,
        };
        let after = match &self.after {
            Handover::With(who, _) if Some(who.id) == me => {
                Some(format!("{subject} serve the next shift, too."))
            }
            Handover::With(who, _) => Some(format!("{subject} hand over to {}.", who.name)),
            Handover::Open => Some(format!("Nobody serves this role after {whom} yet.")),
            Handover::Nothing => None,
        };
        before.into_iter().chain(after).collect()
    }
}

/// Whom the person in a slot turns to: the shift's other roles that come after theirs, then those
/// before, each by escalation order, then the team's managers. Shadows and open slots are left out,
/// so is the person themselves, and nobody stands there twice.
#[must_use]
pub fn escalation(of: &Slot, same_shift: &[Partner], managers: &[Who]) -> Vec<(String, Who)> {
    let mut others: Vec<&Partner> = same_shift.iter().filter(|p| !p.is_shadow).collect();
    others.sort_by_key(|p| (p.order < of.order, p.order));
    let roles = others
        .into_iter()
        .filter_map(|p| Some((p.role.clone(), p.who.clone()?)));
    let managers = managers.iter().map(|m| ("Manager".to_owned(), m.clone()));
    let mut seen: BTreeSet<PersonId> = of.who.iter().map(|w| w.id).collect();
    roles
        .chain(managers)
        .filter(|(_, who)| seen.insert(who.id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(id: i64) -> Who {
        Who {
            id: PersonId(id),
            name: format!("P{id}"),
        }
    }

    fn partner(order: i16, person: Option<i64>, is_shadow: bool) -> Partner {
        Partner {
            role: format!("R{order}"),
            order,
            is_shadow,
            who: person.map(who),
            interval: slot(order, 0).interval,
        }
    }

    fn slot(order: i16, person: i64) -> Slot {
        let start = DateTime::UNIX_EPOCH;
        Slot {
            shift: ShiftId(1),
            interval: Interval::new(start, start + chrono::TimeDelta::hours(1)).unwrap(),
            team: TeamId(1),
            rotation: RotationId(1),
            rotation_name: String::new(),
            role: RoleId(1),
            role_name: format!("R{order}"),
            order,
            is_shadow: false,
            who: Some(who(person)),
        }
    }

    #[test]
    fn up_first_then_down_then_managers_and_nobody_twice() {
        let partners = [
            partner(1, Some(1), false),
            partner(3, Some(3), false),
            partner(4, None, false),
            partner(5, Some(5), true),
        ];
        let managers = [who(3), who(2), who(9)];
        let order: Vec<_> = escalation(&slot(2, 2), &partners, &managers)
            .into_iter()
            .map(|(role, who)| (role, who.id.0))
            .collect();
        assert_eq!(
            order,
            [("R3".into(), 3), ("R1".into(), 1), ("Manager".into(), 9)]
        );
    }
}
