//! "I take it": an engineer takes a slot that the published schedule leaves open.

use axum::extract::{Path, State};
use sqlx::PgConnection;

use crate::cover::flow::{self, Filled};
use crate::cover::{access, store};
use crate::error::{Answer, AppError};
use crate::oncall::{self, Duty, Viewer};
use crate::planning;
use crate::state::AppState;
use crate::vocab::{RoleId, ShiftId};
use crate::web::{Flash, Form, Membership, SignedIn};

/// The open slot that a form means: by shift, role and, where several parts of it are open, the instant
/// one of them starts (`at`, in seconds). None where somebody serves by now.
async fn slot_of(
    conn: &mut PgConnection,
    user: &SignedIn,
    shift: ShiftId,
    form: &Form,
) -> Result<(Membership, Option<Duty>), AppError> {
    let viewer = Viewer {
        id: user.id,
        is_admin: user.is_admin,
    };
    let duties = oncall::duties_of_shift(conn, viewer, shift).await?;
    let any = duties.first().ok_or(AppError::NotFound)?;
    let team = access::of_open(user, &any.slug)?;
    let role: Option<RoleId> = form.value("role").parse().ok();
    let at: Option<i64> = form.value("at").parse().ok();
    let is_meant = |d: &Duty| {
        d.slot.who.is_none()
            && Some(d.slot.role) == role
            && at.is_none_or(|at| at == d.slot.interval.start.timestamp())
    };
    Ok((team, duties.into_iter().find(is_meant)))
}

/// `POST /shifts/{id}/assignment`
pub async fn create(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let shift: ShiftId = id.parse().map_err(|_| AppError::NotFound)?;
    let mut tx = state.db.begin().await?;
    // Who is in the team is looked at before anything waits.
    slot_of(&mut tx, &user, shift, &form).await?;
    planning::lock_shift(&mut tx, shift).await?;
    let (team, open) = slot_of(&mut tx, &user, shift, &form).await?;
    let back = |said: &str| Ok(Flash::redirect(&format!("/shifts/{shift}"), said));
    if store::approval(&mut tx, team.team).await? {
        return back(
            "Your team wants a manager's approval for who serves: ask a manager to plan you. Nothing was changed.",
        );
    }
    let done = match &open {
        Some(open) => flow::fill(&mut tx, open, &team, user.id, user.now).await?,
        None => Filled::Gone,
    };
    match done {
        Filled::Done => {
            tx.commit().await?;
            back("Done: it is yours. Schedule and calendars follow.")
        }
        Filled::Gone => back("It is not open any more. Nothing was changed."),
        Filled::Breaks(why) => {
            let said = format!("Nothing was changed: a rule speaks against it ({why}).");
            back(&said)
        }
    }
}
