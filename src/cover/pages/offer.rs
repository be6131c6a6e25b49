//! The page that a mail's link leads to: agree or disagree, without signing in.
//!
//! Opening it changes nothing and uses up nothing, however often and by whatever: mail scanners open
//! links, and some send forms that they find. So the choice has no default and a form without one is
//! refused; the answer is a POST. The link's secret is random and kept as a hash; it belongs to one
//! offer of one person, a new question has a new one, and it is good until the time to answer is over.
//! After that, and after the answer, the page says what came of it. Somebody else who is signed in is
//! told whose link it is, and can't answer. Who has left the team since sees nothing of the request.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::acts::{broken, look_again, over};
use crate::cover::flow::{self, Agreement, Said, when};
use crate::cover::model::{Kind, Offer, OfferState, Request, State as Stands};
use crate::cover::store;
use crate::error::{Answer, AppError};
use crate::oncall::{self, Viewer};
use crate::state::AppState;
use crate::vocab::Note;
use crate::web::{Form, Frame, Section, Visitor, page_with, token};

#[derive(Template)]
#[template(path = "cover/offer.html")]
struct Show {
    frame: Frame,
    form: Form,
    request: Request,
    offer: Offer,
    zone: Tz,
    when: String,
    in_return: Option<String>,
    /// Who else serves on the shift.
    partners: Vec<String>,
    answer_by: String,
    /// Answers are taken.
    is_open: bool,
    /// What came of it, otherwise.
    outcome: String,
    /// Until when their agreement can be taken back.
    undo_until: Option<String>,
    path: String,
    is_signed_in: bool,
}

/// No other page learns the address, and nobody keeps the page.
pub async fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn find(
    conn: &mut PgConnection,
    secret: &str,
    visitor: &Visitor,
) -> Result<(Request, Offer), AppError> {
    let unknown = || {
        AppError::BadRequest(
            "This link is not known. It may be cut short, or a newer one has taken its place: open the newest mail."
                .into(),
        )
    };
    let hash = token::hash(secret);
    let offer = store::by_token(conn, &hash).await?.ok_or_else(unknown)?;
    if let Some(user) = visitor.as_ref().filter(|u| u.id != offer.person.id) {
        return Err(AppError::Forbidden(format!(
            "This link was sent to {}. You are signed in as {}: sign out first if you are {0}.",
            offer.person.name, user.name
        )));
    }
    let request = store::load(conn, offer.request)
        .await?
        .ok_or_else(unknown)?;
    if !store::is_in_team(conn, offer.person.id, request.team).await? {
        return Err(AppError::LeftTeam);
    }
    Ok((request, offer))
}

/// `GET /offers/{token}`
pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(secret): Path<String>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let (request, offer) = find(&mut conn, &secret, &visitor).await?;
    let now = state.clock.now();
    let form = Form::default();
    render(&mut conn, visitor, (request, offer), form, &secret, now).await
}

async fn render(
    conn: &mut PgConnection,
    visitor: Visitor,
    (request, offer): (Request, Offer),
    form: Form,
    secret: &str,
    now: DateTime<Utc>,
) -> Answer {
    let zone = offer.person.zone;
    let viewer = Viewer {
        id: offer.person.id,
        is_admin: false,
    };
    let duties = oncall::duties_of_shift(conn, viewer, request.shift).await?;
    let beside = duties
        .iter()
        .filter(|d| d.slot.role != request.role && d.slot.interval.overlaps(&request.interval));
    let partners = beside
        .filter_map(|d| {
            let who = d.slot.who.as_ref()?;
            Some(format!("{} ({})", who.name, d.slot.role_name))
        })
        .collect();
    let is_open = offer.state == OfferState::Asked
        && request.state == Stands::Open
        && offer.answer_by.is_some_and(|by| now < by);
    let clock = |t: DateTime<Utc>| t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string();
    let is_mine = request
        .taker
        .as_ref()
        .is_some_and(|t| t.id == offer.person.id);
    let undo = if is_mine && request.can_undo(now) {
        request.undo_until.or(Some(request.open_until))
    } else {
        None
    };
    let title = format!(
        "{}, {}",
        request.role_name,
        when(request.interval, zone, now)
    );
    let is_signed_in = visitor.is_some();
    let frame = match &visitor {
        Some(user) => user.frame(title, Section::Other),
        None => Frame::public(title),
    };
    let show = Show {
        frame,
        when: when(request.interval, zone, now),
        in_return: request
            .in_return
            .as_ref()
            .map(|(back, role)| format!("{role}, {}", when(back.interval, zone, now))),
        partners,
        answer_by: offer.answer_by.map(clock).unwrap_or_default(),
        is_open,
        outcome: form
            .message("choice")
            .unwrap_or_else(|| outcome(&request, &offer, is_mine)),
        undo_until: undo.map(clock),
        path: format!("/offers/{secret}"),
        zone,
        is_signed_in,
        form,
        request,
        offer,
    };
    page_with(show.form.status(), &show)
}

/// What came of a question, for the person who was asked.
fn outcome(request: &Request, offer: &Offer, is_mine: bool) -> String {
    match (offer.state, request.state) {
        (_, Stands::Covered) if is_mine => "You take it. Thank you! It stands in your schedule and your calendar.".into(),
        (_, Stands::Agreed) if is_mine => "You agreed. Thank you! It counts once a manager approves it.".into(),
        (OfferState::Declined, _) => "You said that you can't. Nothing more is asked of you.".into(),
        (OfferState::Undone, _) => "Your agreement was taken back.".into(),
        (OfferState::Withdrawn, Stands::Open) => "Your answer is not needed any more.".into(),
        (OfferState::Lapsed | OfferState::Asked, Stands::Open) => {
            "Your time to answer is over. Somebody is still looked for: sign in and open the request if you can take it after all.".into()
        }
        (_, Stands::Closed) if !request.end_note.is_empty() => {
            format!("The request is closed. {}", request.end_note)
        }
        (_, state) => over(state, request.taker.as_ref().map(|t| t.name.as_str())),
    }
}

/// `POST /offers/{token}/answer`
pub async fn answer(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(secret): Path<String>,
    mut form: Form,
) -> Answer {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let (seen, _) = find(&mut tx, &secret, &visitor).await?;
    let request = flow::locked(&mut tx, seen.id).await?;
    let (_, offer) = find(&mut tx, &secret, &visitor).await?;
    let is_late = offer.answer_by.is_none_or(|by| now >= by);
    let path = format!("/offers/{secret}");
    let to_page = || Ok(Redirect::to(&path).into_response());
    // An answer that comes too late, or twice, leads to what came of the first.
    if offer.state != OfferState::Asked || request.state != Stands::Open || is_late {
        return to_page();
    }
    let choice = form.value("choice").to_owned();
    if choice != "agree" && choice != "disagree" {
        form.refuse("choice", "Choose whether you take it.");
    }
    let note = form.parse::<Note>("note");
    let Some(note) = note.filter(|_| form.is_good()) else {
        return render(&mut tx, visitor, (request, offer), form, &secret, now).await;
    };
    if choice == "disagree" {
        flow::decline(&mut tx, &request, &offer, note.as_str(), now).await?;
        if visitor.is_none() {
            flow::receipt(&mut tx, &request, &offer, Said::No, &secret, now).await?;
        }
        tx.commit().await?;
        return to_page();
    }
    let by = (None, note.as_str());
    match flow::agree(&mut tx, &request, offer.person.id, by, None, now).await? {
        Agreement::Done(_) => {
            let (request, offer) = find(&mut tx, &secret, &visitor).await?;
            if visitor.is_none() {
                flow::receipt(&mut tx, &request, &offer, Said::Yes, &secret, now).await?;
            }
            tx.commit().await?;
            to_page()
        }
        Agreement::Over(_) => to_page(),
        Agreement::Breaks(against) => {
            tx.rollback().await?;
            form.refuse("choice", broken(&against));
            look_again(&state, request.id, now).await?;
            let mut conn = state.db.acquire().await?;
            let found = find(&mut conn, &secret, &visitor).await?;
            render(&mut conn, visitor, found, form, &secret, now).await
        }
    }
}

/// `POST /offers/{token}/undo`: whoever agreed takes it back, within the time shown. Something that
/// sends the forms it finds does not say so.
pub async fn undo(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(secret): Path<String>,
    mut form: Form,
) -> Answer {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let (seen, offer) = find(&mut tx, &secret, &visitor).await?;
    let request = flow::locked(&mut tx, seen.id).await?;
    let is_mine = request
        .taker
        .as_ref()
        .is_some_and(|t| t.id == offer.person.id);
    if is_mine && request.can_undo(now) && form.value("choice") != "undo" {
        form.refuse("undo", "Say that you take it back.");
        return render(&mut tx, visitor, (request, offer), form, &secret, now).await;
    }
    if is_mine && flow::undo(&mut tx, &request, offer.person.id, now).await? {
        if visitor.is_none() {
            flow::receipt(&mut tx, &request, &offer, Said::Back, &secret, now).await?;
        }
        tx.commit().await?;
    }
    Ok(Redirect::to(&format!("/offers/{secret}")).into_response())
}
