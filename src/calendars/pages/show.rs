//! The page itself.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use chrono_tz::Tz;

use super::channel::{Status, Way, calendars, status};
use super::feeds::{Links, Offer, offers};
use crate::calendars::store;
use crate::error::Answer;
use crate::state::AppState;
use crate::web::{Form, Frame, Section, SignedIn, page};

#[derive(Template)]
#[template(path = "calendars/show.html")]
struct Show {
    frame: Frame,
    /// The way that is chosen, or that was chosen wrongly.
    form: Form,
    /// How the chosen way does; none for feeds.
    status: Option<Status>,
    /// Calendars that can be written into: value and name.
    calendars: Vec<(String, String)>,
    /// Where invitations would go; none where no mail can be sent.
    address: Option<String>,
    offers: Vec<Offer>,
    links: Option<Links>,
    zone: Tz,
    /// Calendar services on the internet can't fetch from this machine.
    is_local: bool,
}

/// The page, with a new feed's addresses or a form that failed.
pub(super) async fn render(
    state: &AppState,
    user: &SignedIn,
    links: Option<Links>,
    failed: Option<Form>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let all = store::channels(&mut conn, user.id).await?;
    let channel = all.into_iter().find(|c| !c.is_over);
    let calendars = calendars(&mut conn, user.id).await?;
    let code = if failed.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let form = failed.unwrap_or_else(|| Way::filled(channel.as_ref(), &calendars));
    let shown = page(&Show {
        status: status(&mut conn, user, channel).await?,
        frame: user.frame("Shifts in your calendar", Section::Account),
        calendars: calendars
            .into_iter()
            .map(|c| (c.value(), c.title()))
            .collect(),
        address: Way::can_mail(state).then(|| user.email.clone()),
        form,
        offers: offers(&mut conn, user).await?,
        links,
        zone: user.zone,
        is_local: !state.site.public_url.is_https(),
    })?;
    Ok((code, shown).into_response())
}

/// `GET /calendar`
pub async fn show(State(state): State<AppState>, user: SignedIn) -> Answer {
    render(&state, &user, None, None).await
}
