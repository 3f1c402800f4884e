//! The Bloom filter with which a peer sums up what it has: about 1 in 100 hashes that it has not got
//! are taken for ones that it has.

use super::message::{Cursor, Malformed, write_number};
use crate::domain::{ChangeHash, limits};

const BITS_PER_ENTRY: u32 = 10;
const PROBES: u32 = 7;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Bloom {
    entries: u32,
    bits_per_entry: u32,
    probes: u32,
    bits: Vec<u8>,
}

impl Bloom {
    pub(super) fn of(hashes: impl ExactSizeIterator<Item = ChangeHash>) -> Self {
        let entries = hashes.len() as u32;
        let bits = vec![0; (entries as usize * BITS_PER_ENTRY as usize).div_ceil(8)];
        let mut filter = Self { entries, bits_per_entry: BITS_PER_ENTRY, probes: PROBES, bits };
        for hash in hashes {
            for at in filter.places(&hash) {
                filter.bits[at / 8] |= 1 << (at % 8);
            }
        }
        filter
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    pub(super) fn may_contain(&self, hash: &ChangeHash) -> bool {
        self.entries != 0 && self.places(hash).all(|at| self.bits[at / 8] & (1 << (at % 8)) != 0)
    }

    /// The bits that stand for this hash. The filter must not be empty.
    fn places(&self, hash: &ChangeHash) -> impl Iterator<Item = usize> + use<> {
        let part =
            |at: usize| u64::from(u32::from_le_bytes(hash.0[at..at + 4].try_into().expect("4 of 32 bytes")));
        let modulo = self.bits.len() as u64 * 8;
        let (mut x, mut y, z) = (part(0) % modulo, part(4) % modulo, part(8) % modulo);
        (0..self.probes).map(move |_| {
            let place = x as usize;
            x = (x + y) % modulo;
            y = (y + z) % modulo;
            place
        })
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut from = Cursor::new(bytes);
        let entries = from.number()?;
        let bits_per_entry = from.number()?;
        let probes = from.number()?;
        // A filter with entries and no bits would divide by zero; one with endless probes would not end.
        if entries > u64::from(u32::MAX)
            || !(1..=limits::FILTER_BITS).contains(&bits_per_entry)
            || !(1..=limits::FILTER_PROBES).contains(&probes)
        {
            return Err(Malformed("a Bloom filter has impossible parameters"));
        }
        let bits = from.take((entries * bits_per_entry).div_ceil(8) as usize)?.to_vec();
        Ok(Self {
            entries: entries as u32,
            bits_per_entry: bits_per_entry as u32,
            probes: probes as u32,
            bits,
        })
    }

    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        if self.entries == 0 {
            write_number(to, 0);
            return;
        }
        let mut bytes = Vec::with_capacity(self.bits.len() + 12);
        write_number(&mut bytes, u64::from(self.entries));
        write_number(&mut bytes, u64::from(self.bits_per_entry));
        write_number(&mut bytes, u64::from(self.probes));
        bytes.extend_from_slice(&self.bits);
        write_number(to, bytes.len() as u64);
        to.extend_from_slice(&bytes);
    }
}
