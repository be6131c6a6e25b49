//! Secrets that must be read back: passwords and addresses of other services. They are encrypted at
//! rest with one key of the installation, which is kept outside the database.
//!
//! Secrets that only need to be recognised are hashed instead: [`crate::web::token`].

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng as _;

/// Bytes of a nonce. Random ones of this length never meet.
const NONCE: usize = 24;

/// A text that must not be shown or logged: it has no `Display`, and its `Debug` tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text out of sight.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whom it is meant for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why a sealed text can't be read: the key is another than it was sealed with, or it was changed or
/// put into another place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it was encrypted with another key")]
pub struct Unreadable;

/// The key of the installation: 32 random bytes, in settings as base64.
#[derive(Clone)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The key in a file of ours, made when there is none; only our account can read it. Processes that begin
    /// at once get the same one, and a file that a crash left empty is filled.
    ///
    /// # Errors
    /// Where the file can't be read or made, or holds no key.
    pub fn in_file(file: &Path) -> io::Result<Self> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(file)?;
        // Until it is closed. Whoever waits here finds what the first one wrote.
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        if text.is_empty() {
            let fresh = Self::random();
            writeln!(file, "{}", STANDARD.encode(fresh.0))?;
            file.sync_all()?;
            return Ok(fresh);
        }
        text.trim()
            .parse()
            .map_err(|why: &str| io::Error::new(io::ErrorKind::InvalidData, why))
    }

    /// Encrypts a text for one place, named by table, column and row, as in `sources.secret 42`.
    /// It can be read with the same key and place only.
    #[must_use]
    pub fn seal(&self, secret: &Secret, place: &str) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload {
            msg: secret.0.as_bytes(),
            aad: place.as_bytes(),
        };
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        // Only texts of more than 200 GB are refused.
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
        [&nonce[..], &sealed.unwrap_or_default()].concat()
    }

    /// What was sealed for this place.
    ///
    /// # Errors
    /// Where it was sealed with another key or for another place.
    pub fn open(&self, sealed: &[u8], place: &str) -> Result<Secret, Unreadable> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(Unreadable)?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let cipher = XChaCha20Poly1305::new(&self.0.into());
        let opened = cipher.decrypt(&XNonce::from(*nonce), payload);
        let text = opened.map_err(|_| Unreadable)?;
        String::from_utf8(text).map(Secret).map_err(|_| Unreadable)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

impl FromStr for SecretKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        STANDARD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or("must be 32 random bytes in base64, as `openssl rand -base64 32` prints them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "sources.secret 42";

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_only() {
        let (key, secret) = (SecretKey::random(), Secret::new("https://example.com/ä"));
        let sealed = key.seal(&secret, PLACE);
        assert_eq!(key.open(&sealed, PLACE), Ok(secret.clone()));
        assert_ne!(sealed, key.seal(&secret, PLACE), "a nonce of its own");
        assert!(!sealed.windows(7).any(|w| w == b"example"));
        assert_eq!(key.open(&sealed, "sources.secret 43"), Err(Unreadable));
        assert_eq!(SecretKey::random().open(&sealed, PLACE), Err(Unreadable));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed, PLACE), Err(Unreadable), "{at}");
            assert_eq!(key.open(&sealed[..at], PLACE), Err(Unreadable), "{at}");
        }
    }

    #[test]
    fn a_key_in_a_file_is_made_once_and_for_us_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("fairshift-key-{}", std::process::id()));
        let file = folder.join("deep/secret-key");
        let sealed = |key: &SecretKey| key.seal(&Secret::new("x"), PLACE);
        // Many at once.
        let keys: Vec<SecretKey> = std::thread::scope(|threads| {
            let threads: Vec<_> = (0..8)
                .map(|_| threads.spawn(|| SecretKey::in_file(&file).unwrap()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let of_first = sealed(&keys[0]);
        for key in keys.iter().chain([&SecretKey::in_file(&file).unwrap()]) {
            assert!(key.open(&of_first, PLACE).is_ok());
        }
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // Left empty by a crash: a fresh one, which then stays.
        fs::write(&file, "").unwrap();
        let fresh = sealed(&SecretKey::in_file(&file).unwrap());
        assert!(
            SecretKey::in_file(&file)
                .unwrap()
                .open(&fresh, PLACE)
                .is_ok()
        );
        assert!(keys[0].open(&fresh, PLACE).is_err());
        // What is no key is never written over.
        fs::write(&file, "AAEC").unwrap();
        let error = SecretKey::in_file(&file).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(fs::read_to_string(&file).unwrap(), "AAEC");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn nothing_shows_in_a_log() {
        let (key, secret) = (SecretKey::random(), Secret::new("hunter2"));
        assert_eq!(format!("{secret:?} {key:?}"), "Secret(..) SecretKey(..)");
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        assert!(
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
                .parse::<SecretKey>()
                .is_ok()
        );
        for wrong in [
            "",
            "short",
            "AAECAwQFBgcICQoLDA0ODw==",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        ] {
            assert!(wrong.parse::<SecretKey>().is_err(), "{wrong}");
        }
    }
}
