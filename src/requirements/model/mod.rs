//! Types and rules of requirements; no I/O.

mod board;
mod definition;
mod headline;
mod rotation;
mod standing;

pub use board::{Board, Duty, Engineer, Need, RoleState};
pub use definition::{Definition, Link, Requirement};
pub use headline::{Summary, summary};
pub use rotation::{Holding, RoleRequirement, RotationRequirements};
pub use standing::{Place, Record, Span, Standing, State};
