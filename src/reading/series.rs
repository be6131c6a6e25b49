//! From the entries of one UID to the times at which they take place.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::entry::{End, Entry};
use super::expand::Expansion;
use super::problem::Notes;
use super::rule::{Every, Rule, Until};
use super::spans::Spans;
use super::stamp::{Clock, Stamp};
use super::times::{Lasts, Times, is_midnight};
use super::work::{Spent, Work};
use super::zone::Zone;
use crate::vocab::Interval;

/// Names an occurrence of a series: by its day, or by the moment it would start at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Day(NaiveDate),
    At(DateTime<Utc>),
}

/// All versions of all parts of what one UID names.
pub(super) fn read(
    entries: Vec<Entry>,
    times: &Times,
    spans: &mut Spans,
    notes: &mut Notes,
    work: &mut Work<'_>,
) -> Result<(), Spent> {
    work.begin();
    let (masters, replacing): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.replaces.is_none());
    let mut masters = latest(masters);
    // Two that claim to be the same version both count, if they differ.
    let mut kept: Vec<Entry> = vec![];
    while let Some(master) = masters.pop() {
        if !kept.contains(&master) && kept.len() < 8 {
            kept.push(master);
        }
    }
    for entry in kept.iter().chain(&replacing) {
        notes.rules += usize::from(entry.bad_rule);
        notes.cut += usize::from(entry.cut);
        notes.reversed += usize::from(times.lasts(entry.start, entry.end).is_none());
    }
    if kept.is_empty() {
        // Replacements of what isn't here.
        let series = Series::new(None, &replacing, times);
        series.replacements(spans);
    }
    for master in &kept {
        let series = Series::new(Some(master), &replacing, times);
        series.replacements(spans);
        match series.occurrences(master, spans, work) {
            Err(Spent::Budget) => notes.cut += usize::from(!master.cut),
            other => other?,
        }
    }
    Ok(())
}

/// Those of the latest version.
fn latest(entries: Vec<Entry>) -> Vec<Entry> {
    let Some(latest) = entries.iter().map(|entry| entry.version).max() else {
        return entries;
    };
    let mut entries = entries;
    entries.retain(|entry| entry.version == latest);
    entries
}

/// A replacement that goes for all later occurrences too.
struct Following<'a> {
    /// From this occurrence on, by the clock of the series.
    from: NaiveDateTime,
    shift: TimeDelta,
    entry: &'a Entry,
}

/// Starts that matter, by the clock of a series.
#[derive(Clone, Copy)]
struct Range {
    /// Where the series begins.
    first: NaiveDateTime,
    from: NaiveDateTime,
    to: NaiveDateTime,
}

impl Range {
    /// A little more on each side, for clocks that are changed in between. That is a day at most
    /// (Samoa, once); what repeats within a day makes do with the usual hours.
    fn with_margin(self, every: Every) -> Self {
        let margin = TimeDelta::hours(if every > Every::Day { 3 } else { 48 });
        let from = self.from.checked_sub_signed(margin);
        let to = self.to.checked_add_signed(margin);
        Self {
            first: self.first,
            from: from.unwrap_or(self.first).max(self.first),
            to: to.unwrap_or(self.to),
        }
    }
}

struct Series<'a> {
    times: &'a Times,
    zone: &'a Zone,
    by_day: bool,
    replaced: BTreeMap<Slot, Vec<&'a Entry>>,
    following: Vec<Following<'a>>,
    except: BTreeSet<Slot>,
}

impl<'a> Series<'a> {
    fn new(master: Option<&'a Entry>, replacing: &'a [Entry], times: &'a Times) -> Self {
        let start = master.or(replacing.first()).map(|entry| entry.start);
        let mut series = Self {
            times,
            zone: start.map_or(&times.home, |start| times.zone(start)),
            by_day: matches!(start, Some(Stamp::Day(_))),
            replaced: BTreeMap::new(),
            following: vec![],
            except: BTreeSet::new(),
        };
        if let Some(master) = master {
            series.except = master.except.iter().map(|s| series.slot(*s)).collect();
        }
        for entry in replacing {
            let Some((of, _)) = entry.replaces else {
                continue;
            };
            let versions = series.replaced.entry(series.slot(of)).or_default();
            match versions.first().map(|other| other.version) {
                Some(other) if other > entry.version => {}
                Some(other) if other == entry.version => versions.push(entry),
                _ => *versions = vec![entry],
            }
        }
        let following = series
            .replaced
            .values()
            .filter_map(|versions| versions.first());
        series.following = following
            .filter_map(|entry| {
                let (of, true) = entry.replaces? else {
                    return None;
                };
                let from = series.local(of);
                let shift = series.local(entry.start) - from;
                Some(Following { from, shift, entry })
            })
            .collect();
        series.following.sort_by_key(|following| following.from);
        series
    }

    /// The occurrence that a time names. One without a zone is by the clock of the series.
    fn slot(&self, stamp: Stamp) -> Slot {
        match stamp {
            Stamp::Day(day) => Slot::Day(day),
            Stamp::Time(..) if self.by_day => Slot::Day(self.local(stamp).date()),
            Stamp::Time(time, Clock::Floating) => Slot::At(self.zone.instant(time)),
            stamp @ Stamp::Time(..) => Slot::At(self.times.instant(stamp)),
        }
    }

    /// A time by the clock of the series.
    fn local(&self, stamp: Stamp) -> NaiveDateTime {
        match stamp {
            // Midnight UTC is how some write a day.
            Stamp::Time(time, Clock::Utc) if self.by_day && is_midnight(time) => time,
            Stamp::Time(_, Clock::Utc | Clock::Zone(_)) => {
                self.zone.local(self.times.instant(stamp))
            }
            Stamp::Day(_) | Stamp::Time(_, Clock::Floating) => stamp.written(),
        }
    }

    /// The replacements themselves, whether or not what they replace exists.
    fn replacements(&self, spans: &mut Spans) {
        for (slot, versions) in &self.replaced {
            if self.except.contains(slot) {
                continue;
            }
            for entry in versions {
                let by_day = matches!(entry.start, Stamp::Day(_));
                if let (Some(kind), Some(interval)) =
                    (entry.kind, self.times.period(entry.start, entry.end))
                {
                    spans.add(interval, kind, by_day);
                }
            }
        }
    }

    /// All that the master and its rules give.
    fn occurrences(
        &self,
        master: &Entry,
        spans: &mut Spans,
        work: &mut Work<'_>,
    ) -> Result<(), Spent> {
        let counts = |entry: &Entry| entry.kind.is_some();
        if !counts(master) && !self.following.iter().any(|f| counts(f.entry)) {
            return Ok(());
        }
        let first = master.start.written();
        let usual = self.times.lasts(master.start, master.end);
        let range = self.range(usual, master);

        let mut except = BTreeSet::new();
        for rule in &master.except_rules {
            self.expand(rule, range, work, |local| {
                except.insert(local);
            })?;
        }
        let take = |local: NaiveDateTime, lasts: Option<Lasts>, spans: &mut Spans| {
            if !except.contains(&local) {
                self.take(master, local, lasts, spans);
            }
        };
        // A series whose rules all end before it starts has been deleted from its first day on.
        let ended = |rule: &Rule| self.over(rule, first);
        if master.rules.is_empty() || !master.rules.iter().all(ended) {
            take(first, usual, spans);
        }
        for (date, end) in &master.dates {
            work.step()?;
            let local = match date {
                // A day for a series of times: at the usual time.
                Stamp::Day(day) if !self.by_day => day.and_time(first.time()),
                date => self.local(*date),
            };
            let lasts = match end {
                End::Unsaid => usual,
                end => self.times.lasts(*date, *end),
            };
            take(local, lasts, spans);
        }
        for rule in &master.rules {
            self.expand(rule, range, work, |local| {
                take(local, usual, spans);
            })?;
        }
        Ok(())
    }

    /// By the clock of the series, the first and last start that can reach into the window.
    fn range(&self, usual: Option<Lasts>, master: &Entry) -> Range {
        let mut longest = usual.map_or(TimeDelta::zero(), Lasts::most);
        let mut shift = TimeDelta::zero();
        for following in &self.following {
            let lasts = self.times.lasts(following.entry.start, following.entry.end);
            longest = longest.max(lasts.map_or(TimeDelta::zero(), Lasts::most));
            shift = shift.max(following.shift.abs());
        }
        let first = master.start.written();
        let Interval { start, end } = self.times.window;
        let from = start.checked_sub_signed(longest).unwrap_or(start);
        let from = self.zone.local(from).checked_sub_signed(shift);
        let to = self.zone.local(end).checked_add_signed(shift);
        Range {
            first,
            from: from.unwrap_or(first),
            to: to.unwrap_or(NaiveDateTime::MAX),
        }
    }

    fn expand(
        &self,
        rule: &Rule,
        range: Range,
        work: &mut Work<'_>,
        mut take: impl FnMut(NaiveDateTime),
    ) -> Result<(), Spent> {
        let Range { first, from, to } = range.with_margin(rule.every);
        let mut expansion = Expansion::new(rule, first, from, work)?;
        while let Some(local) = expansion.next(to, work)? {
            if self.over(rule, local) {
                break;
            }
            if local >= from {
                take(local);
            }
        }
        Ok(())
    }

    /// Whether that is after the end of the rule.
    fn over(&self, rule: &Rule, local: NaiveDateTime) -> bool {
        match rule.until {
            None => false,
            Some(Until::Day(day)) => local.date() > day,
            Some(Until::Local(until) | Until::Utc(until)) if self.by_day => {
                local.date() > until.date()
            }
            Some(Until::Local(until)) => local > until,
            Some(Until::Utc(until)) => self.zone.instant(local) > until.and_utc(),
        }
    }

    /// One occurrence, unless something else stands in its place.
    fn take(&self, master: &Entry, local: NaiveDateTime, lasts: Option<Lasts>, spans: &mut Spans) {
        let day = Slot::Day(local.date());
        let at = Slot::At(self.zone.instant(local));
        let named = |slot: &Slot| self.except.contains(slot) || self.replaced.contains_key(slot);
        if named(&day) || (!self.by_day && named(&at)) {
            return;
        }
        let later = self.following.iter().rev().find(|f| f.from <= local);
        let (entry, local, lasts) = match later {
            Some(Following { shift, entry, .. }) => {
                let Some(local) = local.checked_add_signed(*shift) else {
                    return;
                };
                (*entry, local, self.times.lasts(entry.start, entry.end))
            }
            None => (master, local, lasts),
        };
        let Some((kind, lasts)) = entry.kind.zip(lasts) else {
            return;
        };
        if let Some(interval) = self.times.interval(local, self.zone, lasts) {
            spans.add(interval, kind, matches!(lasts, Lasts::Days(_)));
        }
    }
}
