//! How a history and an index are kept as caches: numbers in few bytes, and a digest, so that what was damaged or
//! written by another version is not read but made anew from the log.

use sha2::{Digest, Sha256};

const DIGEST: usize = 32;

/// Writes numbers one behind the other, small ones in one byte.
pub(super) struct Pen(Vec<u8>);

impl Pen {
    /// `what` names the format and its version.
    pub(super) fn new(what: &[u8; 8]) -> Self {
        Self(what.to_vec())
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) {
        let mut number = number.into();
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let digest = Sha256::digest(&self.0);
        self.0.extend_from_slice(&digest);
        self.0
    }
}

/// Reads what [`Pen`] wrote. None whenever it is anything else.
pub(super) struct Page<'a>(&'a [u8]);

impl<'a> Page<'a> {
    pub(super) fn open(what: &[u8; 8], bytes: &'a [u8]) -> Option<Self> {
        let (content, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
        let content_of = content.strip_prefix(what)?;
        (Sha256::digest(content).as_slice() == digest).then_some(Self(content_of))
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    pub(super) fn raw(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.raw(usize::try_from(count).ok()?)
    }

    pub(super) fn is_read(&self) -> bool {
        self.0.is_empty()
    }
}
