//! The page of one request: where it stands, what you can do, and its history.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::id_in;
use crate::cover::access::Rights;
use crate::cover::flow::{part_of, when};
use crate::cover::model::{Kind, Offer, OfferState, Origin, Request, State as Stands};
use crate::cover::store::{self, Event};
use crate::error::{Answer, AppError};
use crate::planning;
use crate::state::AppState;
use crate::web::{Form, Frame, Section, SignedIn, page};

/// Somebody who could or can't take it.
pub struct Candidate {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What speaks for them, or the rules against.
    pub words: String,
    /// They would break no rule.
    pub is_free: bool,
    /// A manager can assign them, against a rule if need be.
    pub can_assign: bool,
    /// What they were asked.
    pub offer: Option<Offer>,
}

impl Candidate {
    /// Whether a manager can ask them.
    pub fn can_ask(&self) -> bool {
        let anew = |o: &Offer| o.state == OfferState::Withdrawn && o.answered_at.is_none();
        self.is_free && self.offer.as_ref().is_none_or(anew)
    }
}

/// A line of the history.
pub struct Line {
    at: String,
    words: String,
    note: String,
}

#[derive(Template)]
#[template(path = "cover/show.html")]
pub struct Show {
    frame: Frame,
    form: Form,
    request: Request,
    rights: Rights,
    zone: Tz,
    when: String,
    /// By the clocks of the whole shift, where this is a part.
    whole: Option<String>,
    in_return: Option<String>,
    asked: Vec<Offer>,
    offers: Vec<Offer>,
    candidates: Vec<Candidate>,
    /// What speaks against the viewer's volunteering.
    against: Option<String>,
    can_undo: bool,
    undo_until: Option<String>,
    lines: Vec<Line>,
    is_live: bool,
    /// The last line of history that the page knows.
    seen: i64,
    now: DateTime<Utc>,
}

impl Show {
    fn at(&self, t: &DateTime<Utc>) -> String {
        t.with_timezone(&self.zone)
            .format("%a %-d %b %H:%M")
            .to_string()
    }

    fn answer_by(&self, offer: &Offer) -> String {
        offer.answer_by.map(|t| self.at(&t)).unwrap_or_default()
    }

    fn origin(&self, offer: &Offer) -> &'static str {
        match (offer.origin, self.request.kind) {
            (Origin::Named, Kind::Give | Kind::Swap) => "by the requester",
            (origin, _) => origin.label(),
        }
    }
}

/// `GET /covers/{id}`
pub async fn show(State(state): State<AppState>, user: SignedIn, Path(id): Path<String>) -> Answer {
    let mut conn = state.db.acquire().await?;
    page(&render(&mut conn, user, &id, Form::default()).await?)
}

/// The page, with a form that failed.
pub async fn render(
    conn: &mut PgConnection,
    user: SignedIn,
    id: &str,
    form: Form,
) -> Result<Show, AppError> {
    let request = store::load(conn, id_in(id)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let rights = Rights::of(conn, &user, &request).await?;
    let offers = store::offers(conn, request.id).await?;
    let seen = store::last_event(conn, request.id).await?;
    let events = store::events(conn, request.id).await?;
    let is_open = request.state == Stands::Open && user.now < request.open_until;
    let may_take = rights.is_manager || rights.is_requester || rights.is_engineer;
    let candidates = if is_open && may_take {
        candidates(conn, &request, &offers, &user).await?
    } else {
        Vec::new()
    };
    let own = candidates.iter().find(|c| c.id == user.id.to_string());
    let against = own.filter(|c| !c.is_free).map(|c| c.words.clone());
    let zone = user.zone;
    let title = format!(
        "{}, {}",
        request.role_name,
        when(request.interval, zone, user.now)
    );
    let frame = match &rights.team {
        Some(team) => user.team_frame(title, Section::Covers, team),
        None => user.frame(title, Section::Other),
    };
    let can_undo = request.can_undo(user.now) && rights.side(&request, user.id).is_ok();
    Ok(Show {
        when: when(request.interval, zone, user.now),
        whole: request
            .is_part()
            .then(|| when(request.whole, zone, user.now)),
        in_return: request
            .in_return
            .as_ref()
            .map(|(back, role)| format!("{role}, {}", when(back.interval, zone, user.now))),
        asked: offers
            .iter()
            .filter(|o| o.state == OfferState::Asked)
            .cloned()
            .collect(),
        // Notes of why somebody can't are between them and their managers.
        candidates: candidates
            .into_iter()
            .filter(|c| rights.is_manager || (rights.is_requester && c.is_free))
            .collect(),
        against,
        can_undo,
        undo_until: request
            .undo_until
            .map(|t| t.with_timezone(&zone).format("%H:%M").to_string()),
        lines: events.iter().map(|e| line(e, zone)).collect(),
        is_live: request.state.is_live(),
        seen,
        now: user.now,
        offers,
        zone,
        form,
        frame,
        rights,
        request,
    })
}

async fn candidates(
    conn: &mut PgConnection,
    request: &Request,
    offers: &[Offer],
    user: &SignedIn,
) -> Result<Vec<Candidate>, AppError> {
    let found = planning::replacements(conn, &part_of(request), user.now).await?;
    let candidate = |r: planning::Replacement| Candidate {
        id: r.person.to_string(),
        words: if r.broken.is_empty() && r.extra.0 >= 5 {
            format!("{} ({} points less fair than the first)", r.why, r.extra)
        } else if r.broken.is_empty() {
            r.why
        } else {
            // Whoever sees it manages them, or is them.
            r.broken_and_why()
        },
        is_free: r.broken.is_empty(),
        can_assign: !r.is_final
            && (request.kind != Kind::Swap
                || request.colleague.as_ref().is_some_and(|c| c.id == r.person)),
        offer: offers.iter().find(|o| o.person.id == r.person).cloned(),
        name: r.name,
    };
    Ok(found
        .unwrap_or_default()
        .into_iter()
        .map(candidate)
        .collect())
}

/// A line of the history in words.
fn line(event: &Event, zone: Tz) -> Line {
    let actor = event.actor.as_deref().unwrap_or("Fairshift");
    let person = event.person.as_deref().unwrap_or("nobody");
    let is_own = event.actor == event.person;
    let words = match event.action.as_str() {
        "made" if is_own => format!("{actor} asked to be covered"),
        "made" => format!("{actor} asked for cover for {person}"),
        "asked" => format!("{actor} asked {person}"),
        "agreed" => format!("{person} agreed"),
        "volunteered" => format!("{person} volunteered"),
        "assigned" => format!("{actor} assigned {person}"),
        "declined" => format!("{person} said no"),
        "barred" => format!("{person} can't take it any more"),
        "ran_out" => format!("{person} did not answer in time"),
        "approved" => format!("{actor} approved that {person} takes it"),
        "refused" => format!("{actor} did not approve that {person} takes it"),
        "undone" if is_own => format!("{person} took the agreement back"),
        "undone" => format!("{actor} took it back from {person}"),
        "withdrawn" => format!("{actor} withdrew the request"),
        "moved" => "The schedule changed, and the request goes on".to_owned(),
        "closed" if event.actor.is_none() => "The request was closed".to_owned(),
        "closed" => format!("{actor} closed the request"),
        "exhausted" => {
            "Nobody was left to ask; managers and escalation contacts were told".to_owned()
        }
        "lapsed" => "The time was up and nobody had agreed".to_owned(),
        other => other.to_owned(),
    };
    Line {
        at: event
            .at
            .with_timezone(&zone)
            .format("%a %-d %b %H:%M")
            .to_string(),
        words,
        note: event.note.clone(),
    }
}
