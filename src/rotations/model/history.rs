//! On-call history that a team brings along, as CSV.
//!
//! Columns `person, role, start, end` under a header, in any order, with commas or semicolons.
//! Reading changes nothing: a [`History`] says what would be imported and names each line that
//! can't be.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::definition::sane_year;
use crate::vocab::{Email, Interval, Line, PersonId, RoleId, local_instant};

/// Most rows one import may bring.
pub const MOST_ROWS: usize = 10_000;

/// After so many bad lines the file is the wrong one: no need to read on.
const MOST_BAD: usize = 200;

/// No shift in anybody's history lasts longer.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// What was read: the good rows and the bad lines. Import only where `bad` is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// What would be imported, in the file's order.
    pub rows: Vec<HistoryRow>,
    /// What can't be read and why, in the file's order.
    pub bad: Vec<BadLine>,
}

/// A shift somebody served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryRow {
    /// Line of the file, the header being 1.
    pub line: u64,
    /// Who served.
    pub person: PersonId,
    /// In which role.
    pub role: RoleId,
    /// When (UTC, whole minutes).
    pub interval: Interval,
}

/// A line that can't be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadLine {
    /// Line of the file or the pasted text, from 1.
    pub line: u64,
    /// What is wrong and what to do, for the person who brought it.
    pub problem: String,
}

impl BadLine {
    pub(super) fn new(line: u64, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }
}

/// The people and roles that a file may name, and the zone of its times without an offset.
#[derive(Clone, Debug)]
pub struct Known {
    emails: BTreeMap<String, PersonId>,
    names: BTreeMap<String, Vec<PersonId>>,
    roles: BTreeMap<String, RoleId>,
    zone: Tz,
}

impl Known {
    /// From a team's people and a rotation's roles.
    #[must_use]
    pub fn new<'a>(
        people: impl IntoIterator<Item = (PersonId, &'a Email, &'a Line)>,
        roles: impl IntoIterator<Item = (RoleId, &'a Line)>,
        zone: Tz,
    ) -> Self {
        let mut emails = BTreeMap::new();
        let mut names: BTreeMap<String, Vec<PersonId>> = BTreeMap::new();
        for (person, email, name) in people {
            emails.insert(email.as_str().to_owned(), person);
            names.entry(name.to_string()).or_default().push(person);
        }
        let roles = roles.into_iter();
        Self {
            emails,
            names,
            roles: roles
                .map(|(id, name)| (name.as_str().to_lowercase(), id))
                .collect(),
            zone,
        }
    }

    fn person(&self, text: &str) -> Result<PersonId, String> {
        if let Some(person) = self.emails.get(&text.to_lowercase()) {
            return Ok(*person);
        }
        match self.names.get(text).map(Vec::as_slice) {
            Some([person]) => Ok(*person),
            Some(several) => Err(format!(
                "{} people are called {}: write the e-mail address instead.",
                several.len(),
                shown(text)
            )),
            None => Err(format!(
                "Nobody in the team is called {} or has that e-mail address: correct it or add the person first.",
                shown(text)
            )),
        }
    }

    fn role(&self, text: &str) -> Result<RoleId, String> {
        self.roles
            .get(&text.to_lowercase())
            .copied()
            .ok_or_else(|| {
                let names: Vec<&str> = self.roles.keys().map(String::as_str).collect();
                format!(
                    "The rotation has no role {}: use one of {}.",
                    shown(text),
                    names.join(", ")
                )
            })
    }

    /// An instant with an offset, or a wall-clock time in the zone; seconds are dropped.
    fn instant(&self, text: &str) -> Result<DateTime<Utc>, String> {
        let local = |format| NaiveDateTime::parse_from_str(text, format).ok();
        let instant = DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|t| t.with_timezone(&Utc))
            .or_else(|| {
                let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"];
                let local = formats.into_iter().find_map(local)?;
                sane_year(local.date()).then(|| local_instant(self.zone, local))
            })
            .filter(|t| sane_year(t.date_naive()))
            .ok_or_else(|| {
                format!("{} is not a time from 2000 to 2199: write it like 2026-03-01 09:00 or 2026-03-01T09:00:00Z.", shown(text))
            })?;
        Ok(instant.trunc_subsecs(0) - TimeDelta::seconds(instant.second().into()))
    }
}

/// Text from the file, cut to what fits a message.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}

/// Reads a CSV file of on-call history.
#[must_use]
pub fn read_history(csv: &str, known: &Known) -> History {
    // One kind of line end, also after the last line, so that lines can be counted.
    let csv = csv.trim_start_matches('\u{FEFF}').replace("\r\n", "\n") + "\n";
    let header = csv.lines().next().unwrap_or_default();
    let semicolons = header.contains(';') && !header.contains(',');
    let mut reader = ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .trim(Trim::All)
        .flexible(true)
        .from_reader(csv.as_bytes());
    let columns = match reader
        .headers()
        .map_err(|e| e.to_string())
        .and_then(Columns::find)
    {
        Ok(columns) => columns,
        Err(problem) => {
            return History {
                rows: Vec::new(),
                bad: vec![BadLine::new(1, problem)],
            };
        }
    };
    let mut history = History::default();
    let mut served = Served::default();
    let mut record = StringRecord::new();
    // Text in memory can always be read, and rows of any width are taken.
    while reader.read_record(&mut record).unwrap_or(false) {
        let line = reader.position().line().saturating_sub(1);
        let row = columns
            .row(&record, line, known)
            .and_then(|row| served.add(row));
        let stop = match row {
            Ok(_) if history.rows.len() == MOST_ROWS => Some(format!(
                "The file has more than {MOST_ROWS} rows: split it and import the parts."
            )),
            Ok(row) => {
                history.rows.push(row);
                None
            }
            Err(problem) => {
                history.bad.push(BadLine::new(line, problem));
                (history.bad.len() == MOST_BAD).then(|| {
                    "Reading stopped here: too many lines are wrong. Is it the right file?".into()
                })
            }
        };
        if let Some(problem) = stop {
            history.bad.push(BadLine::new(line, problem));
            break;
        }
    }
    if history.rows.is_empty() && history.bad.is_empty() {
        history
            .bad
            .push(BadLine::new(1, "The file has no rows under its header."));
    }
    history
}

/// Where the four columns are.
struct Columns {
    person: usize,
    role: usize,
    start: usize,
    end: usize,
    width: usize,
}

impl Columns {
    fn find(header: &StringRecord) -> Result<Self, String> {
        let place = |name: &str| {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, c)| c.eq_ignore_ascii_case(name));
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (Some(_), Some(_)) => Err(format!("The column {name} is there twice: keep one.")),
                _ => Err(format!(
                    "The column {name} is missing: begin the file with the line person,role,start,end."
                )),
            }
        };
        Ok(Self {
            person: place("person")?,
            role: place("role")?,
            start: place("start")?,
            end: place("end")?,
            width: header.len(),
        })
    }

    fn row(&self, record: &StringRecord, line: u64, known: &Known) -> Result<HistoryRow, String> {
        if record.len() != self.width {
            return Err(format!(
                "The line has {} columns, the header has {}: add what is missing, or put text with commas in quotation marks.",
                record.len(),
                self.width
            ));
        }
        let cell = |place| record.get(place).unwrap_or_default();
        let person = known.person(cell(self.person))?;
        let role = known.role(cell(self.role))?;
        let start = known.instant(cell(self.start))?;
        let end = known.instant(cell(self.end))?;
        let interval = Interval::new(start, end)
            .map_err(|_| "The end is not after the start: correct one of them.".to_owned())?;
        if end - start > LONGEST {
            return Err(
                "The shift is longer than 31 days: split it or correct its dates.".to_owned(),
            );
        }
        Ok(HistoryRow {
            line,
            person,
            role,
            interval,
        })
    }
}

/// What each person served so far in the file: by start, when it ended and on which line.
#[derive(Default)]
struct Served(BTreeMap<PersonId, ByStart>);

type ByStart = BTreeMap<DateTime<Utc>, (DateTime<Utc>, u64)>;

impl Served {
    fn add(&mut self, row: HistoryRow) -> Result<HistoryRow, String> {
        let Interval { start, end } = row.interval;
        let served = self.0.entry(row.person).or_default();
        // Those kept don't overlap one another, so only the last that begins before our end can.
        match served.range(..end).next_back() {
            Some((_, (until, line))) if *until > start => Err(format!(
                "This person already serves at that time on line {line}: remove one of the two."
            )),
            _ => {
                served.insert(start, (end, row.line));
                Ok(row)
            }
        }
    }
}
