//! The limits that every schedule keeps.

use super::definition::{Check, FieldError};
use super::leg::Cadence;
use crate::vocab::PersonId;

/// Limits that a recommendation never breaks. A person's shifts are counted across all legs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HardRules {
    /// Rest between the end of a person's shift and the start of their next, in minutes. 0: none,
    /// so that shifts may follow one another.
    pub min_rest_minutes: u32,
    /// Length of the rolling window for `max_shifts_in_window`, in days.
    pub window_days: u32,
    /// Shifts that a person may have in any such window; `None`: no limit.
    pub max_shifts_in_window: Option<u32>,
    /// Weekends in a row that a person may serve; `None`: no limit.
    pub max_consecutive_weekends: Option<u32>,
    /// Whoever has served fewer shifts is a newcomer. 0: nobody is.
    pub newcomer_until_shifts: u32,
    /// Whoever has served so many is experienced. 0: everybody is.
    pub experienced_from_shifts: u32,
    /// Experienced people that each shift needs.
    pub experienced_per_shift: u32,
    /// Where newcomers may serve.
    pub newcomers: Newcomers,
    /// Pairs who may not serve in one shift.
    pub forbidden_pairs: Vec<(PersonId, PersonId)>,
    /// Months of the past that count for the balance.
    pub look_back_months: u32,
}

/// Where newcomers may serve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Newcomers {
    /// In any role, next to somebody who is no newcomer.
    NeverAlone,
    /// In shadow roles only.
    OnlyShadow,
    /// Anywhere.
    Free,
}

impl Newcomers {
    /// All of them, in the order of a form.
    pub const ALL: [Self; 3] = [Self::NeverAlone, Self::OnlyShadow, Self::Free];

    /// The name in tables and forms.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::NeverAlone => "never_alone",
            Self::OnlyShadow => "only_shadow",
            Self::Free => "free",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NeverAlone => "never alone on a shift",
            Self::OnlyShadow => "only as a shadow",
            Self::Free => "like everybody else",
        }
    }

    /// The one with that key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|n| n.key() == key)
    }
}

impl HardRules {
    /// Defaults that suit a cadence, for a team some of whose people have served before: two shifts a month at the most where each lasts a week, ten
    /// where it lasts a day.
    #[must_use]
    pub fn suiting(cadence: Cadence) -> Self {
        let (most, newcomer, experienced) = match cadence {
            Cadence::Weekly => (2, 2, 6),
            Cadence::WeekdaysAndWeekend { .. } => (3, 2, 6),
            Cadence::Hours { shift_minutes, .. } if shift_minutes > 720 => (10, 3, 10),
            Cadence::Hours { .. } => (14, 4, 12),
        };
        Self {
            min_rest_minutes: 11 * 60,
            window_days: 28,
            max_shifts_in_window: Some(most),
            max_consecutive_weekends: Some(2),
            newcomer_until_shifts: newcomer,
            experienced_from_shifts: experienced,
            experienced_per_shift: 1,
            newcomers: Newcomers::NeverAlone,
            forbidden_pairs: Vec::new(),
            look_back_months: 6,
        }
    }

    /// Defaults for a team without any history: everybody is a newcomer then, and the full rules
    /// would let nobody serve.
    #[must_use]
    pub fn starting(cadence: Cadence) -> Self {
        Self {
            experienced_per_shift: 0,
            newcomers: Newcomers::Free,
            ..Self::suiting(cadence)
        }
    }

    pub(super) fn check(&self, roles: usize, check: &mut Check) {
        check.range(
            "rules.min_rest_minutes",
            self.min_rest_minutes,
            0,
            20_160,
            "the rest between shifts in minutes, at most two weeks",
        );
        check.range(
            "rules.window_days",
            self.window_days,
            1,
            366,
            "the window, in days",
        );
        if let Some(most) = self.max_shifts_in_window {
            check.range(
                "rules.max_shifts_in_window",
                most,
                1,
                1000,
                "the most shifts in a window, or nothing for no limit",
            );
        }
        if let Some(most) = self.max_consecutive_weekends {
            check.range(
                "rules.max_consecutive_weekends",
                most,
                1,
                52,
                "the most weekends in a row, or nothing for no limit",
            );
        }
        check.range(
            "rules.newcomer_until_shifts",
            self.newcomer_until_shifts,
            0,
            1000,
            "the number of shifts up to which somebody is a newcomer",
        );
        check.range(
            "rules.experienced_from_shifts",
            self.experienced_from_shifts,
            0,
            1000,
            "the number of shifts from which somebody is experienced",
        );
        if self.experienced_from_shifts < self.newcomer_until_shifts {
            check.errors.push(FieldError::new(
                "rules.experienced_from_shifts",
                "Nobody can be experienced and a newcomer at once: give a number that is not below the newcomers' one.",
            ));
        }
        let most = u32::try_from(roles.max(1)).unwrap_or(u32::MAX);
        check.range(
            "rules.experienced_per_shift",
            self.experienced_per_shift,
            0,
            most,
            "the experienced people on a shift, at most one for each role",
        );
        check.range(
            "rules.look_back_months",
            self.look_back_months,
            1,
            24,
            "the months to look back",
        );
        if self.forbidden_pairs.iter().any(|(one, other)| one == other) {
            check.errors.push(FieldError::new(
                "rules.forbidden_pairs",
                "A pair needs two different people: choose another person.",
            ));
        }
    }
}
