//! What surrounds every page: title, navigation, who is signed in, the message of the last action.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _};
use chrono_tz::Tz;

use super::{Flash, Membership, SignedIn, assets};
use crate::error::Answer;

/// Which entry of the navigation a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    /// Am I on call?
    Home,
    /// When can I be on call?
    Availability,
    /// What do I need in order to be on duty?
    Requirements,
    /// Who is on now?
    Team,
    /// Who can't make it, and who takes it?
    Covers,
    /// Is next month fair and full?
    Plan,
    /// Who is needed when?
    Rotations,
    /// Who is in the team?
    Members,
    /// What does the team require?
    TeamRequirements,
    /// Who has answered, who is away?
    TeamAvailability,
    /// Who carried what?
    Reports,
    /// Who did what when?
    Audit,
    /// My profile, calendar feeds and sessions.
    Account,
    /// The whole service.
    Admin,
    /// None of them.
    Other,
}

/// The frame of one page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// Its place in the navigation.
    pub section: Section,
    /// Who is signed in.
    pub user: Option<SignedIn>,
    /// The message that the last action left.
    pub flash: Option<Flash>,
    /// The team the page is about.
    pub team: Option<Membership>,
    /// The zone its times are in, where it is not the viewer's own.
    pub times_in: Option<Tz>,
}

impl Frame {
    /// For pages that nobody needs to sign in for.
    #[must_use]
    pub fn public(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section: Section::Other,
            user: None,
            flash: None,
            team: None,
            times_in: None,
        }
    }

    /// The same for a page with times in a zone that may be another than the viewer's: its foot says so.
    #[must_use]
    pub fn with_times_in(self, zone: Tz) -> Self {
        let own = self.user.as_ref().map(|u| u.zone);
        Self {
            times_in: Some(zone).filter(|_| own != Some(zone)),
            ..self
        }
    }

    /// The address of a static file.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// Whether the page is about this team.
    #[must_use]
    pub fn is_about(&self, team: &Membership) -> bool {
        self.team.as_ref().is_some_and(|now| now.team == team.team)
    }

    /// `page` for the current entry of the navigation, else `false`.
    #[must_use]
    pub fn current(&self, section: Section) -> &'static str {
        if self.section == section {
            "page"
        } else {
            "false"
        }
    }
}

/// A page, never cached: it is one person's.
///
/// # Errors
/// Where the template fails.
pub fn page(template: &impl Template) -> Answer {
    page_with(StatusCode::OK, template)
}

/// A page with another status, such as 422 for a form that failed or 409 for a stale one.
///
/// # Errors
/// Where the template fails.
pub fn page_with(status: StatusCode, template: &impl Template) -> Answer {
    let body = template.render()?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Html(body)).into_response())
}
