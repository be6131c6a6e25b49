//! The form of a rotation's rules: filled in from a definition, and read back into one.

mod fields;
mod fill;
mod read;

pub use fields::{day, take, zone};
pub use fill::{fill, pad};
pub use read::{Typed, read};

use crate::web::Form;

/// One of several rows of the same fields.
pub struct Row {
    path: String,
}

impl Row {
    fn new(list: &str, place: usize) -> Self {
        Self {
            path: format!("{list}.{place}"),
        }
    }

    /// The name of a field of this row.
    pub fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }
}

/// Rows of one list that a form can have; validation allows fewer.
const MOST_ROWS: usize = 40;

/// The rows that a form has of a list: those whose first field is there.
pub fn rows(form: &Form, list: &str, first: &str) -> Vec<Row> {
    (0..MOST_ROWS)
        .map(|place| Row::new(list, place))
        .take_while(|row| form.all(&row.at(first)).next().is_some())
        .collect()
}
