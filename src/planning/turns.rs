//! Who computes a plan waits for a turn, before they take a connection or a lock.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::AppError;

/// Requests that compute plans at the same time. Whoever changes or publishes one holds a connection
/// meanwhile, and whoever waits for the rotation's lock does, too: most connections stay for all else.
const AT_ONCE: usize = 4;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Waits for a turn, which lasts until it is dropped.
///
/// # Errors
/// Never, in practice: nobody closes the semaphore.
pub async fn in_turn() -> Result<SemaphorePermit<'static>, AppError> {
    TURNS.acquire().await.map_err(|_| AppError::Busy)
}
