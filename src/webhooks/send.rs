//! Posting: one job for each webhook.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::model::{Shape, Target, WebhookId};
use super::sign::sign;
use super::store::{self, Failed};
use super::{body, pages};
use crate::fetch;
use crate::jobs::{self, Action, Done, Failure, Job, Notice, Outcome, To, Topic, Work};
use crate::secret::Unreadable;
use crate::state::AppState;
use crate::vocab::TeamId;

/// The kind of the jobs that post.
pub const KIND: &str = "webhook";

/// Nobody is left alone for longer than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(12);

/// Why nothing can be posted where no key is set, for administrators.
const NO_KEY: &str = "webhooks can't be decrypted: FAIRSHIFT_SECRET_KEY is not set";

/// What is posted, as its job carries it.
#[derive(Debug, Serialize, Deserialize)]
struct Post {
    webhook: WebhookId,
    /// When it came about (UTC).
    at: DateTime<Utc>,
    #[serde(flatten)]
    notice: Notice,
}

/// Why something did not arrive. The words name no part of the address but its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// For managers and administrators.
    pub words: String,
    /// Trying again is pointless.
    is_final: bool,
    /// The webhook is gone.
    is_gone: bool,
    /// It wants to be left alone for so long.
    wait: Option<TimeDelta>,
}

impl Problem {
    fn later(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            is_final: false,
            is_gone: false,
            wait: None,
        }
    }

    fn last(words: impl Into<String>) -> Self {
        Self {
            is_final: true,
            ..Self::later(words)
        }
    }
}

impl From<Unreadable> for Problem {
    fn from(_: Unreadable) -> Self {
        Self::later(
            "The address can't be decrypted: Fairshift's key is another one than when it was entered.",
        )
    }
}

/// Makes a job for each of the team's webhooks. `at` is when the notice came about.
///
/// # Errors
/// Where the database fails.
pub async fn fan_out(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
    team: TeamId,
    notice: &Notice,
) -> sqlx::Result<()> {
    for webhook in store::live(conn, team).await? {
        let post = Post {
            webhook,
            at,
            notice: notice.clone(),
        };
        let payload =
            serde_json::to_value(&post).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let job = Job {
            kind: KIND,
            key: format!("webhook:{webhook}:{}", notice.key),
            lane: format!("webhook:{webhook}:{}", notice.lane),
            run_at: now,
            payload,
        };
        jobs::enqueue(conn, now, &job).await?;
    }
    Ok(())
}

/// Does a job.
pub async fn deliver(state: AppState, work: Work) -> Outcome {
    let post: Post = serde_json::from_value(work.payload)?;
    let now = state.clock.now();
    if post.notice.until.is_some_and(|until| until <= now) {
        return Ok(Done);
    }
    let key = state.site.secret_key.as_ref();
    let key = key.ok_or_else(|| Failure::retry(NO_KEY))?;
    let target = store::target(&mut *state.db.acquire().await?, post.webhook, key).await?;
    let Some(target) = target.filter(|target| !target.is_disabled) else {
        return Ok(Done);
    };
    if let Some(until) = target.quiet_until.filter(|until| *until > now) {
        return Err(Failure::retry("the other side asked to be left alone").wait(until - now));
    }
    match attempt(&state, &target, &post.notice, post.at).await? {
        Ok(()) => Ok(Done),
        Err(problem) => {
            let failure = if problem.is_final {
                Failure::give_up(problem.words)
            } else {
                Failure::retry(problem.words)
            };
            Err(failure.wait(problem.wait.unwrap_or_default()))
        }
    }
}

/// Posts a notice, and notes what became of it.
///
/// # Errors
/// Where the database fails.
pub async fn attempt(
    state: &AppState,
    target: &Target,
    notice: &Notice,
    at: DateTime<Utc>,
) -> sqlx::Result<Result<(), Problem>> {
    let sent = post(state, target, notice, at).await;
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    match &sent {
        Ok(()) => store::delivered(&mut tx, target.id, now).await?,
        Err(problem) => {
            let failed = Failed {
                problem: &problem.words,
                quiet_until: problem.wait.map(|wait| now + wait),
                is_gone: problem.is_gone,
            };
            let since = store::failed(&mut tx, target.id, &failed, now).await?;
            if let Some(since) = since.filter(|_| problem.is_final && notice.topic != Topic::Test) {
                tell(&mut tx, target, problem, since, now).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(sent)
}

/// Tells the team's managers, once for as long as nothing arrives.
async fn tell(
    conn: &mut PgConnection,
    target: &Target,
    problem: &Problem,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let what = if problem.is_gone {
        "Nothing is posted to it any more. If it moved, add it anew; if it is back, send it a test."
    } else {
        "What it refused is not posted again. Put it right, then send it a test."
    };
    for person in store::managers(conn, target.team).await? {
        let notice = Notice {
            to: To::Person(person),
            topic: Topic::Webhook,
            key: format!("webhook:{}:{}:{person}", target.id, since.timestamp()),
            lane: format!("person:{person}:webhook:{}", target.id),
            title: format!(
                "Not posted to {}, webhook of {}",
                target.name, target.team_name
            ),
            lines: vec![problem.words.clone(), what.to_owned()],
            actions: vec![Action {
                label: "See the webhooks".to_owned(),
                path: pages::path(&target.slug),
            }],
            until: None,
        };
        jobs::notify(conn, now, &notice).await?;
    }
    Ok(())
}

async fn post(
    state: &AppState,
    target: &Target,
    notice: &Notice,
    at: DateTime<Utc>,
) -> Result<(), Problem> {
    let address = target.address.as_ref().map_err(|error| *error)?;
    let site = &state.site.public_url;
    let broken = |_| Problem::last("It can't be written.");
    let body = match target.shape {
        Shape::Json => body::json(target, notice, at, site),
        Shape::Slack => body::slack(notice, site),
    };
    let body = body.map_err(broken)?;
    let request = state.fetcher.request(Method::POST, address.expose());
    let request = request.map_err(|refused| Problem::last(format!("The address {refused}.")))?;
    let mut request = request.header(CONTENT_TYPE, "application/json");
    if let Some(secret) = &target.secret {
        let secret = secret.as_ref().map_err(|error| *error)?;
        let instant = state.clock.now().timestamp();
        let signature = sign(secret, instant, &body)
            .map_err(|_| Problem::last("It can't be signed: renew the secret."))?;
        request = request
            .header("fairshift-id", &notice.key)
            .header("fairshift-timestamp", instant)
            .header("fairshift-signature", format!("v1={signature}"));
    }
    let response = request.body(body).send().await;
    let response = response
        .map_err(|error| Problem::later(format!("Nothing arrives: {}.", fetch::reason(&error))))?;
    verdict(response.status(), response.headers(), state.clock.now())
}

/// What an answer means.
fn verdict(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), Problem> {
    let code = status.as_u16();
    let later = |words: String| Problem {
        wait: retry_after(headers, now),
        ..Problem::later(words)
    };
    Err(match code {
        200..=299 => return Ok(()),
        300..=399 => Problem::later(format!(
            "The other side sends us to another address ({code}), where we don't go. Add that one instead."
        )),
        408 | 429 => later(format!("The other side wants to be asked later ({code}).")),
        410 => Problem {
            is_gone: true,
            ..Problem::last("The other side says that this webhook is gone (410).")
        },
        400..=499 => Problem::last(format!("The other side refuses it ({code}).")),
        _ => later(format!("The other side has a problem of its own ({code}).")),
    })
}

/// How long the other side wants to be left alone: seconds, or until an instant.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = match text.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(seconds.into()),
        // More than can be counted is a long time, too.
        Err(_) if is_number => LONGEST_WAIT,
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc) - now,
    };
    (wait > TimeDelta::zero()).then(|| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_the_table_says() {
        let now: DateTime<Utc> = "2026-11-16T09:00:00Z".parse().unwrap();
        let mean = |code: u16, after: &'static str| {
            let mut headers = HeaderMap::new();
            if !after.is_empty() {
                headers.insert(RETRY_AFTER, after.parse().unwrap());
            }
            let got = verdict(StatusCode::from_u16(code).unwrap(), &headers, now);
            got.map_err(|p| (p.is_final, p.is_gone, p.wait.map(|w| w.num_seconds())))
        };
        for code in [200, 202, 204] {
            assert_eq!(mean(code, ""), Ok(()));
        }
        for code in [301, 302, 307, 408, 429, 500, 503] {
            assert_eq!(mean(code, ""), Err((false, false, None)), "{code}");
        }
        for code in [400, 401, 403, 404, 413, 422] {
            assert_eq!(mean(code, "60"), Err((true, false, None)), "{code}");
        }
        assert_eq!(mean(410, ""), Err((true, true, None)));
        for (after, seconds) in [
            ("90", Some(90)),
            ("Mon, 16 Nov 2026 09:02:00 GMT", Some(120)),
            ("Mon, 16 Nov 2026 08:00:00 GMT", None),
            ("999999999", Some(12 * 3600)),
            ("99999999999999999999999", Some(12 * 3600)),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(mean(429, after), Err((false, false, seconds)), "{after}");
        }
    }
}
