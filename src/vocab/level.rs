//! How willing a person is to be on call in some interval.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Availability of a person in an interval. `Leave` is unavailability that excuses: it lowers the
/// fair share, the others don't.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Level {
    /// Would like to be on call then.
    Preferred,
    /// Can be on call; also what counts where nothing was entered.
    Available,
    /// Can, but would rather not.
    IfNeeded,
    /// Can't.
    Unavailable,
    /// Can't, and is excused: holiday, parental, sick.
    Leave,
}

impl Level {
    /// All levels, the most willing first.
    pub const ALL: [Self; 5] = [
        Self::Preferred,
        Self::Available,
        Self::IfNeeded,
        Self::Unavailable,
        Self::Leave,
    ];

    /// The name in tables, forms and style classes.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Preferred => "preferred",
            Self::Available => "available",
            Self::IfNeeded => "if_needed",
            Self::Unavailable => "unavailable",
            Self::Leave => "leave",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Preferred => "preferred",
            Self::Available => "available",
            Self::IfNeeded => "if needed",
            Self::Unavailable => "unavailable",
            Self::Leave => "leave",
        }
    }

    /// Whether a person of this level can be assigned at all.
    #[must_use]
    pub fn can_serve(self) -> bool {
        self < Self::Unavailable
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|l| l.key() == s)
            .ok_or(UnknownLevel)
    }
}

/// A word that names no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose preferred, available, if needed, unavailable or leave")]
pub struct UnknownLevel;
