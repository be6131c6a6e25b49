//! Handlers and pages.

pub mod acts;
pub mod live;
pub mod new;
pub mod offer;
pub mod open;
pub mod show;
pub mod team;

use crate::error::AppError;
use crate::vocab::CoverId;

/// The request that an address names.
fn id_in(path: &str) -> Result<CoverId, AppError> {
    path.parse().map_err(|_| AppError::NotFound)
}
