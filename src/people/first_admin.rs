//! The administrator that an installation begins with: made on the command line, let in by a link.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::admin::RESET_HOURS;
use super::store::{self, NewLink, Purpose};
use crate::audit;
use crate::clock::Clock;
use crate::vocab::{Email, Line};
use crate::web::token;

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
) -> sqlx::Result<String> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    let person = store::create_admin(&mut tx, email, name, now.date_naive()).await?;
    let secret = token::fresh();
    let link = NewLink {
        token_hash: &token::hash(&secret),
        purpose: Purpose::PasswordReset,
        email,
        person: Some(person),
        team: None,
        is_manager: false,
        is_engineer: false,
        by: None,
        now,
        expires_at: now + TimeDelta::hours(RESET_HOURS),
    };
    store::add_link(&mut tx, &link).await?;
    audit::record(
        &mut tx,
        now,
        None,
        None,
        "made administrator",
        name.as_str(),
    )
    .await?;
    tx.commit().await?;
    Ok(secret)
}
