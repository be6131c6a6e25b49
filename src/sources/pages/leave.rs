//! Out of office of a day or more: is it leave?

use axum::extract::{Path, State};

use crate::availability::{self, describe};
use crate::error::{Answer, AppError};
use crate::sources::settle;
use crate::sources::store::{self, Decided};
use crate::state::AppState;
use crate::vocab::{Level, Month};
use crate::web::{Flash, Form, SignedIn};

/// `POST /availability/leave/{id}` with `answer`: accept, dismiss; or, of what was accepted and is
/// gone from the calendar, remove or keep.
pub async fn decide(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let id: i64 = id.parse().map_err(|_| AppError::NotFound)?;
    let mut tx = state.db.begin().await?;
    let proposal = store::decided(&mut tx, user.id, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let interval = proposal.interval;
    let when = describe(interval, user.zone);
    let is_gone = proposal.gone_at.is_some();
    let (decided, said) = match (form.value("answer"), proposal.state.as_str(), is_gone) {
        ("accept", "proposed" | "dismissed", _) => {
            let whose = (user.id, user.name.as_str(), user.zone);
            settle::accept(&mut tx, whose, interval, Some(user.id), user.now).await?;
            availability::recount(&mut tx, user.id, user.now).await?;
            (
                Decided::Accepted,
                format!("{when} is leave now: it excuses you."),
            )
        }
        ("dismiss", "proposed", _) => (
            Decided::Dismissed,
            format!("{when} is not leave. It still counts as booked."),
        ),
        ("remove", "accepted", true) => {
            let timelines = availability::for_planning(&mut tx, &[user.id], interval).await?;
            let timeline = timelines.get(&user.id).ok_or(AppError::NotFound)?;
            let leave = timeline.spans().iter().filter(|s| s.level == Level::Leave);
            for span in leave {
                availability::clear_entry(&mut tx, user.id, span.interval, user.id, user.now)
                    .await?;
            }
            (Decided::Settled, format!("The leave of {when} is removed."))
        }
        ("keep", "accepted", true) => (Decided::Settled, format!("The leave of {when} stays.")),
        ("accept" | "dismiss" | "remove" | "keep", ..) => {
            return Err(AppError::Conflict(format!(
                "{when} was decided in another window, or your calendar has changed since. Open the page again."
            )));
        }
        _ => {
            return Err(AppError::BadRequest(
                "Choose whether this is leave. Go back and press one of the buttons.".into(),
            ));
        }
    };
    store::decide(&mut tx, id, decided, user.now).await?;
    let clash = if decided == Decided::Accepted {
        let mut clashes = availability::clashes(&mut tx, &[user.id], interval).await?;
        clashes.retain(|c| c.shift.interval.end > user.now);
        clashes.into_iter().next()
    } else {
        None
    };
    tx.commit().await?;
    let month: Month = form
        .value("month")
        .parse()
        .unwrap_or_else(|_| Month::of(interval.start.with_timezone(&user.zone).date_naive()));
    let back = format!("/availability?month={month}");
    let Some(clash) = clash else {
        return Ok(Flash::redirect(&back, &said));
    };
    let said = format!(
        "{said} But you are on call then: {}, {}. It stays yours until somebody takes it.",
        clash.shift.role,
        describe(clash.shift.interval, user.zone)
    );
    let path = clash.shift.cant_path(&user.id);
    Ok(Flash::redirect_with(&back, &said, "I can't make it", &path))
}
