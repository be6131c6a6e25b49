//! The secret addresses of feeds.

use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::show::render;
use crate::audit;
use crate::calendars::store;
use crate::config::PublicUrl;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::TeamId;
use crate::web::{Flash, Form, SignedIn, token};

/// What somebody may subscribe to.
pub(super) struct Offer {
    /// The team's slug; empty for one's own shifts.
    pub key: String,
    /// What it is.
    pub title: String,
    /// The feed, if there is an address.
    pub feed: Option<Made>,
}

/// A feed that has an address.
pub(super) struct Made {
    /// Its id.
    pub id: i64,
    /// Whether being on call paints the day busy.
    pub busy: bool,
    /// When its address was made (UTC).
    pub created_at: DateTime<Utc>,
}

/// What this person may subscribe to.
pub(super) async fn offers(conn: &mut PgConnection, user: &SignedIn) -> sqlx::Result<Vec<Offer>> {
    let mut feeds = store::feeds(conn, user.id).await?;
    let mut take = |team: Option<TeamId>| {
        let at = feeds.iter().position(|f| f.team == team)?;
        let feed = feeds.swap_remove(at);
        Some(Made {
            id: feed.id,
            busy: feed.busy,
            created_at: feed.created_at,
        })
    };
    let mut offers = vec![Offer {
        key: String::new(),
        title: "My own shifts".to_owned(),
        feed: take(None),
    }];
    offers.extend(user.teams.iter().map(|t| Offer {
        key: t.slug.clone(),
        title: format!("All of {}", t.name),
        feed: take(Some(t.team)),
    }));
    Ok(offers)
}

/// The addresses of a feed, shown once.
pub(super) struct Links {
    /// What the feed is.
    pub title: String,
    /// For any app.
    pub https: String,
    /// Opens the app.
    pub webcal: String,
    /// Opens Google's.
    pub google: String,
}

impl Links {
    fn new(title: String, public_url: &PublicUrl, secret: &str) -> Self {
        let path = format!("/calendar/{secret}.ics");
        let webcal = format!("webcal://{}{path}", public_url.authority());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("cid", &webcal)
            .finish();
        Self {
            title,
            https: format!("{public_url}{path}"),
            google: format!("https://calendar.google.com/calendar/r?{query}"),
            webcal,
        }
    }
}

/// `POST /calendar/feeds`: a new address, shown once; one that was there before ends.
pub async fn create(State(state): State<AppState>, user: SignedIn, form: Form) -> Answer {
    let slug = form.value("team");
    let (team, title) = if slug.is_empty() {
        (None, "your own shifts".to_owned())
    } else {
        let team = user.member_of(slug)?;
        (Some(team.team), team.name.clone())
    };
    let secret = token::fresh();
    let mut tx = state.db.begin().await?;
    store::set_feed(&mut tx, user.id, team, &token::hash(&secret), user.now).await?;
    let summary = format!("{}: a calendar link for {title}", user.name);
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        team,
        "made feed",
        &summary,
    )
    .await?;
    tx.commit().await?;
    let links = Links::new(title, &state.site.public_url, &secret);
    render(&state, &user, Some(links), None).await
}

/// `POST /calendar/feeds/{id}`: busy or free.
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<i64>,
    form: Form,
) -> Answer {
    let busy = form.ticked("busy");
    let mut tx = state.db.begin().await?;
    if !store::set_busy(&mut tx, user.id, id, busy, user.now).await? {
        return Err(AppError::NotFound);
    }
    let shown = if busy { "busy" } else { "free" };
    let summary = format!("{}: shifts show as {shown}", user.name);
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        None,
        "changed feed",
        &summary,
    )
    .await?;
    tx.commit().await?;
    let said = format!("Your shifts show as {shown} from the next time your calendar app looks.");
    Ok(Flash::redirect("/calendar", &said))
}

/// `POST /calendar/feeds/{id}/removal`
pub async fn remove(State(state): State<AppState>, user: SignedIn, Path(id): Path<i64>) -> Answer {
    let mut tx = state.db.begin().await?;
    if !store::remove_feed(&mut tx, user.id, id).await? {
        return Err(AppError::NotFound);
    }
    let summary = format!("{}: a calendar link", user.name);
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        None,
        "removed feed",
        &summary,
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        "/calendar",
        "The link no longer works. Remove the calendar from your app, too.",
    ))
}
