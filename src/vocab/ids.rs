//! Identifiers. Each table has its own type, so that a person can't be passed where a team is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person, whatever teams they belong to.
    PersonId;
    /// A team.
    TeamId;
    /// A person's membership of a team.
    MemberId;
    /// A rotation of a team.
    RotationId;
    /// A role of a rotation (primary, secondary, ...); stable while the rotation's rules change.
    RoleId;
    /// A leg of a rotation; stable while its rules change.
    LegId;
    /// One concrete interval of one leg.
    ShiftId;
    /// One version of a rotation's assignments for a month.
    ScheduleId;
    /// A person in a slot, in one schedule.
    AssignmentId;
    /// Somebody can't make an assignment.
    CoverId;
    /// One person asked to take it.
    OfferId;
    /// What a person must hold to be on duty.
    RequirementId;
    /// A signed-in browser.
    SessionId;
}
