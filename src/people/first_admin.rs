//! The administrator that an installation begins with: made on the command line, let in by a link.

use sqlx::PgPool;

use super::admin::password_link;
use super::store;
use crate::audit;
use crate::clock::Clock;
use crate::error::AppError;
use crate::vocab::{Email, Line};

/// Makes an administrator, or makes one of whoever has that address, and returns the secret of a link
/// where they choose a password once, within 48 hours.
///
/// # Errors
/// Where the database fails.
pub async fn invite_admin(
    db: &PgPool,
    email: &Email,
    name: &Line,
    clock: &Clock,
) -> Result<String, AppError> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    let person = store::create_admin(&mut tx, email, name, now.date_naive()).await?;
    audit::record(
        &mut tx,
        now,
        None,
        None,
        "made administrator",
        email.as_str(),
    )
    .await?;
    let secret = password_link(&mut tx, person, None, now).await?;
    tx.commit().await?;
    Ok(secret)
}
