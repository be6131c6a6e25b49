//! The state machine of a cover request and of the offers in it. PostgreSQL holds the same tables by
//! triggers (`cover_request_transition`, `cover_offer_transition`).
//!
//! A **request**:
//!
//! | from | to | when |
//! | --- | --- | --- |
//! | (nothing) | open | it is made |
//! | open | agreed | somebody agrees, and the team wants a manager's approval |
//! | open | covered | somebody agrees, or a manager assigns somebody |
//! | open | withdrawn | whoever asked serves after all |
//! | open | closed | a manager closes it; a new version of the schedule gives the time to somebody else or to shifts that it does not fit into; the one colleague asked says no; whoever it is taken over from takes it back |
//! | open | lapsed | the shift begins (or, if it was running, ends) and nobody has agreed |
//! | agreed | covered | a manager approves |
//! | agreed | open | a manager refuses, or whoever agreed takes it back |
//! | agreed | withdrawn, closed, lapsed | as when open; what was for one colleague closes when a manager refuses |
//! | covered | open | whoever agreed takes it back in time: the next is asked |
//! | covered | withdrawn | whoever asked takes it back in time, and serves |
//!
//! An **offer**, one for each person and request:
//!
//! | from | to | when |
//! | --- | --- | --- |
//! | (nothing) | asked | it is their turn |
//! | (nothing) | agreed | they volunteer, or a manager assigns them |
//! | asked | agreed, declined | they answer |
//! | asked | lapsed | their time to answer is over |
//! | asked | withdrawn | somebody else takes it, they break a rule by now, or the request is over |
//! | declined, lapsed, withdrawn, undone | agreed | they volunteer after all, or a manager assigns them |
//! | withdrawn | asked | the request is open again or they break no rule any more, and they had not answered |
//! | agreed | undone | they take it back, or the requester does |
//! | agreed | withdrawn | the manager refuses, or the request is over before the approval |
//!
//! So nobody is asked twice who has answered or let their time run out, there is at most one winner,
//! and `withdrawn`, `closed` and `lapsed` requests stay as they are.

use super::request::Kind;

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// Somebody is looked for.
    Open,
    /// Somebody agreed; a manager's approval is missing.
    Agreed,
    /// Somebody else serves.
    Covered,
    /// Whoever asked serves after all.
    Withdrawn,
    /// Closed by a manager, by a new version of the schedule, or because the one colleague said no.
    Closed,
    /// The shift began and nobody had agreed, or no manager had approved.
    Lapsed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Agreed,
        Self::Covered,
        Self::Withdrawn,
        Self::Closed,
        Self::Lapsed,
    ];

    /// The name in the table.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Agreed => "agreed",
            Self::Covered => "covered",
            Self::Withdrawn => "withdrawn",
            Self::Closed => "closed",
            Self::Lapsed => "lapsed",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "looking for somebody",
            Self::Agreed => "agreed, waits for approval",
            Self::Covered => "covered",
            Self::Withdrawn => "withdrawn",
            Self::Closed => "closed",
            Self::Lapsed => "not covered",
        }
    }

    /// The same where it may be about one colleague.
    #[must_use]
    pub fn label_of(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Open, Kind::Give | Kind::Swap) => "waits for an answer",
            (Self::Covered, Kind::Give) => "given away",
            (Self::Covered, Kind::Swap) => "swapped",
            (Self::Lapsed, Kind::Give | Kind::Swap) => "not settled in time",
            _ => self.label(),
        }
    }

    /// The style of its badge.
    #[must_use]
    pub fn style(self) -> &'static str {
        match self {
            Self::Open => "warn",
            Self::Agreed => "accent",
            Self::Covered => "good",
            Self::Withdrawn | Self::Closed => "",
            Self::Lapsed => "bad",
        }
    }

    /// Whether it is not settled yet.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Agreed)
    }

    /// Whether a request may go from here to there: the table above.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Open => next != Self::Open,
            Self::Agreed => next != Self::Agreed,
            Self::Covered => matches!(next, Self::Open | Self::Withdrawn),
            Self::Withdrawn | Self::Closed | Self::Lapsed => false,
        }
    }
}

/// Where one person's offer stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum OfferState {
    /// They can answer.
    Asked,
    /// They take it.
    Agreed,
    /// They said no.
    Declined,
    /// They did not answer in time.
    Lapsed,
    /// The question was taken back.
    Withdrawn,
    /// They had agreed, and it was taken back.
    Undone,
}

impl OfferState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Asked,
        Self::Agreed,
        Self::Declined,
        Self::Lapsed,
        Self::Withdrawn,
        Self::Undone,
    ];

    /// The name in the table.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Agreed => "agreed",
            Self::Declined => "declined",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
            Self::Undone => "undone",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Agreed => "agreed",
            Self::Declined => "said no",
            Self::Lapsed => "did not answer",
            Self::Withdrawn => "not needed any more",
            Self::Undone => "agreed, then taken back",
        }
    }

    /// The style of its badge.
    #[must_use]
    pub fn style(self) -> &'static str {
        match self {
            Self::Asked => "accent",
            Self::Agreed => "good",
            Self::Declined | Self::Undone => "bad",
            Self::Lapsed => "warn",
            Self::Withdrawn => "",
        }
    }

    /// Whether an offer may go from here to there: the table above.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Asked => matches!(
                next,
                Self::Agreed | Self::Declined | Self::Lapsed | Self::Withdrawn
            ),
            Self::Agreed => matches!(next, Self::Undone | Self::Withdrawn),
            Self::Declined | Self::Lapsed | Self::Undone => next == Self::Agreed,
            Self::Withdrawn => matches!(next, Self::Agreed | Self::Asked),
        }
    }
}

/// How somebody came to be asked, or to take it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Origin {
    /// As the best replacement left.
    Ranked,
    /// With everybody who could, because the shift is near.
    Everybody,
    /// By name: a manager's choice, or whom the requester gives it to.
    Named,
    /// By themselves.
    Volunteer,
    /// Assigned by a manager.
    Assigned,
}

impl Origin {
    /// The name in the table.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Ranked => "ranked",
            Self::Everybody => "everybody",
            Self::Named => "named",
            Self::Volunteer => "volunteer",
            Self::Assigned => "assigned",
        }
    }

    /// In words, on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Ranked => "as the best left",
            Self::Everybody => "with everybody who could",
            Self::Named => "by name",
            Self::Volunteer => "volunteered",
            Self::Assigned => "assigned by a manager",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OfferState, State};

    #[test]
    fn what_is_over_stays_over_and_nothing_becomes_itself() {
        for from in State::ALL {
            assert!(!from.may_become(from));
            let ways = State::ALL.iter().filter(|to| from.may_become(**to)).count();
            let expected = match from {
                State::Open | State::Agreed => 5,
                State::Covered => 2,
                State::Withdrawn | State::Closed | State::Lapsed => 0,
            };
            assert_eq!(ways, expected, "{from:?}");
        }
        for from in OfferState::ALL {
            assert!(!from.may_become(from));
            // Who has answered is never asked again.
            let again = from.may_become(OfferState::Asked);
            assert_eq!(again, from == OfferState::Withdrawn, "{from:?}");
        }
    }
}
