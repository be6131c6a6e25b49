//! Password hashing, off the async threads: argon2id is slow on purpose.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::model::Password;
use crate::error::AppError;

/// Somebody's hash, to spend the same time on an account that doesn't exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$4PfbP1cDMfEcAQjpOtnCUYLv4Ct8x4cS5Cwx6lmUTkU";

/// Each takes 19 MiB and a core for a while: the rest wait, so that a flood of attempts can't take the
/// memory.
static TURNS: Semaphore = Semaphore::const_new(4);

/// The PHC string to keep for a password.
///
/// # Errors
/// Where hashing fails, which is our fault.
pub async fn hash(password: Password) -> Result<String, AppError> {
    in_turn(move || {
        Argon2::default()
            .hash_password(password.expose().as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| AppError::Internal(format!("password hashing: {error}")))
    })
    .await?
}

/// Whether the typed password is the one that was hashed. Without a hash it takes as long and says
/// no, so that nobody learns which accounts exist.
///
/// # Errors
/// Where the worker fails.
pub async fn verify(typed: String, hash: Option<String>) -> Result<bool, AppError> {
    in_turn(move || {
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
}

async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    let gone = |error: &dyn std::error::Error| AppError::Internal(format!("passwords: {error}"));
    let _turn = TURNS.acquire().await.map_err(|error| gone(&error))?;
    spawn_blocking(work).await.map_err(|error| gone(&error))
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, Params};

    use super::*;

    #[test]
    fn nobodys_hash_costs_as_much_as_a_real_one() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = Argon2::default().hash_password(b"correct horse").unwrap();
        assert_eq!(nobody.algorithm, real.algorithm);
        assert_eq!(nobody.version, real.version);
        let params = |hash: &PasswordHash| Params::try_from(hash).unwrap();
        assert_eq!(params(&nobody), params(&real));
        // A hash that can't be looked at would be refused at once, with another error.
        let refused = Argon2::default().verify_password(b"correct horse", &nobody);
        assert!(matches!(
            refused,
            Err(argon2::password_hash::Error::PasswordInvalid)
        ));
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let hash = hash("correct horse".parse().unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(
            verify("correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!verify("Correct horse".into(), Some(hash)).await.unwrap());
        assert!(!verify("correct horse".into(), None).await.unwrap());
    }
}
