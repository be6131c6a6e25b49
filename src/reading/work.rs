//! Budgets: how much work a calendar may cause, counted and not timed, so that the same file gives
//! the same reading on every machine.

/// Why to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    /// This series, or the whole file, has had its share.
    Budget,
    /// The caller wants no more.
    Deadline,
}

/// How often the caller is asked whether to go on.
const EVERY: u64 = 1024;

/// What is left.
pub(super) struct Work<'a> {
    /// Steps that one series may take.
    each: u64,
    series: u64,
    feed: u64,
    done: u64,
    stop: &'a dyn Fn() -> bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(each: u64, feed: u64, stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            each,
            series: each,
            feed,
            done: 0,
            stop,
        }
    }

    /// Another series begins.
    pub(super) fn begin(&mut self) {
        self.series = self.each;
    }

    /// Steps taken so far.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// A line read or an entry looked at: bounded by the file's size, so that it only has to end
    /// in time.
    pub(super) fn tick(&mut self) -> Result<(), Spent> {
        self.done += 1;
        if self.done.is_multiple_of(EVERY) && (self.stop)() {
            return Err(Spent::Deadline);
        }
        Ok(())
    }

    /// A step of following a series.
    pub(super) fn step(&mut self) -> Result<(), Spent> {
        self.tick()?;
        self.series = self.series.checked_sub(1).ok_or(Spent::Budget)?;
        self.feed = self.feed.checked_sub(1).ok_or(Spent::Budget)?;
        Ok(())
    }
}
