//! A line on stderr that tells how far the conversion is.

use std::time::{Duration, Instant};

use crate::context::Context;

/// Counts records and shows the count a few times a second.
pub struct Meter {
    shown: Option<Instant>,
    enabled: bool,
    count: u64,
}

impl Meter {
    pub fn new(context: &Context) -> Self {
        Meter { shown: None, enabled: context.progress, count: 0 }
    }

    /// One record more.
    pub fn tick(&mut self, bytes_read: u64) {
        self.count += 1;
        if !self.enabled || !self.count.is_multiple_of(1024) {
            return;
        }
        if self.shown.is_none_or(|shown| shown.elapsed() > Duration::from_millis(200)) {
            self.shown = Some(Instant::now());
            eprint!("\r{} records, {:.1} MB read", self.count, bytes_read as f64 / 1e6);
        }
    }

    /// Records so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
