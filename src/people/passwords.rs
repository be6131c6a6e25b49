//! Password hashing, off the async threads: argon2id is slow on purpose.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::task::spawn_blocking;

use super::model::Password;
use crate::error::AppError;

/// Somebody's hash, to spend the same time on an account that doesn't exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$4PfbP1cDMfEcAQjpOtnCUYLv4Ct8x4cS5Cwx6lmUTkU";

/// The PHC string to keep for a password.
///
/// # Errors
/// Where hashing fails, which is our fault.
pub async fn hash(password: Password) -> Result<String, AppError> {
    spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.expose().as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| AppError::Internal(format!("password hashing: {error}")))
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))?
}

/// Whether the typed password is the one that was hashed. Without a hash it takes as long and says
/// no, so that nobody learns which accounts exist.
///
/// # Errors
/// Where the worker fails.
pub async fn verify(typed: String, hash: Option<String>) -> Result<bool, AppError> {
    spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let right = PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(typed.as_bytes(), &hash)
                .is_ok()
        });
        known && right
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))
}
