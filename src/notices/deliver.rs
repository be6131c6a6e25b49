//! What becomes of a notice: mail, digest, or nothing.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::choices::{Way, way};
use super::render::{self, render};
use super::store::{self, NewMail};
use super::{DIGEST, DIGEST_LANE};
use crate::jobs::{self, Done, Failure, Job, Letter, Notice, Outcome, To, Work};
use crate::mail::{Calendar, Mail, MailError};
use crate::state::AppState;
use crate::vocab::PersonId;
use crate::webhooks;

/// Delivers a notice.
pub async fn notice(state: AppState, work: Work) -> Outcome {
    let now = state.clock.now();
    let letter: Letter = serde_json::from_value(work.payload)?;
    let notice = &letter.notice;
    let calendar = letter.invitation.as_ref().map(|invitation| Calendar {
        method: invitation.method.as_str(),
        ics: &invitation.ics,
    });
    match &notice.to {
        To::Address(address) => {
            if notice.until.is_some_and(|until| until <= now) {
                return Ok(Done);
            }
            let bodies = render(std::slice::from_ref(notice), None, &state.site.public_url);
            let bodies = bodies.map_err(broken)?;
            let mail = Mail {
                key: &work.key,
                to: address,
                subject: &notice.title,
                text: &bodies.text,
                html: &bodies.html,
                at: work.due_at,
                settings: None,
                calendar,
            };
            send(&state, &mail).await
        }
        To::Person(person) => {
            let to = store::recipient(&mut *state.db.acquire().await?, *person, now).await?;
            let Some(to) = to else {
                return Ok(Done);
            };
            match way(&to, &letter, now) {
                Way::Nowhere => Ok(Done),
                Way::Digest(at) => collect(&state, *person, &work.key, notice, at).await,
                Way::Now => {
                    let site = &state.site.public_url;
                    let bodies = render(std::slice::from_ref(notice), Some(to.zone), site);
                    let bodies = bodies.map_err(broken)?;
                    let mail = Mail {
                        key: &work.key,
                        to: &to.email,
                        subject: &notice.title,
                        text: &bodies.text,
                        html: &bodies.html,
                        at: work.due_at,
                        settings: Some(&render::settings(site)),
                        calendar,
                    };
                    send(&state, &mail).await
                }
            }
        }
        To::Team(team) => {
            let mut tx = state.db.begin().await?;
            webhooks::fan_out(&mut tx, now, work.due_at, *team, notice).await?;
            tx.commit().await?;
            Ok(Done)
        }
    }
}

/// Puts a notice aside for a digest.
async fn collect(
    state: &AppState,
    person: PersonId,
    key: &str,
    notice: &Notice,
    at: DateTime<Utc>,
) -> Outcome {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    store::collect(&mut tx, person, key, &serde_json::to_value(notice)?, now).await?;
    send_at(&mut tx, person, &at.timestamp().to_string(), at, now).await?;
    tx.commit().await?;
    Ok(Done)
}

/// Has a digest sent at an instant. `name` tells it from the person's others.
pub async fn send_at(
    conn: &mut PgConnection,
    person: PersonId,
    name: &str,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let job = Job {
        kind: DIGEST,
        key: format!("{DIGEST}:{person}:{name}"),
        lane: format!("{DIGEST_LANE}{person}"),
        run_at: at,
        payload: serde_json::json!(person),
    };
    jobs::enqueue(conn, now, &job).await
}

/// Sends what had come together for somebody when it was due. A second attempt is the same mail with
/// the same Message-ID; what is more than one mail holds comes with the next.
pub async fn digest(state: AppState, work: Work) -> Outcome {
    let person: PersonId = serde_json::from_value(work.payload)?;
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    let items = store::claim(&mut conn, person, &work.key, work.due_at).await?;
    // What is in the mail names it.
    let mark = items.first().map_or(0, |(id, _)| *id);
    let mut notices = Vec::new();
    for (_, item) in items {
        let notice: Notice = serde_json::from_value(item)?;
        if notice.until.is_none_or(|until| until > now) {
            notices.push(notice);
        }
    }
    let to = store::recipient(&mut conn, person, now).await?;
    drop(conn);
    let to = to.filter(|to| to.by_mail && !to.has_left);
    if let (Some(to), Some(first)) = (to, notices.first()) {
        let more = notices.len() - 1;
        let subject = match more {
            0 => first.title.clone(),
            _ => format!("{}, and {more} more", first.title),
        };
        let site = &state.site.public_url;
        let bodies = render(&notices, Some(to.zone), site).map_err(broken)?;
        let mail = Mail {
            key: &format!("{DIGEST}:item:{mark}"),
            to: &to.email,
            subject: &subject,
            text: &bodies.text,
            html: &bodies.html,
            at: work.due_at,
            settings: Some(&render::settings(site)),
            calendar: None,
        };
        send(&state, &mail).await?;
    }
    let mut tx = state.db.begin().await?;
    if store::clear(&mut tx, person, &work.key, work.due_at).await? {
        let name = format!("after:{}", work.id);
        send_at(&mut tx, person, &name, work.due_at, now).await?;
    }
    tx.commit().await?;
    Ok(Done)
}

/// Hands a mail in, or puts it where people see what would have been.
async fn send(state: &AppState, mail: &Mail<'_>) -> Outcome {
    if !state.mailer.is_set_up() {
        let written = NewMail {
            key: mail.key,
            recipient: mail.to,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            calendar: mail.calendar.map(|calendar| calendar.ics),
        };
        let mut conn = state.db.acquire().await?;
        store::write(&mut conn, &written, state.clock.now()).await?;
        return Ok(Done);
    }
    match state.mailer.send(mail).await {
        Ok(()) => Ok(Done),
        Err(MailError::Refused(why)) => Err(Failure::give_up(why)),
        Err(MailError::NotNow(why)) => Err(Failure::retry(why)),
    }
}

fn broken(_: askama::Error) -> Failure {
    Failure::give_up("the mail can't be written")
}
