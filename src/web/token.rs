//! Secrets handed out as links and cookies: random, shown once, kept only as a hash.

use std::fmt::Write as _;

use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// A fresh secret of 256 random bits, in 64 letters and digits.
#[must_use]
pub fn fresh() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex(&bytes)
}

/// What is kept of a secret. The secret has 256 bits, so a plain hash can't be reversed.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
