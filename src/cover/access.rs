//! Who may do what: the one place that decides.

use sqlx::PgConnection;

use super::model::{Offer, OfferState, Request};
use super::store::{self, Slot};
use crate::error::AppError;
use crate::vocab::PersonId;
use crate::web::{Membership, SignedIn};

/// What somebody is to a request.
pub struct Rights {
    /// The shift is theirs.
    pub is_requester: bool,
    /// They manage the team.
    pub is_manager: bool,
    /// They take shifts in the team.
    pub is_engineer: bool,
    /// What they were asked, if they were.
    pub offer: Option<Offer>,
    /// The team, if they are in it.
    pub team: Option<Membership>,
}

impl Rights {
    /// What a person is to a request.
    ///
    /// # Errors
    /// `NotFound` for everybody whom it is none of the business of: only the team and the requester learn
    /// that there is a request. Who was asked is in the team; who has left it is asked no more.
    pub async fn of(
        conn: &mut PgConnection,
        user: &SignedIn,
        request: &Request,
    ) -> Result<Self, AppError> {
        let team = user.teams.iter().find(|t| t.team == request.team).cloned();
        let offer = store::offer_of(conn, request.id, user.id).await?;
        let is_requester = request.person.id == user.id;
        if team.is_none() && !is_requester {
            return Err(AppError::NotFound);
        }
        Ok(Self {
            is_requester,
            is_manager: team.as_ref().is_some_and(|t| t.is_manager),
            is_engineer: team.as_ref().is_some_and(|t| t.is_engineer),
            offer,
            team,
        })
    }

    /// Whether a question to them is open.
    pub fn is_asked(&self) -> bool {
        let state = self.offer.as_ref().map(|o| o.state);
        state == Some(OfferState::Asked)
    }

    /// Whether they may volunteer.
    pub fn may_volunteer(&self) -> bool {
        self.is_engineer && !self.is_requester && !self.is_asked()
    }

    /// Passes for the team's managers.
    pub fn manager(&self) -> Result<(), AppError> {
        if self.is_manager {
            return Ok(());
        }
        Err(AppError::Forbidden(
            "Only managers of the team can do this. Ask one of them.".into(),
        ))
    }

    /// Passes for the requester and the team's managers.
    pub fn requester(&self) -> Result<(), AppError> {
        if self.is_requester || self.is_manager {
            return Ok(());
        }
        Err(AppError::Forbidden(
            "Only whoever asked for it and managers of the team can do this.".into(),
        ))
    }

    /// Passes for the two sides of an agreement.
    pub fn side(&self, request: &Request, user: PersonId) -> Result<(), AppError> {
        let is_taker = request.taker.as_ref().is_some_and(|t| t.id == user);
        if self.is_requester || is_taker {
            return Ok(());
        }
        Err(AppError::Forbidden(
            "Only the two whom it is about can take it back.".into(),
        ))
    }
}

/// Passes for whoever serves a slot and for managers of its team, and returns the team.
///
/// # Errors
/// `NotFound` for who is not in the team, `Forbidden` for its other engineers.
pub fn of_slot(user: &SignedIn, slot: &Slot) -> Result<Membership, AppError> {
    let team = user.member_of(&slot.slug)?;
    if slot.person == user.id || team.is_manager {
        return Ok(team.clone());
    }
    Err(AppError::Forbidden(format!(
        "Only {} and managers of {} can say that.",
        slot.name, slot.team_name
    )))
}

/// Passes for the engineers of a team, who may take what is open, and returns the team.
///
/// # Errors
/// `NotFound` for who is not in the team, `Forbidden` for who takes no shifts in it.
pub fn of_open(user: &SignedIn, slug: &str) -> Result<Membership, AppError> {
    let team = user.member_of(slug)?;
    if team.is_engineer {
        return Ok(team.clone());
    }
    Err(AppError::Forbidden(
        "Only engineers of the team can take it.".into(),
    ))
}
