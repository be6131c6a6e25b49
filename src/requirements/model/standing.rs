//! Where a person stands with a requirement, at an instant.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::vocab::{PersonId, RequirementId, local_instant};

/// Days before it lapses in which a holding is called about to lapse and may be renewed.
const SOON: TimeDelta = TimeDelta::days(30);

/// A stretch in which somebody holds something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    /// First instant (UTC).
    pub from: DateTime<Utc>,
    /// First instant no longer (UTC); none: for ever.
    pub until: Option<DateTime<Utc>>,
}

impl Span {
    /// What is signed off at `now`, from the start of a day in the team's zone or else from now.
    ///
    /// # Errors
    /// What to choose instead, where the day is still to come or it would have lapsed by now.
    pub fn signed(
        day: Option<NaiveDate>,
        valid_days: Option<i32>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<Self, &'static str> {
        let from = day.map_or(now, |d| local_instant(zone, d.and_time(NaiveTime::MIN)));
        let until = lapse(from, valid_days, zone);
        if from > now {
            Err("can't be in the future; sign it off on the day itself")
        } else if until.is_some_and(|until| until <= now) {
            Err("is so long ago that it would have lapsed by now")
        } else {
            Ok(Self { from, until })
        }
    }
}

/// How far a person's holdings reach, without a break, from an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hold {
    /// Not held at the instant.
    No,
    /// Held from the instant to this one (UTC).
    Until(DateTime<Utc>),
    /// Held from the instant on.
    ForEver,
}

/// How far these spans reach from `at`. Spans may overlap and touch: a renewal continues what it
/// renews.
#[must_use]
pub fn hold(spans: impl IntoIterator<Item = Span>, at: DateTime<Utc>) -> Hold {
    let mut spans: Vec<Span> = spans.into_iter().collect();
    spans.sort_unstable_by_key(|s| s.from);
    let mut reach = at;
    for span in spans {
        if span.from > reach {
            break;
        }
        match span.until {
            None => return Hold::ForEver,
            Some(until) => reach = reach.max(until),
        }
    }
    if reach > at {
        Hold::Until(reach)
    } else {
        Hold::No
    }
}

/// When what is held from `from` lapses: as that day starts in the team's zone.
#[must_use]
pub fn lapse(from: DateTime<Utc>, valid_days: Option<i32>, zone: Tz) -> Option<DateTime<Utc>> {
    let days = Days::new(u64::try_from(valid_days?).ok()?);
    let day = from
        .with_timezone(&zone)
        .date_naive()
        .checked_add_days(days)?;
    Some(local_instant(zone, day.and_time(NaiveTime::MIN)))
}

/// What became of a declaration or request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// Waits for a manager.
    Pending,
    /// Declared or signed off.
    Held,
    /// A manager said no.
    Refused,
    /// Taken back before anybody decided.
    Withdrawn,
    /// Held once; a manager ended it.
    Revoked,
}

impl State {
    /// The word for it on pages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
        }
    }
}

/// A declaration, request or sign-off, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its id; later ones are greater.
    pub id: i64,
    /// Of what.
    pub requirement: RequirementId,
    /// Whose.
    pub person: PersonId,
    /// What became of it.
    pub state: State,
    /// When it was asked for, declared or signed off unasked (UTC).
    pub asked_at: DateTime<Utc>,
    /// What was said when asking; may be empty.
    pub request_note: String,
    /// When it was decided (UTC).
    pub decided_at: Option<DateTime<Utc>>,
    /// Who decided, by name; none if they are gone since.
    pub decided_by: Option<String>,
    /// Decided by the person themself: declared.
    pub is_own: bool,
    /// What was said when deciding; may be empty.
    pub note: String,
    /// Held from (UTC).
    pub held_from: Option<DateTime<Utc>>,
    /// Held until (UTC); none: for ever.
    pub held_until: Option<DateTime<Utc>>,
    /// When it was revoked (UTC).
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who revoked it, by name.
    pub revoked_by: Option<String>,
    /// Why it was revoked.
    pub revoke_note: String,
}

impl Record {
    /// Whether it was asked for; otherwise it was declared or signed off at once.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.decided_at != Some(self.asked_at) || !self.request_note.is_empty()
    }

    /// The stretch in which it gives the person the requirement, if ever.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        let from = self.held_from?;
        // `min` of options would take none, which here means for ever, for the smallest.
        let until = self.held_until.into_iter().chain(self.revoked_at).min();
        until
            .is_none_or(|until| until > from)
            .then_some(Span { from, until })
    }
}

/// Where a person stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Holds it; until when (UTC), none: for ever.
    Held(Option<DateTime<Utc>>),
    /// Asked for it; a manager hasn't decided.
    Pending,
    /// Held it until then (UTC).
    Expired(DateTime<Utc>),
    /// Never held it, or it was taken away.
    Missing,
}

/// Where a person stands with a requirement, and what explains it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    /// Held, pending, expired or missing.
    pub standing: Standing,
    /// The request that waits for a manager; beside a holding it is a renewal.
    pub pending: Option<&'a Record>,
    /// The last answer, where it was no.
    pub refused: Option<&'a Record>,
    /// The last holding, running or over.
    pub last: Option<&'a Record>,
    now: DateTime<Utc>,
}

impl<'a> Place<'a> {
    /// What these records of one person and one requirement mean at `now`.
    #[must_use]
    pub fn of(records: &'a [Record], now: DateTime<Utc>) -> Self {
        let pending = records.iter().find(|r| r.state == State::Pending);
        let newest = records.iter().max_by_key(|r| r.id);
        // For ever is later than any instant.
        let last = records
            .iter()
            .filter(|r| r.held_from.is_some_and(|from| from <= now))
            .max_by_key(|r| {
                let until = r.held_until.into_iter().chain(r.revoked_at).min();
                (until.is_none(), until, r.id)
            });
        let standing = match hold(records.iter().filter_map(Record::span), now) {
            Hold::ForEver => Standing::Held(None),
            Hold::Until(until) => Standing::Held(Some(until)),
            Hold::No if pending.is_some() => Standing::Pending,
            Hold::No => match last {
                Some(Record {
                    state: State::Held,
                    held_until: Some(until),
                    ..
                }) => Standing::Expired(*until),
                _ => Standing::Missing,
            },
        };
        Self {
            standing,
            pending,
            refused: newest.filter(|r| r.state == State::Refused),
            last,
            now,
        }
    }

    /// Whether it is held now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.standing, Standing::Held(_))
    }

    /// Whether it is held and lapses within 30 days.
    #[must_use]
    pub fn lapses_soon(&self) -> bool {
        matches!(self.standing, Standing::Held(Some(until)) if until - self.now <= SOON)
    }

    /// "lapses in 12 days", for what is held for a while.
    #[must_use]
    pub fn lapses_in(&self) -> String {
        let Standing::Held(Some(until)) = self.standing else {
            return String::new();
        };
        match (until - self.now).num_days() {
            0 => "lapses within a day".into(),
            1 => "lapses in 1 day".into(),
            days => format!("lapses in {days} days"),
        }
    }

    /// Whether the person may declare it or ask for it now: it isn't held, or lapses soon, and no
    /// request waits.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.pending.is_none() && (!self.is_held() || self.lapses_soon())
    }

    /// Whether the last holding was taken away.
    #[must_use]
    pub fn was_revoked(&self) -> bool {
        self.standing == Standing::Missing && self.last.is_some()
    }

    /// The word for it on pages.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.standing {
            Standing::Held(_) => "held",
            Standing::Pending => "pending",
            Standing::Expired(_) => "expired",
            Standing::Missing => "missing",
        }
    }

    /// The badge's class.
    #[must_use]
    pub fn tone(&self) -> &'static str {
        match self.standing {
            Standing::Held(_) if self.lapses_soon() => "warn",
            Standing::Held(_) => "good",
            Standing::Pending => "accent",
            Standing::Expired(_) | Standing::Missing => "bad",
        }
    }

    /// What to do first comes first: missing, expired, about to lapse, pending, held.
    #[must_use]
    pub fn urgency(&self) -> u8 {
        match self.standing {
            Standing::Missing => 0,
            Standing::Expired(_) => 1,
            Standing::Held(_) if self.lapses_soon() => 2,
            Standing::Pending => 3,
            Standing::Held(_) => 4,
        }
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
