//! A request and its offers.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::state::{OfferState, Origin, State};
use crate::vocab::{CoverId, Interval, OfferId, PersonId, RoleId, ShiftId, TeamId};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// I can't: find somebody.
    Cover,
    /// A named colleague takes it.
    Give,
    /// A named colleague takes it, and gives one of theirs in return.
    Swap,
}

impl Kind {
    /// The name in the table.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Cover => "cover",
            Self::Give => "give",
            Self::Swap => "swap",
        }
    }
}

/// Somebody, with the zone that their times are shown in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The person.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Their zone.
    pub zone: Tz,
}

/// What a colleague gives in return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Return {
    /// The shift.
    pub shift: ShiftId,
    /// The role.
    pub role: RoleId,
    /// From when to when (UTC).
    pub interval: Interval,
}

/// A cover request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its id.
    pub id: CoverId,
    /// What is asked for.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The shift.
    pub shift: ShiftId,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Place of the role in the escalation.
    pub order: i16,
    /// From when to when (UTC): the shift, or a part of it.
    pub interval: Interval,
    /// From when to when the whole shift is (UTC).
    pub whole: Interval,
    /// The rotation's name.
    pub rotation_name: String,
    /// The team.
    pub team: TeamId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub team_name: String,
    /// Its zone.
    pub team_zone: Tz,
    /// Whose it is.
    pub person: Person,
    /// To whom it is given, or who swaps.
    pub colleague: Option<Person>,
    /// What they give in return, and the role's name.
    pub in_return: Option<(Return, String)>,
    /// Why, in the requester's words.
    pub reason: String,
    /// The requester is on leave then.
    pub is_leave: bool,
    /// An agreement counts only when a manager approves it.
    pub needs_approval: bool,
    /// Who made it.
    pub made_by: PersonId,
    /// When (UTC).
    pub made_at: DateTime<Utc>,
    /// From then on nobody can agree (UTC).
    pub open_until: DateTime<Utc>,
    /// Who agreed.
    pub taker: Option<Person>,
    /// Until when that can be taken back (UTC).
    pub undo_until: Option<DateTime<Utc>>,
    /// Managers were told that nobody is left.
    pub is_exhausted: bool,
    /// Why it ended, where that needs words.
    pub end_note: String,
}

impl Request {
    /// Where it stands, on pages.
    #[must_use]
    pub fn stands(&self) -> &'static str {
        self.state.label_of(self.kind)
    }

    /// Whether it is about a part of the shift.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.interval != self.whole
    }

    /// Whether either side may still take the agreement back.
    #[must_use]
    pub fn can_undo(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            State::Agreed => now < self.open_until,
            State::Covered => self.undo_until.is_some_and(|until| now < until),
            _ => false,
        }
    }

    /// Whether it was made while the shift was running.
    #[must_use]
    pub fn was_running(&self) -> bool {
        self.open_until == self.interval.end
    }
}

/// One person asked to take it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The request.
    pub request: CoverId,
    /// Who is asked.
    pub person: Person,
    /// How it came.
    pub origin: Origin,
    /// Where it stands.
    pub state: OfferState,
    /// What spoke for them.
    pub why: String,
    /// When they were asked, or took it (UTC).
    pub asked_at: DateTime<Utc>,
    /// Until when they can answer (UTC).
    pub answer_by: Option<DateTime<Utc>>,
    /// When they did (UTC).
    pub answered_at: Option<DateTime<Utc>>,
    /// What they said.
    pub note: String,
    /// A manager did not approve that they take it.
    pub is_refused: bool,
}

impl Offer {
    /// Where it stands, on pages.
    #[must_use]
    pub fn stands(&self) -> &'static str {
        match (self.state, self.origin) {
            (OfferState::Withdrawn, _) if self.is_refused => "not approved",
            (OfferState::Agreed, Origin::Assigned) => "assigned",
            (OfferState::Undone, Origin::Assigned) => "assigned, then taken back",
            (state, _) => state.label(),
        }
    }
}
