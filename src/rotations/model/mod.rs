//! The rules of rotations, pure: no database, no clock.
//!
//! A [`Definition`] is one version of a rotation's rules and takes effect on a date. It has
//! [`Leg`]s, each with a [`Cadence`] in local wall-clock time; [`shifts`] turns a row of versions
//! into concrete [`Shift`]s in UTC, seamless across clock changes. [`BurdenRules`] weigh an
//! interval in points, [`HardRules`] are the limits a schedule keeps, [`Holidays`] tell which days
//! count as public holidays, and [`History`] is what a team brings along from its old tool.

mod burden;
mod definition;
mod history;
mod holidays;
mod least;
mod leg;
mod overlaps;
mod presets;
mod rules;
mod seams;
mod shifts;
mod weekdays;

pub use burden::{BurdenRules, Minutes};
pub use definition::{Definition, FieldError, RoleRule, validate};
pub use history::{BadLine, HistoryRow, Known, MOST_ROWS, read_history};
pub use holidays::{Country, Holidays, read_holidays};
pub use least::least_people;
pub use leg::{Cadence, Leg};
pub use presets::Preset;
pub use rules::{HardRules, Newcomers};
pub use shifts::{Shift, gaps, shifts, shifts_of_month, weekend};
pub use weekdays::Weekdays;

#[cfg(test)]
mod tests;
