//! Who is asking. The `sessions` table is written by the people slice; here it is only read.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{Flash, Frame, Section, token};
use crate::error::AppError;
use crate::state::AppState;
use crate::telemetry::RequestLog;
use crate::vocab::{PersonId, SessionId, TeamId};

/// The cookie that holds the session's secret.
pub const SESSION_COOKIE: &str = "session";

/// Days after which a session ends.
pub const SESSION_DAYS: i64 = 30;

/// Teams that an administrator's menu has at most.
const MENU: usize = 50;

/// A team as the signed-in person sees it.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The team.
    pub team: TeamId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its time zone.
    pub zone: Tz,
    /// May plan, approve, sign off, invite. True for administrators.
    pub is_manager: bool,
    /// Takes shifts.
    pub is_engineer: bool,
}

/// A person who is signed in. As an argument of a handler it redirects everybody else to sign in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The zone that times are shown in.
    pub zone: Tz,
    /// Administrator of the whole service.
    pub is_admin: bool,
    /// This browser's session.
    pub session: SessionId,
    /// Teams they see, by name. Administrators see all.
    pub teams: Vec<Membership>,
    /// Sees what others would have been sent: in a demo without a mail server, managers and
    /// administrators.
    pub sees_outbox: bool,
    /// When the request came in.
    pub now: DateTime<Utc>,
    flash: Option<Flash>,
}

impl SignedIn {
    /// The frame of a page for this person.
    #[must_use]
    pub fn frame(&self, title: impl Into<String>, section: Section) -> Frame {
        Frame {
            title: title.into(),
            section,
            user: Some(self.clone()),
            flash: self.flash.clone(),
            team: None,
            times_in: None,
        }
    }

    /// The frame of a page about one of their teams.
    #[must_use]
    pub fn team_frame(
        &self,
        title: impl Into<String>,
        section: Section,
        team: &Membership,
    ) -> Frame {
        Frame {
            team: Some(team.clone()),
            ..self.frame(title, section)
        }
    }

    /// The team of that slug, if they are in it.
    ///
    /// # Errors
    /// `NotFound` for everybody else, so that nobody learns which teams exist.
    pub fn member_of(&self, slug: &str) -> Result<&Membership, AppError> {
        self.teams
            .iter()
            .find(|t| t.slug == slug)
            .ok_or(AppError::NotFound)
    }

    /// The team of that slug, if they manage it.
    ///
    /// # Errors
    /// `NotFound` for who is not in it, `Forbidden` for its engineers.
    pub fn manager_of(&self, slug: &str) -> Result<&Membership, AppError> {
        let team = self.member_of(slug)?;
        if team.is_manager {
            return Ok(team);
        }
        Err(AppError::Forbidden(format!(
            "Only managers of {} can do this. Ask one of them.",
            team.name
        )))
    }

    /// Passes for administrators.
    ///
    /// # Errors
    /// `NotFound` for everybody else.
    pub fn admin(&self) -> Result<(), AppError> {
        if self.is_admin {
            Ok(())
        } else {
            Err(AppError::NotFound)
        }
    }

    /// The teams of the menu. An administrator, who sees all teams there are, finds what doesn't fit it under
    /// *Administration*.
    #[must_use]
    pub fn menu(&self) -> &[Membership] {
        let some = self.teams.get(..MENU).filter(|_| self.is_admin);
        some.unwrap_or(&self.teams)
    }

    /// Whether they manage any team.
    #[must_use]
    pub fn manages_any(&self) -> bool {
        self.teams.iter().any(|t| t.is_manager)
    }

    /// Whether they take shifts in any team.
    #[must_use]
    pub fn serves_any(&self) -> bool {
        self.teams.iter().any(|t| t.is_engineer)
    }

    /// Today, by their clock.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }
}

/// Somebody who may or may not be signed in.
pub type Visitor = Option<SignedIn>;

/// A cookie's value.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

async fn load(parts: &Parts, state: &AppState) -> Result<Visitor, AppError> {
    let Some(secret) = cookie(&parts.headers, SESSION_COOKIE) else {
        return Ok(None);
    };
    let now = state.clock.now();
    let rows = sqlx::query!(
        r#"select s.id as session, p.id, p.name, p.email, p.time_zone, p.is_admin,
            t.id as "team?", t.slug as "slug?", t.name as "team_name?", t.time_zone as "team_zone?",
            coalesce(m.is_manager, false) or p.is_admin as "is_manager!",
            coalesce(m.is_engineer, false) as "is_engineer!"
        from sessions s
        join people p on p.id = s.person_id
        left join teams t on p.is_admin
            or exists (select from team_members x where x.team_id = t.id and x.person_id = p.id)
        left join team_members m on m.team_id = t.id and m.person_id = p.id
        where s.token_hash = $1 and s.expires_at > $2
        order by t.name, t.id"#,
        token::hash(secret),
        now,
    )
    .fetch_all(&state.db)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    if let Some(log) = parts.extensions.get::<RequestLog>() {
        log.set_person(PersonId(first.id));
    }
    let teams = rows
        .iter()
        .filter_map(|row| {
            Some(Membership {
                team: TeamId(row.team?),
                slug: row.slug.clone()?,
                name: row.team_name.clone()?,
                zone: row.team_zone.as_deref()?.parse().unwrap_or(Tz::UTC),
                is_manager: row.is_manager,
                is_engineer: row.is_engineer,
            })
        })
        .collect::<Vec<Membership>>();
    let leads = first.is_admin || teams.iter().any(|team| team.is_manager);
    Ok(Some(SignedIn {
        sees_outbox: leads && state.site.demo && !state.mailer.is_set_up(),
        id: PersonId(first.id),
        name: first.name.clone(),
        email: first.email.clone(),
        zone: first.time_zone.parse().unwrap_or(Tz::UTC),
        is_admin: first.is_admin,
        session: SessionId(first.session),
        teams,
        now,
        flash: Flash::read(&parts.headers),
    }))
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, AppError> {
        load(parts, state).await?.ok_or_else(|| {
            let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
            // Only a page can be come back to.
            AppError::SignIn(if parts.method.is_safe() {
                path.to_owned()
            } else {
                "/".to_owned()
            })
        })
    }
}

impl OptionalFromRequestParts<AppState> for SignedIn {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Visitor, AppError> {
        load(parts, state).await
    }
}
