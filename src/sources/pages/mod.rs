//! Handlers and pages.

pub mod connect;
pub mod leave;
pub mod list;
pub mod one;
pub mod team;

use sqlx::PgConnection;

use super::model::{Source, SourceId};
use super::store::{self, ToRead};
use crate::error::AppError;
use crate::web::SignedIn;

/// The user's own calendar of that id. Somebody else's is not there.
async fn own(conn: &mut PgConnection, user: &SignedIn, id: &str) -> Result<Source, AppError> {
    let id: SourceId = id.parse().map_err(|_| AppError::NotFound)?;
    store::source(conn, user.id, id)
        .await?
        .ok_or(AppError::NotFound)
}

/// The same, as a reading needs it.
async fn to_read(conn: &mut PgConnection, id: SourceId) -> Result<ToRead, AppError> {
    store::to_read(conn, id).await?.ok_or(AppError::NotFound)
}
