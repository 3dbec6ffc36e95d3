//! What every reader offers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Result;

/// Reads items one by one; memory follows the item, not the file. Ends after the first error.
pub struct Reader<T> {
    items: Box<dyn Iterator<Item = Result<T>> + Send>,
    status: Arc<Status>,
    failed: bool,
}

impl<T> Reader<T> {
    pub(crate) fn new(items: impl Iterator<Item = Result<T>> + Send + 'static, status: &Arc<Status>) -> Self {
        Reader { items: Box::new(items), status: Arc::clone(status), failed: false }
    }

    /// Bytes read from the file so far, as they lie on the disk. For progress.
    pub fn bytes_read(&self) -> u64 {
        self.status.bytes_read()
    }

    /// Tags so far that broke the rules of their scheme and were read as `conlleval` reads them.
    pub fn repaired(&self) -> u64 {
        self.status.repaired.load(Ordering::Relaxed)
    }
}

impl<T> Reader<T> {
    pub(crate) fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }
}

impl<T> Iterator for Reader<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.failed {
            return None;
        }
        let item = self.items.next();
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}

/// What a reader counts while it reads.
#[derive(Default)]
pub(crate) struct Status {
    bytes: AtomicU64,
    repaired: AtomicU64,
}

impl Status {
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn add_bytes(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_repaired(&self, count: usize) {
        self.repaired.fetch_add(count as u64, Ordering::Relaxed);
    }
}
