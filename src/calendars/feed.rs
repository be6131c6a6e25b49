//! The feed itself, as calendar apps fetch it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Days, TimeDelta, Utc};

use super::entries::Reader;
use super::model::{Feed, Namespace, etag, write};
use super::store::{self, Subscription};
use crate::error::{Answer, AppError};
use crate::oncall::{self, Scope, Viewer};
use crate::state::AppState;
use crate::vocab::{Interval, Month, local_instant};
use crate::web::token;

/// Days of past that a feed keeps at least.
const PAST: u64 = 60;
/// Days ahead.
const AHEAD: i64 = 366;
/// Slots read at most; what is written of them is less still.
const MOST: i64 = 4000;

/// `GET /calendar/{token}.ics`, and HEAD.
pub async fn show(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let secret = file.strip_suffix(".ics").ok_or(AppError::NotFound)?;
    let mut conn = state.db.acquire().await?;
    let found = store::find(&mut conn, &token::hash(secret)).await?;
    let subscription = found.ok_or(AppError::NotFound)?;
    let now = state.clock.now();
    let scope = match &subscription.team {
        Some((team, _)) => Scope::Team(*team),
        None => Scope::Person(subscription.person),
    };
    let viewer = Viewer {
        id: subscription.person,
        is_admin: subscription.is_admin,
    };
    let duties = oncall::duties(&mut conn, viewer, scope, window(&subscription, now), MOST).await?;
    drop(conn);
    let public = &state.site.public_url;
    let whose = match &subscription.team {
        Some((_, team)) => team,
        None => &subscription.name,
    };
    let reader = Reader {
        own: subscription.team.is_none(),
        busy: subscription.busy,
        revision: (subscription.revision, subscription.changed_at),
        public_url: public,
    };
    let feed = Feed {
        name: format!("On call: {whose}"),
        zone: subscription.zone,
        namespace: if subscription.team.is_some() {
            Namespace::Team
        } else {
            Namespace::Personal
        },
        host: public.host().to_owned(),
        today: now.date_naive(),
        shifts: reader.entries(&duties),
    };
    Ok(answer(write(&feed), &headers))
}

/// What the feed shows: from the beginning of the month that lies at least 60 days back, so that it
/// changes by itself once a month and not every day.
fn window(subscription: &Subscription, now: DateTime<Utc>) -> Interval {
    let today = now.with_timezone(&subscription.zone).date_naive();
    let past = today.checked_sub_days(Days::new(PAST)).unwrap_or(today);
    let first = Month::of(past).first().and_time(chrono::NaiveTime::MIN);
    Interval {
        start: local_instant(subscription.zone, first),
        end: now + TimeDelta::days(AHEAD),
    }
}

/// The feed, or that it has not changed. Its tag is weak: it stands for the feed compressed, too.
fn answer(body: String, asked: &HeaderMap) -> Response {
    let tag = etag(&body);
    let mut response = if is_known(asked, &tag) {
        // What was cached depends on the encoding, although nothing is sent now.
        let vary = [(header::VARY, HeaderValue::from_static("accept-encoding"))];
        (StatusCode::NOT_MODIFIED, vary).into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
        (kind, body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether `If-None-Match` names the tag: `*`, or a list of tags, weak or not.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = opaque(tag);
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|given| given.trim() == "*" || opaque(given) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_weakly_in_lists_and_by_a_star() {
        let known = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, given.parse().unwrap());
            is_known(&headers, "W/\"abc\"")
        };
        for given in [
            "W/\"abc\"",
            "\"abc\"",
            "\"x\", W/\"abc\"",
            "*",
            " \"y\" ,\"abc\"",
        ] {
            assert!(known(given), "{given}");
        }
        for given in ["abc", "\"ab\"", "W/\"x\"", ""] {
            assert!(!known(given), "{given}");
        }
        assert!(!is_known(&HeaderMap::new(), "W/\"abc\""));
    }
}
