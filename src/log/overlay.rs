//! A storage that reads a file and keeps what is written in memory, so that redb can run its own repair
//! and check over a file that stays as it is.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    sync::{Arc, Mutex, PoisonError},
};

use redb::StorageBackend;

const PAGE: u64 = 4096;

#[derive(Debug)]
pub(super) struct Overlay {
    file: Arc<File>,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    len: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
}

impl Overlay {
    pub(super) fn new(file: Arc<File>) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, written: Mutex::new(Written { len, pages: BTreeMap::new() }) })
    }

    /// What the file holds, with zeros beyond its end.
    fn read_file(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < out.len() {
            match self.file.read_at(&mut out[done..], offset + done as u64)? {
                0 => {
                    out[done..].fill(0);
                    break;
                }
                read => done += read,
            }
        }
        Ok(())
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written.lock().unwrap_or_else(PoisonError::into_inner).len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let end = offset + out.len() as u64;
        if end > written.len {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "beyond the end of the file"));
        }
        self.read_file(offset, out)?;
        for (page, bytes) in written.pages.range(offset / PAGE..end.div_ceil(PAGE)) {
            let start = page * PAGE;
            let (from, to) = (start.max(offset), (start + PAGE).min(end));
            out[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        // What is cut off and grown again reads as zeros, not as what the file still holds there.
        for page in len.div_ceil(PAGE)..written.len.div_ceil(PAGE) {
            written.pages.insert(page, vec![0; PAGE as usize].into());
        }
        written.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let end = offset + data.len() as u64;
        for page in offset / PAGE..end.div_ceil(PAGE) {
            let start = page * PAGE;
            let bytes = match written.pages.entry(page) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let mut bytes = vec![0; PAGE as usize];
                    self.read_file(start, &mut bytes)?;
                    entry.insert(bytes.into())
                }
            };
            let (from, to) = (start.max(offset), (start + PAGE).min(end));
            bytes[(from - start) as usize..(to - start) as usize]
                .copy_from_slice(&data[(from - offset) as usize..(to - offset) as usize]);
        }
        Ok(())
    }
}
