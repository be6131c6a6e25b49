//! What is due for a request: time to answer that is over, people who can't take it any more, the
//! next to be asked, reminders, its end.
//!
//! [`advance`] looks only at what is stored and at the time, so it may run at any moment, late, or
//! twice: it does what is due then, and enqueues itself for the next thing.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::against::{OUTSIDE, speaks_against};
use super::{end, locked, part_of, tell};
use crate::cover::model::{
    Kind, Offer, OfferState, Origin, Pace, Request, State, next_reminder, pace, reminder,
};
use crate::cover::store;
use crate::error::AppError;
use crate::jobs::{self, Job};
use crate::planning::{self, Replacement};
use crate::vocab::{CoverId, PersonId};
use crate::web::token;

/// The kind of job that calls [`advance`].
pub const DEADLINE: &str = "cover.deadline";

/// How often those who are being asked are looked at again.
const LOOK: TimeDelta = TimeDelta::minutes(15);

/// Does what is due for a request at `now`.
///
/// # Errors
/// `NotFound` where there is no such request.
pub async fn advance(
    conn: &mut PgConnection,
    id: CoverId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let request = locked(conn, id).await?;
    if !request.state.is_live() {
        return Ok(());
    }
    if now >= request.open_until {
        return end::lapse(conn, &request, now).await;
    }
    if let Some(words) = reminder(request.made_at, now, request.interval.start) {
        tell::overdue(conn, &request, words, now).await?;
    }
    if request.state == State::Open {
        for person in store::lapse_due(conn, id, now).await? {
            store::add_event(conn, id, now, None, "ran_out", Some(person), "").await?;
        }
        let asked = store::asked_now(conn, id).await?;
        if request.kind == Kind::Cover {
            // None where a new version is about to close it.
            let found = planning::replacements(conn, &part_of(&request), now).await?;
            if let Some(found) = found {
                let asked = still_able(conn, &request, asked, &found, now).await?;
                ask_next(conn, &request, &asked, &found, now).await?;
            }
        } else if by_name(conn, &request, asked, now).await?.is_empty() {
            return end::not_taken(conn, &request, now).await;
        }
    }
    wake(conn, &request, now).await
}

/// Takes the question back from whoever breaks a rule by now; who is being asked still.
async fn still_able(
    conn: &mut PgConnection,
    request: &Request,
    asked: Vec<Offer>,
    found: &[Replacement],
    now: DateTime<Utc>,
) -> Result<Vec<Offer>, AppError> {
    let mut able = Vec::new();
    for offer in asked {
        let known = found.iter().find(|r| r.person == offer.person.id);
        match known.map(|r| r.broken.join("; ")) {
            Some(rules) if rules.is_empty() => able.push(offer),
            Some(rules) => bar(conn, request, &offer, &rules, now).await?,
            None => bar(conn, request, &offer, OUTSIDE, now).await?,
        }
    }
    Ok(able)
}

/// The same of the one colleague whom a request is for. Where one of the shifts is somebody else's by
/// now, what follows is not ours to say.
async fn by_name(
    conn: &mut PgConnection,
    request: &Request,
    asked: Vec<Offer>,
    now: DateTime<Utc>,
) -> Result<Vec<Offer>, AppError> {
    let Some(offer) = asked.first() else {
        return Ok(asked);
    };
    let back = request.in_return.as_ref().map(|(back, _)| *back);
    let checked = speaks_against(conn, &part_of(request), offer.person.id, back, now).await?;
    let rules = checked.map_or(String::new(), |against| against.broken.join("; "));
    if rules.is_empty() {
        return Ok(asked);
    }
    bar(conn, request, offer, &rules, now).await?;
    Ok(Vec::new())
}

async fn bar(
    conn: &mut PgConnection,
    request: &Request,
    offer: &Offer,
    rules: &str,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let who = offer.person.id;
    store::bar(conn, offer.id).await?;
    let event = store::add_event(conn, request.id, now, None, "barred", Some(who), rules).await?;
    tell::barred(conn, request, event, who, rules, now).await
}

/// Enqueues the next look at a request.
async fn wake(
    conn: &mut PgConnection,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let answers = store::asked_now(conn, request.id).await?;
    // Whether those who are asked can take it still, on the quarter hours of the clock: then however
    // often this runs in between, there is one next look.
    let quarter = LOOK - TimeDelta::seconds(now.timestamp().rem_euclid(LOOK.num_seconds()));
    let again = (!answers.is_empty()).then(|| now.trunc_subsecs(0) + quarter);
    let next = answers
        .iter()
        .filter_map(|offer| offer.answer_by)
        .chain(next_reminder(now, request.interval.start))
        .chain(again)
        .chain([request.open_until])
        .filter(|at| *at > now)
        .min();
    let Some(run_at) = next else { return Ok(()) };
    let job = Job {
        kind: DEADLINE,
        key: format!("{DEADLINE}:{}:{}", request.id, run_at.timestamp_millis()),
        lane: format!("cover:{}", request.id),
        run_at,
        payload: json!({ "request": request.id }),
    };
    jobs::enqueue(conn, now, &job).await?;
    Ok(())
}

/// Asks the next, or everybody where the shift is near.
async fn ask_next(
    conn: &mut PgConnection,
    request: &Request,
    asked: &[Offer],
    found: &[Replacement],
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let pace = pace(now, request.interval.start, request.open_until);
    if matches!(pace, Pace::OneByOne(_)) && !asked.is_empty() {
        return Ok(());
    }
    let offers = store::offers(conn, request.id).await?;
    let may = |r: &&Replacement| {
        let offer = offers.iter().find(|o| o.person.id == r.person);
        let anew =
            offer.is_none_or(|o| o.state == OfferState::Withdrawn && o.answered_at.is_none());
        r.broken.is_empty() && anew
    };
    let (origin, most) = match pace {
        Pace::OneByOne(_) => (Origin::Ranked, 1),
        Pace::Everybody(_) => (Origin::Everybody, usize::MAX),
    };
    let mut is_asked = !asked.is_empty();
    for person in found.iter().filter(may).take(most) {
        let whom = (person.person, origin, person.why.as_str());
        is_asked |= ask(conn, request, whom, pace.answer_by(), None, now).await?;
    }
    if !is_asked && store::exhausted(conn, request.id, now).await? {
        let event = store::add_event(conn, request.id, now, None, "exhausted", None, "").await?;
        tell::exhausted(conn, request, event, now).await?;
    }
    Ok(())
}

/// Asks one person; false where they were asked before.
pub(super) async fn ask(
    conn: &mut PgConnection,
    request: &Request,
    (person, origin, why): (PersonId, Origin, &str),
    answer_by: DateTime<Utc>,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    let secret = token::fresh();
    let hash = token::hash(&secret);
    let id = request.id;
    if !store::put_asked(conn, id, person, origin, why, answer_by, &hash, now).await? {
        return Ok(false);
    }
    let event = store::add_event(conn, id, now, by, "asked", Some(person), why).await?;
    let whom = (person, origin, why);
    tell::ask(conn, request, event, whom, &secret, answer_by, now).await?;
    Ok(true)
}

/// A manager asks a particular person. What speaks against it, if so: they would break a rule, or
/// were asked before.
///
/// # Errors
/// Where the database fails.
pub async fn ask_person(
    conn: &mut PgConnection,
    request: &Request,
    person: PersonId,
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<Result<(), String>, AppError> {
    if request.state != State::Open || now >= request.open_until {
        return Ok(Err("Nobody is looked for any more.".to_owned()));
    }
    let found = planning::replacements(conn, &part_of(request), now).await?;
    let Some(whom) = found
        .unwrap_or_default()
        .into_iter()
        .find(|r| r.person == person)
    else {
        return Ok(Err("Choose somebody of the rotation.".to_owned()));
    };
    if !whom.broken.is_empty() {
        return Ok(Err(format!(
            "{}: {}. Assign them directly, with a reason, if it must be.",
            whom.name,
            whom.broken_and_why()
        )));
    }
    let answer_by = pace(now, request.interval.start, request.open_until).answer_by();
    let asked = (person, Origin::Named, whom.why.as_str());
    if !ask(conn, request, asked, answer_by, Some(by), now).await? {
        return Ok(Err(format!("{} was asked already.", whom.name)));
    }
    advance(conn, request.id, now).await?;
    Ok(Ok(()))
}
