//! Handlers and pages. Whose month it is decides an extractor, once for all of them.

pub mod changes;
mod forms;
pub mod person;
pub mod rounds;
pub mod team;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use chrono::TimeDelta;
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::store;
use crate::audit;
use crate::error::AppError;
use crate::state::AppState;
use crate::vocab::{Month, PersonId};
use crate::web::{Form, Membership, SignedIn};

/// For so long the last change can be taken back.
const UNDO: TimeDelta = TimeDelta::hours(1);

/// Whose availability a request is about: one's own, or that of a member of a team one manages.
pub struct Subject {
    /// Who asks.
    pub user: SignedIn,
    /// Who it is about.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their zone: days are days by their clock.
    pub zone: Tz,
    /// The team through which a manager looks; none for one's own page.
    pub team: Option<Membership>,
    /// The page's path.
    pub base: String,
    /// The entry in the path, if any; not yet known to be theirs.
    pub entry: i64,
}

impl Subject {
    /// Whether it is the signed-in person's own availability.
    pub fn is_own(&self) -> bool {
        self.person == self.user.id
    }

    /// The page of a month.
    pub fn page(&self, month: Month) -> String {
        format!("{}?month={month}", self.base)
    }

    /// The day it is by their clock.
    pub fn today(&self) -> chrono::NaiveDate {
        self.user.now.with_timezone(&self.zone).date_naive()
    }

    /// A line in the trail for what a manager does for somebody; none for what is one's own.
    async fn record(
        &self,
        conn: &mut PgConnection,
        action: &str,
        what: &str,
    ) -> Result<(), AppError> {
        if self.is_own() {
            return Ok(());
        }
        let (by, team) = (Some(self.user.id), self.team.as_ref().map(|t| t.team));
        let summary = format!("{}: {what}", self.name);
        audit::record(conn, self.user.now, by, team, action, &summary).await?;
        Ok(())
    }
}

impl FromRequestParts<AppState> for Subject {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, AppError> {
        let user = SignedIn::from_request_parts(parts, state).await?;
        let path = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| AppError::NotFound)?;
        let find = |name: &str| path.iter().find(|(n, _)| *n == name).map(|(_, v)| v);
        let entry = match find("entry") {
            Some(id) => id.parse().map_err(|_| AppError::NotFound)?,
            None => 0,
        };
        let Some(slug) = find("slug") else {
            return Ok(Self {
                person: user.id,
                name: user.name.clone(),
                zone: user.zone,
                team: None,
                base: "/availability".to_owned(),
                entry,
                user,
            });
        };
        let team = user.manager_of(slug)?.clone();
        let id = find("person").and_then(|id| id.parse::<PersonId>().ok());
        let id = id.ok_or(AppError::NotFound)?;
        let mut conn = state.db.acquire().await?;
        let (name, zone) = store::person(&mut conn, team.team, id)
            .await?
            .ok_or(AppError::NotFound)?;
        Ok(Self {
            person: id,
            name,
            zone,
            base: format!("/teams/{slug}/availability/{id}"),
            team: Some(team),
            entry,
            user,
        })
    }
}

/// `?month=2026-12`
#[derive(serde::Deserialize)]
pub struct Query {
    month: Option<String>,
}

impl Query {
    /// The month asked for, if any.
    fn month(&self) -> Result<Option<Month>, AppError> {
        self.month.as_deref().map(month_of).transpose()
    }
}

fn month_of(text: &str) -> Result<Month, AppError> {
    text.parse().map_err(|_| {
        AppError::BadRequest(
            "The address does not end in a month from 2000-01 to 2199-12, like 2026-12.".into(),
        )
    })
}

/// The month whose page a form stands on.
fn month_in(form: &Form) -> Result<Month, AppError> {
    month_of(form.value("month"))
}
