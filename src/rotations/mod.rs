//! Rotations: who is needed when. Their roles, legs, burden and hard rules, the shifts that follow
//! from them, and on-call history imported from elsewhere.
//!
//! A rotation's rules are kept in versions, each a [`Definition`] with the date it takes effect on.
//! Managers change them from today on at the earliest; what the past led to, and what is published,
//! stays as it is. At most one version lies in the future: saving replaces it. Names of roles and
//! legs, members, forbidden pairs and entered holidays have no versions: they hold from now on.

mod model;
mod store;

pub use model::{
    BurdenRules, Cadence, Country, Definition, FieldError, HardRules, Holidays, Leg, Minutes,
    Newcomers, Preset, RoleRule, Shift, Weekdays, gaps, shifts, shifts_of_month, validate, weekend,
};
pub use store::{
    PastShift, Rotation, add_past_shifts, add_version, create, list, load, set_members,
};
