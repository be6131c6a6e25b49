//! What happens to a request, each in the caller's transaction: its rows, its history and what people
//! are told are written together.

mod advance;
mod against;
mod agree;
mod end;
mod fill;
mod make;
mod tell;
mod words;

use sqlx::PgConnection;

use super::model::Request;
use super::store;
use crate::error::AppError;
use crate::planning::{self, SlotPart};
use crate::vocab::CoverId;

pub use advance::{advance, ask_person};
pub use against::{Against, swaps};
pub use agree::{Agreement, Assigned, agree, approve, decline, refuse};
pub use end::{close, told_closed, undo, withdraw};
pub use fill::{Filled, fill};
pub use make::{Made, NewCover, make};
pub use tell::{Said, receipt};
pub use words::when;

/// The request, locked together with everything that changes its rotation, until the transaction ends.
///
/// # Errors
/// `NotFound` where there is no such request.
pub async fn locked(conn: &mut PgConnection, id: CoverId) -> Result<Request, AppError> {
    let found = store::load(conn, id).await?.ok_or(AppError::NotFound)?;
    planning::lock_shift(conn, found.shift).await?;
    store::lock(conn, id).await?;
    store::load(conn, id).await?.ok_or(AppError::NotFound)
}

/// The slot, or part of it, that a request is about.
pub fn part_of(request: &Request) -> SlotPart {
    SlotPart {
        shift: request.shift,
        role: request.role,
        person: Some(request.person.id),
        interval: request.interval,
    }
}
