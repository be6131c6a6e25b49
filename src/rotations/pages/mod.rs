//! Pages of rotations: read by members of the team, changed by its managers.

mod describe;
mod edit;
mod form;
mod history;
mod list;
mod preview;
mod show;
mod strip;

pub use edit::{edit, preview, update};
pub use history::{check, import, show as history};
pub use list::{create, fresh, index};
pub use show::{drop_pending, remove, show};

use sqlx::PgConnection;

use super::store::{self, Rotation};
use crate::error::{Answer, AppError};
use crate::vocab::RotationId;
use crate::web::Membership;

/// The team's rotation of that id; other teams' are not found.
async fn find(conn: &mut PgConnection, team: &Membership, id: RotationId) -> Answer<Rotation> {
    store::load(conn, id)
        .await?
        .filter(|r| r.team == team.team)
        .ok_or(AppError::NotFound)
}
