//! What can be wrong with a file: all of it, or a part.

/// Why nothing at all was read. Whoever reads a calendar again keeps the last good reading: a file
/// that can't be read never means that somebody is free. Each is a sentence for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No bytes but blanks.
    #[error("The calendar came back empty.")]
    Empty,
    /// A web page, such as a sign-in form or an error.
    #[error(
        "The address gave a web page, not a calendar. Copy the address that ends in .ics, or the secret one."
    )]
    Html,
    /// JSON, such as an API's error.
    #[error("The address gave JSON, not a calendar. Copy the address that ends in .ics.")]
    Json,
    /// No VCALENDAR in it.
    #[error("This isn't an iCalendar file: it has no BEGIN:VCALENDAR.")]
    NotCalendar,
    /// It begins and doesn't end.
    #[error("The calendar was cut off before its end.")]
    Truncated,
    /// Parts within parts, deeper than any program writes.
    #[error("The calendar is nested too deeply to be read safely.")]
    TooDeep,
    /// More bytes than we read.
    #[error("The calendar is larger than {} MB, more than we read.", .0 / 1_000_000)]
    TooLarge(usize),
    /// More entries than we read.
    #[error("The calendar has more than {0} entries, more than we read.")]
    TooMany(usize),
    /// The caller's time was up.
    #[error("Reading the calendar took too long, so we stopped.")]
    TooSlow,
}

/// What was read only in part, or by assumption. Each is a sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Warning {
    /// A time zone that nobody knows. Its times were read in the owner's zone.
    #[error("Nobody knows the time zone \"{0}\": its times were read in your own time zone.")]
    UnknownZone(String),
    /// Entries without a start, or with a time that doesn't exist, left out.
    #[error("{} could not be read and {} left out.", entries(.0), was(.0))]
    BadEntries(usize),
    /// Entries that end before they start, left out.
    #[error("{} before the start and {} left out.", ended(.0), was(.0))]
    EndsBeforeStart(usize),
    /// Rules that can't be read; only the first time of each was counted.
    #[error("{} by a rule that can't be read: only the first time was counted.", repeat(.0))]
    BadRules(usize),
    /// Entries that repeat more often or say more than we follow.
    #[error("{} more times than we follow: only a part was counted.", have(.0))]
    Cut(usize),
    /// More separate stretches than we keep; the later ones are missing.
    #[error("There are more than {0} separate times: the latest of them were not counted.")]
    TooManySpans(usize),
}

// The message macro hands its fields on by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn entries(count: &usize) -> String {
    if *count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn was(count: &usize) -> &'static str {
    if *count == 1 { "was" } else { "were" }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn ended(count: &usize) -> String {
    format!(
        "{} {}",
        entries(count),
        if *count == 1 { "ends" } else { "end" }
    )
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn have(count: &usize) -> String {
    format!(
        "{} {}",
        entries(count),
        if *count == 1 { "has" } else { "have" }
    )
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn repeat(count: &usize) -> String {
    format!(
        "{} {}",
        entries(count),
        if *count == 1 { "repeats" } else { "repeat" }
    )
}

/// Counts what goes wrong on the way.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) bad: usize,
    pub(super) reversed: usize,
    pub(super) rules: usize,
    pub(super) cut: usize,
}

impl Notes {
    /// Each that happened, in a fixed order.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        [
            (self.bad, Warning::BadEntries as fn(usize) -> Warning),
            (self.reversed, Warning::EndsBeforeStart),
            (self.rules, Warning::BadRules),
            (self.cut, Warning::Cut),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, warning)| warning(count))
        .collect()
    }
}
