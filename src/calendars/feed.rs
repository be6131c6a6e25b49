//! The feed itself, as calendar apps fetch it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Days, TimeDelta, Utc};

use super::model::{Contact, Entry, Feed, Namespace, Partner, etag, write};
use super::store::{self, Subscription};
use crate::error::{Answer, AppError};
use crate::oncall::{self, Duty, Scope, Viewer};
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
    let host = public.authority();
    let whose = match &subscription.team {
        Some((_, team)) => team,
        None => &subscription.name,
    };
    let feed = Feed {
        name: format!("On call: {whose}"),
        zone: subscription.zone,
        namespace: if subscription.team.is_some() {
            Namespace::Team
        } else {
            Namespace::Personal
        },
        host: without_port(host).to_owned(),
        today: now.date_naive(),
        shifts: duties
            .iter()
            .filter_map(|duty| entry(duty, &subscription, public.as_str()))
            .collect(),
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

/// The host alone: an entry keeps its name when the service moves to another port.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// What names an entry for ever: shift, role and person; of what somebody serves later in the same
/// shift, also since when.
fn key(duty: &Duty, who: &oncall::Who) -> String {
    let slot = &duty.slot;
    let key = format!("{}-{}-{}", slot.shift, slot.role, who.id);
    if duty.is_later_part {
        format!("{key}-{}", slot.interval.start.timestamp())
    } else {
        key
    }
}

/// A slot as its entry; none for an open one.
fn entry(duty: &Duty, subscription: &Subscription, public_url: &str) -> Option<Entry> {
    let slot = &duty.slot;
    let who = slot.who.as_ref()?;
    let own = subscription.team.is_none();
    let reach = |contact: &oncall::Contact| {
        let ways = contact.reach.iter();
        ways.map(|r| format!("{} {}", r.kind, r.value)).collect()
    };
    Some(Entry {
        key: key(duty, who),
        interval: slot.interval,
        sequence: u32::try_from(duty.revision.saturating_add(subscription.revision)).unwrap_or(0),
        changed_at: subscription
            .changed_at
            .map_or(duty.changed_at, |t| t.max(duty.changed_at)),
        role: slot.role_name.clone(),
        team: duty.team_name.clone(),
        rotation: slot.rotation_name.clone(),
        leg: duty.leg.clone(),
        person: (!own).then(|| who.name.clone()),
        partners: duty
            .partners
            .iter()
            .filter_map(|p| {
                Some(Partner {
                    role: p.role.clone(),
                    name: p.who.as_ref()?.name.clone(),
                })
            })
            .collect(),
        escalation: (1..)
            .zip(&duty.escalation)
            .map(|(order, contact)| Contact {
                order,
                role: contact.role.clone(),
                name: contact.who.name.clone(),
                reach: reach(contact),
            })
            .collect(),
        handover: duty.handover_lines(own).join("\n"),
        cant_url: format!("{public_url}/shifts/{}", slot.shift),
        busy: subscription.busy,
    })
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
