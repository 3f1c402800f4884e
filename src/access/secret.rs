//! Secrets that let somebody in. Whoever has one shows it; here only digests are kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::log::Failure;

/// The SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub(super) [u8; 32]);

/// 256 random bits, to be handed to one person and then forgotten. It is never written for an operator.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    pub fn draw() -> Result<Self, Failure> {
        let mut bytes = [0; 32];
        random(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// As it was handed out; none for what cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// In letters that stand in an address, a cookie and a header as they are.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.0).into())
    }

    /// The digest of a code that counts only together with this secret.
    pub(super) fn digest_with(&self, code: &str) -> Digest {
        Digest(Sha256::new().chain_update(self.0).chain_update(code).finalize().into())
    }
}

/// Eight digits, each as likely as the others.
pub(super) fn draw_code() -> Result<String, Failure> {
    const CODES: u32 = 100_000_000;
    loop {
        let mut bytes = [0; 4];
        random(&mut bytes)?;
        let number = u32::from_be_bytes(bytes);
        // The last, incomplete round would make the first codes likelier.
        if number < u32::MAX / CODES * CODES {
            return Ok(format!("{:08}", number % CODES));
        }
    }
}

/// The digits of a code as somebody typed it.
pub(super) fn code_of(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_digit).take(16).collect()
}

pub(super) fn random(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes).map_err(|error| Failure::Read(format!("no randomness: {error}")))
}

impl Digest {
    /// What tells one entry from others in a list that its owner sees. It opens nothing.
    pub fn short(&self) -> String {
        self.0[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_whole_or_not_at_all() {
        let secret = Secret::draw().unwrap();
        let text = secret.text();
        assert_eq!(text.len(), 43);
        assert_eq!(Secret::read(&text), Some(secret.clone()));
        assert_ne!(Secret::draw().unwrap(), secret);
        for wrong in [&text[..42], &format!("{text}A"), "", "not/a+secret", &format!(" {text}")] {
            assert_eq!(Secret::read(wrong), None, "{wrong}");
        }
        assert!(!format!("{secret:?} {:?}", secret.digest()).contains(&text));
    }

    #[test]
    fn codes_are_eight_digits_however_they_are_typed() {
        let code = draw_code().unwrap();
        assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        for typed in ["1234 5678", " 12345678\n", "1234-5678", "1234\u{a0}5678"] {
            assert_eq!(code_of(typed), "12345678");
        }
        let secret = Secret::draw().unwrap();
        assert_ne!(secret.digest_with("12345678"), secret.digest_with("12345679"));
        assert_ne!(secret.digest_with("12345678"), Secret::draw().unwrap().digest_with("12345678"));
    }
}
