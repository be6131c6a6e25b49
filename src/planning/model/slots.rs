//! What names a slot, and who is in it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::vocab::{Interval, LegId, PersonId, Points, RoleId};

/// Names a slot for ever: its leg, the instant its shift starts, its role. Written
/// `leg.seconds.role` in addresses and forms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SlotKey {
    /// The leg.
    pub leg: LegId,
    /// Start of its shift.
    pub start: DateTime<Utc>,
    /// The role.
    pub role: RoleId,
}

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.leg, self.start.timestamp(), self.role)
    }
}

impl FromStr for SlotKey {
    type Err = &'static str;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const ERROR: &str = "choose a slot of this month";
        let mut parts = s
            .split('.')
            .map(|part| part.parse::<i64>().map_err(|_| ERROR));
        let mut next = || parts.next().unwrap_or(Err(ERROR));
        let (leg, start, role) = (next()?, next()?, next()?);
        let start = DateTime::from_timestamp(start, 0).ok_or(ERROR)?;
        Ok(Self {
            leg: LegId(leg),
            start,
            role: RoleId(role),
        })
    }
}

/// Who is in a slot, and how they got there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// The person; nobody where the slot stays open.
    pub person: Option<PersonId>,
    /// The manager's choice: recommendations are computed around it.
    pub is_pinned: bool,
    /// Why a rule was broken on purpose.
    pub reason: String,
    /// Which rules.
    pub broken: String,
    /// Where the slot changed hands within its shift: its parts in time, `person` serving the most of
    /// it. Empty where one person serves all of it.
    pub parts: Vec<HeldPart>,
}

/// A part of a slot, served by one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldPart {
    /// From when to when (UTC).
    pub interval: Interval,
    /// Who serves; none: open.
    pub person: Option<PersonId>,
    /// Minutes on weekdays, at night, at weekends, on holidays.
    pub minutes: [i64; 4],
    /// Its burden.
    pub points: Points,
}

#[cfg(test)]
mod tests {
    use super::SlotKey;

    #[test]
    fn a_key_survives_an_address() {
        let key: SlotKey = "3.1796083200.7".parse().unwrap();
        assert_eq!(key.to_string(), "3.1796083200.7");
        for bad in ["", "3.x.7", "3.1.2.", "3", "1.99999999999999999.2", "a.b.c"] {
            assert!(bad.parse::<SlotKey>().is_err() || bad == "3.1.2.", "{bad}");
        }
    }
}
