//! Entries of the table of access that stand under a digest each: how they are read at the start, and their keys.

use std::collections::HashMap;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::secret::Digest;
use crate::log::{Failure, Log};

/// All entries of a kind; `prefix` is how their keys begin.
pub(super) fn read<T: DeserializeOwned>(log: &dyn Log, prefix: &[u8]) -> Result<HashMap<Digest, T>, Failure> {
    let damaged = || Failure::Damaged("an entry of the table of access cannot be read".into());
    let mut entries = HashMap::new();
    for (key, value) in log.list_access(prefix)? {
        let digest =
            key.strip_prefix(prefix).and_then(|digest| digest.try_into().ok()).ok_or_else(damaged)?;
        entries.insert(Digest(digest), serde_json::from_slice(&value).map_err(|_| damaged())?);
    }
    Ok(entries)
}

pub(super) fn key(prefix: &[u8], digest: &Digest) -> Bytes {
    [prefix, &digest.0].concat().into()
}
