//! The Merkle tree of RFC 6962 over all events, as far as appending needs it, and its rows on disk.
//!
//! On disk are all hashes of complete subtrees in the order of `tlog_tiles` (each right after its right
//! child), about two an event, [`ROW_HASHES`] to a row so that a row fills a page.

use tlog_tiles::tlog::{
    Error, Hash, HashReader, split_stored_hash_index, stored_hash_count, stored_hashes_for_record_hash,
    sub_tree_index, tree_hash,
};

/// 126 hashes of 32 bytes, with redb's own bytes, fill a page of 4096.
pub(super) const ROW_HASHES: u64 = 126;

/// The tree's size and its complete subtrees from left to right: all that later hashes depend on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// Reads the peaks of a tree of this size from wherever its hashes are stored.
    pub(super) fn load<E>(size: u64, mut read: impl FnMut(u64) -> Result<Hash, E>) -> Result<Self, E> {
        let peaks = sub_tree_index(0, size, Vec::new());
        Ok(Self { size, peaks: peaks.into_iter().map(&mut read).collect::<Result<_, E>>()? })
    }

    /// Adds a leaf; returns the hashes that it completes, to be stored one after the other.
    pub(super) fn push(&mut self, leaf: Hash) -> Vec<Hash> {
        let hashes = stored_hashes_for_record_hash(self.size, leaf, self).expect("the peaks are at hand");
        let merged = hashes.len() - 1;
        self.peaks.truncate(self.peaks.len() - merged);
        self.peaks.extend(hashes.last());
        self.size += 1;
        hashes
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How many hashes are stored for the tree so far.
    pub(super) fn stored(&self) -> u64 {
        stored_hash_count(self.size)
    }

    pub(super) fn root(&self) -> Hash {
        tree_hash(self.size, self).expect("the peaks are at hand")
    }
}

impl HashReader for Tree {
    /// Only peaks are ever asked for, the rightmost ones, from left to right.
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let start = self.peaks.len() - indexes.len();
        debug_assert!(indexes.iter().all(|index| {
            let (level, n) = split_stored_hash_index(*index);
            self.size >> level > n
        }));
        Ok(self.peaks[start..].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog_tiles::tlog::{node_hash, record_hash};

    /// RFC 6962, section 2.1, word for word.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => tlog_tiles::tlog::EMPTY_HASH,
            [leaf] => *leaf,
            _ => {
                let left = leaves.len().next_power_of_two() / 2;
                node_hash(root_by_definition(&leaves[..left]), root_by_definition(&leaves[left..]))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition_and_peaks_come_back_from_stored_hashes() {
        let leaves: Vec<Hash> = (0u8..70).map(|n| record_hash(&[n])).collect();
        let mut tree = Tree::default();
        let mut stored = Vec::new();
        for (size, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.root(), root_by_definition(&leaves[..size]));
            assert_eq!(tree.stored(), stored.len() as u64);
            stored.extend(tree.push(*leaf));
            let again = Tree::load(tree.size(), |index| Ok::<_, ()>(stored[index as usize]))
                .expect("all hashes are there");
            assert_eq!(again.root(), tree.root());
        }
    }
}
