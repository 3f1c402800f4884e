//! The store's own integrity: every page of the file that is in use, checked without changing a byte.
//!
//! In use are the header page and every page that the newest commit reaches: all tables, redb's own
//! included (freed pages, allocator state). Free pages hold leftovers and are not checked. Inside a page
//! in use, redb's checksum covers everything up to the end of its last entry; what lies behind is never
//! read.
//!
//! redb repairs in silence what it can, so three things are checked around its own check:
//! - a plain open of a damaged file may take an older commit: here that is an error;
//! - the two commit slots of the header: redb reads the older one only when it needs it;
//! - the header's other fields, which no checksum covers.

use std::{fs::File, io, os::unix::fs::FileExt as _, panic, sync::Arc};

use redb::{Builder, Database, DatabaseError, StorageBackend as _, backends::InMemoryBackend};

use super::overlay::Overlay;

const CACHE: usize = 8 << 20;
const PAGE: u64 = 4096;

// The header, as redb's design document lays it out.
const GOD_BYTE: usize = 9;
const PRIMARY: u8 = 1;
const RECOVERY_REQUIRED: u8 = 2;
const TWO_PHASE: u8 = 4;
const GEOMETRY: std::ops::Range<usize> = 12..24;
const FULL_REGIONS: usize = 24;
const PARTIAL_PAGES: usize = 28;
const FIELDS_END: usize = 32;
const SLOTS: [usize; 2] = [64, 192];
const SLOTS_END: usize = 320;
/// Where a slot keeps its transaction number.
const TRANSACTION: usize = 104;

/// What was found about the file itself.
pub(super) struct Pages {
    pub(super) bytes: u64,
    /// The last stop was clean.
    pub(super) clean: bool,
    pub(super) problems: Vec<String>,
    /// The file as redb sees it, when it could be opened.
    pub(super) db: Option<Database>,
}

pub(super) fn check(file: &Arc<File>) -> io::Result<Pages> {
    let mut pages = Pages { bytes: file.metadata()?.len(), clean: false, problems: Vec::new(), db: None };
    let mut header = vec![0; PAGE as usize];
    if pages.bytes < PAGE {
        pages.problems.push(format!("the file has {} bytes: it is cut short", pages.bytes));
        return Ok(pages);
    }
    file.read_exact_at(&mut header, 0)?;
    pages.clean = header[GOD_BYTE] & RECOVERY_REQUIRED == 0;
    check_header(&header, &mut pages);
    check_slots(file, &header, &mut pages)?;
    if pages.problems.is_empty() {
        check_trees(file, &mut pages)?;
    }
    Ok(pages)
}

fn check_header(header: &[u8], pages: &mut Pages) {
    let (bytes, clean) = (pages.bytes, pages.clean);
    let mut wrong = |what: String| pages.problems.push(format!("the header of the file is damaged: {what}"));
    let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    match new_header() {
        Ok(fresh) => {
            if header[..GOD_BYTE] != fresh[..GOD_BYTE] {
                wrong("it does not begin as a redb file does".into());
            }
            if header[GEOMETRY] != fresh[GEOMETRY] {
                wrong("the sizes of pages and regions are not redb's".into());
            }
        }
        Err(error) => wrong(format!("there is no new header to compare it with ({error})")),
    }
    if header[GOD_BYTE] & !(PRIMARY | RECOVERY_REQUIRED | TWO_PHASE) != 0 {
        wrong("it has unknown flags".into());
    }
    if clean && header[GOD_BYTE] & TWO_PHASE == 0 {
        wrong("it says that the stop was clean and that it was not".into());
    }
    let unused = [GOD_BYTE + 1..GEOMETRY.start, FIELDS_END..SLOTS[0], SLOTS_END..header.len()];
    if unused.into_iter().flat_map(|range| &header[range]).any(|byte| *byte != 0) {
        wrong("bytes are set that redb leaves at zero".into());
    }
    let pages_stated = u64::from(number(FULL_REGIONS)) * u64::from(number(GEOMETRY.start + 8))
        + u64::from(number(PARTIAL_PAGES));
    // After an unclean stop these counts may be older than the file.
    if clean && (pages_stated + 1 != bytes / PAGE || !bytes.is_multiple_of(PAGE)) {
        wrong(format!("it states {pages_stated} pages behind it, the file has {bytes} bytes"));
    }
}

/// The header page that redb writes into an empty storage: the fields that never change.
fn new_header() -> Result<Vec<u8>, String> {
    let file = memory::Shared::default();
    let db = Builder::new().set_cache_size(1 << 20).create_with_backend(file.clone());
    db.and_then(Database::close).map_err(|error| error.to_string())?;
    let mut header = vec![0; PAGE as usize];
    file.read(0, &mut header).map_err(|error| error.to_string())?;
    Ok(header)
}

/// Both commit slots have right checksums, and the header names the newer one.
fn check_slots(file: &Arc<File>, header: &[u8], pages: &mut Pages) -> io::Result<()> {
    let primary = usize::from(header[GOD_BYTE] & PRIMARY);
    let mut whole = [false; 2];
    for (slot, whole) in whole.iter_mut().enumerate() {
        *whole = slot_is_whole(file, header[GOD_BYTE], slot)?;
    }
    let transaction = |slot: usize| {
        let at = SLOTS[slot] + TRANSACTION;
        header[at..at + 8].iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let newer = usize::from(transaction(1) > transaction(0));
    if !whole[primary] || (!whole[1 - primary] && pages.clean) {
        let which = if whole[primary] { "older" } else { "newest" };
        pages.problems.push(format!("the header of the file is damaged: the record of its {which} commit"));
    } else if pages.clean && newer != primary {
        pages
            .problems
            .push("the header of the file is damaged: it names an older commit as the newest".into());
    }
    Ok(())
}

/// redb checks a slot's checksum on opening when the header says that it is the primary one and was
/// written in two phases; the callback stops it there, before it reads any page.
fn slot_is_whole(file: &Arc<File>, god_byte: u8, slot: usize) -> io::Result<bool> {
    let overlay = Overlay::new(file.clone())?;
    let flags = god_byte & !PRIMARY | TWO_PHASE | RECOVERY_REQUIRED | slot as u8;
    overlay.write(GOD_BYTE as u64, &[flags])?;
    let opened = quietly(|| {
        Builder::new()
            .set_cache_size(CACHE)
            .set_check_integrity_on_open(true)
            .set_repair_callback(|session| session.abort())
            .create_with_backend(overlay)
    });
    Ok(matches!(opened, Ok(Err(DatabaseError::RepairAborted))))
}

fn check_trees(file: &Arc<File>, pages: &mut Pages) -> io::Result<()> {
    let rolled_back = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let open = |whole: bool| {
        let overlay = Overlay::new(file.clone())?;
        let flag = rolled_back.clone();
        io::Result::Ok(quietly(|| {
            Builder::new()
                .set_cache_size(CACHE)
                .set_check_integrity_on_open(whole)
                .set_repair_callback(move |session| {
                    // redb calls with 0 before it looks, with 0.3 when the newest commit does not verify,
                    // and with more from then on.
                    if session.progress() > 0.1 && session.progress() < 0.5 {
                        flag.store(true, std::sync::atomic::Ordering::Relaxed);
                    }
                })
                .create_with_backend(overlay)
        }))
    };
    // First with every page read and compared with its checksum, before anything relies on one.
    match open(true)? {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => pages.problems.push(format!("a page that is in use is damaged: {error}")),
        Err(panic) => pages.problems.push(format!("a page that is in use is damaged: {panic}")),
    }
    if rolled_back.load(std::sync::atomic::Ordering::Relaxed) {
        pages.problems.push(
            "a page of the newest commit is damaged or was never written; redb would take the commit before it"
                .into(),
        );
    }
    if !pages.problems.is_empty() {
        return Ok(());
    }
    // Then as at a start, to compare the record of free pages with what is free.
    let checked = quietly(|| -> Result<(Database, bool), DatabaseError> {
        let overlay = Overlay::new(file.clone()).map_err(|error| DatabaseError::Storage(error.into()))?;
        let mut db = Builder::new().set_cache_size(CACHE).create_with_backend(overlay)?;
        let clean = db.check_integrity()?;
        Ok((db, clean))
    });
    match checked {
        Ok(Ok((db, true))) => pages.db = Some(db),
        Ok(Ok((db, false))) => {
            pages.problems.push("the file's record of its free pages is wrong".into());
            pages.db = Some(db);
        }
        Ok(Err(error)) => pages.problems.push(format!("the file does not hold together: {error}")),
        Err(panic) => pages.problems.push(format!("the file does not hold together: {panic}")),
    }
    Ok(())
}

/// redb promises no more than a panic for some damage; here that is one more finding.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(panic::AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it stopped the store").to_owned()
    })
}

mod memory {
    //! A storage in memory that can still be read once redb has closed it.
    use super::{Arc, InMemoryBackend, io};

    #[derive(Debug, Clone, Default)]
    pub(super) struct Shared(Arc<InMemoryBackend>);

    impl redb::StorageBackend for Shared {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.0.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.write(offset, data)
        }
    }
}
