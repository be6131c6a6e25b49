//! What is read of published shifts. This slice writes nothing, so it has no store.

mod carried;
pub mod covers;
mod duties;
mod people;
mod slots;

use chrono::TimeDelta;

use super::model::Who;
use crate::vocab::PersonId;

pub use carried::carried;
pub use duties::{Scope, Viewer, duties, duties_of_shift};
pub use people::{engineers, has_device, reach};
pub use slots::{Decided, decided, needs_approval, open_slots, slots};

/// No shift is longer: those that began earlier are over.
const LONGEST: TimeDelta = TimeDelta::days(35);

fn who(id: Option<i64>, name: Option<String>) -> Option<Who> {
    Some(Who {
        id: PersonId(id?),
        name: name?,
    })
}
