//! Reading and counting in flat tables without ever stepping outside them.

/// Reads a table; outside it there is the type's default (no holder, zero, "not possible").
pub(super) trait At<T> {
    fn at(&self, index: usize) -> T;
}

impl<T: Copy + Default> At<T> for [T] {
    #[inline]
    fn at(&self, index: usize) -> T {
        self.get(index).copied().unwrap_or_default()
    }
}

/// Writes an entry; outside the table nothing happens.
#[inline]
pub(super) fn set<T>(table: &mut [T], index: usize, value: T) {
    if let Some(entry) = table.get_mut(index) {
        *entry = value;
    }
}

/// Counts an entry up.
#[inline]
pub(super) fn up(table: &mut [u32], index: usize) {
    if let Some(entry) = table.get_mut(index) {
        *entry = entry.saturating_add(1);
    }
}

/// Counts an entry down.
#[inline]
pub(super) fn down(table: &mut [u32], index: usize) {
    if let Some(entry) = table.get_mut(index) {
        *entry = entry.saturating_sub(1);
    }
}
