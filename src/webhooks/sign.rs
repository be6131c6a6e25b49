//! How what is posted is signed.

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret::Secret;
use crate::web::token::hex;

/// The signature of a body that is sent at an instant (Unix seconds): HMAC-SHA256 over the instant,
/// a dot and the body, in hexadecimal.
///
/// # Errors
/// Never: keys of any length will do.
pub fn sign(secret: &Secret, instant: i64, body: &str) -> Result<String, InvalidLength> {
    hmac(
        secret.expose().as_bytes(),
        format!("{instant}.{body}").as_bytes(),
    )
}

fn hmac(key: &[u8], message: &[u8]) -> Result<String, InvalidLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(message);
    Ok(hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        for (key, message, wanted) in [
            (
                [0x0b; 20].as_slice(),
                b"Hi There".as_slice(),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hmac(key, message).as_deref(), Ok(wanted));
        }
        let secret = Secret::new("Jefe");
        assert_eq!(
            sign(&secret, 12, "body"),
            hmac(b"Jefe", b"12.body"),
            "the instant, a dot, the body"
        );
    }
}
