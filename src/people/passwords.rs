//! Password hashing, off the async threads: argon2id is slow on purpose, and large.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::model::Password;
use crate::error::AppError;

/// Somebody's hash, to spend the same time on an account that doesn't exist.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$4PfbP1cDMfEcAQjpOtnCUYLv4Ct8x4cS5Cwx6lmUTkU";

/// How many hash at the same time: each takes 19 MiB and a core for a while.
const AT_ONCE: usize = 4;
/// How many may wait for that. Whoever comes then is told so, rather than left waiting behind a flood.
const WAITING: usize = 32;

static HASHING: Hashing = Hashing::new();

/// The PHC string to keep for a password.
///
/// # Errors
/// `Busy` where too many wait already; else where hashing fails, which is our fault.
pub async fn hash(password: Password) -> Result<String, AppError> {
    let broken =
        |error: &dyn std::error::Error| AppError::Internal(format!("password hashing: {error}"));
    HASHING
        .in_turn(move |memory| {
            let (salt, params) = (Salt::generate(), Params::default());
            let output = digest(password.expose(), &salt, &params, memory)
                .map_err(|error| broken(&error))?;
            let hash = PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&params).map_err(|error| broken(&error))?,
                salt: Some(salt),
                hash: Some(output),
            };
            Ok(hash.to_string())
        })
        .await?
}

/// Whether the typed password is the one that was hashed. Without a hash it takes as long and says
/// no, so that nobody learns which accounts exist.
///
/// # Errors
/// `Busy` where too many wait already; else where the worker fails.
pub async fn verify(typed: String, hash: Option<String>) -> Result<bool, AppError> {
    HASHING
        .in_turn(move |memory| {
            let known = hash.is_some();
            let right = is_right(&typed, hash.as_deref().unwrap_or(NOBODY), memory);
            known && right
        })
        .await
}

/// Whether the hash, which is one of ours, is that password's.
fn is_right(typed: &str, hash: &str, memory: &mut Vec<Block>) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    let (Some(salt), Ok(params)) = (&hash.salt, Params::try_from(&hash)) else {
        return false;
    };
    // Outputs compare in constant time.
    digest(typed, salt, &params, memory).is_ok_and(|output| hash.hash == Some(output))
}

fn digest(
    password: &str,
    salt: &Salt,
    params: &Params,
    memory: &mut Vec<Block>,
) -> argon2::password_hash::Result<Output> {
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::new());
    }
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let size = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut output = vec![0; size];
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory)?;
    Ok(Output::new(&output)?)
}

/// Hashes in turn, in memory that is kept from turn to turn: an allocator would hold on to a block for
/// each thread that ever hashed.
struct Hashing {
    turns: Semaphore,
    /// Who hashes or waits to.
    room: Semaphore,
    memory: Mutex<Vec<Vec<Block>>>,
}

impl Hashing {
    const fn new() -> Self {
        Self {
            turns: Semaphore::const_new(AT_ONCE),
            room: Semaphore::const_new(AT_ONCE + WAITING),
            memory: Mutex::new(Vec::new()),
        }
    }

    async fn in_turn<T: Send + 'static>(
        &'static self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let gone =
            |error: &dyn std::error::Error| AppError::Internal(format!("passwords: {error}"));
        let room = self.room.try_acquire().map_err(|_| AppError::Busy)?;
        let turn = self.turns.acquire().await.map_err(|error| gone(&error))?;
        // Whoever asked may hang up: the turn lasts as long as the work does.
        let turn = (room, turn);
        let work = move || {
            let _turn = turn;
            let mut memory = self.kept().pop().unwrap_or_default();
            let done = work(&mut memory);
            self.kept().push(memory);
            done
        };
        spawn_blocking(work).await.map_err(|error| gone(&error))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    #[tokio::test]
    async fn a_flood_takes_the_memory_of_a_few_and_is_told_to_come_again() {
        let hashing: &'static Hashing = Box::leak(Box::new(Hashing::new()));
        let one = || {
            hashing.in_turn(|memory| {
                memory.resize(1000, Block::new());
                std::thread::sleep(std::time::Duration::from_millis(20));
                memory.as_ptr() as usize
            })
        };
        let flood: Vec<_> = (0..100).map(|_| tokio::spawn(one())).collect();
        let (mut places, mut busy) = (BTreeSet::new(), 0);
        for answer in flood {
            match answer.await.unwrap() {
                Ok(place) => {
                    places.insert(place);
                }
                Err(AppError::Busy) => busy += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(busy, 100 - AT_ONCE - WAITING);
        assert!(places.len() <= AT_ONCE, "{places:?}");
        assert!(hashing.kept().len() <= AT_ONCE);
        assert!(one().await.is_ok());
    }

    #[tokio::test]
    async fn our_hashes_are_as_anybody_makes_them() {
        let ours = hash("correct horse".parse().unwrap()).await.unwrap();
        let read = PasswordHash::new(&ours).unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"correct horse", &read)
                .is_ok()
        );
        let theirs = Argon2::default().hash_password(b"correct horse").unwrap();
        assert!(
            verify("correct horse".into(), Some(theirs.to_string()))
                .await
                .unwrap()
        );
    }

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
