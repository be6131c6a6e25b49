//! A request is made.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::advance::{advance, ask};
use super::{locked, tell};
use crate::audit;
use crate::availability::{self, NewEntry};
use crate::cover::model::{Kind, Origin, Return, pace};
use crate::cover::store::{self, NewRequest, Slot};
use crate::error::AppError;
use crate::planning::{self, SlotPart};
use crate::vocab::{CoverId, Interval, Level, Note, PersonId};

/// A request to be made.
pub struct NewCover<'a> {
    /// The slot, or the part of one, that somebody serves.
    pub slot: &'a Slot,
    /// All of it or a part (UTC).
    pub interval: Interval,
    /// What is asked for.
    pub kind: Kind,
    /// To whom it is given, or who swaps.
    pub colleague: Option<PersonId>,
    /// What they give in return.
    pub in_return: Option<Return>,
    /// Why.
    pub reason: &'a Note,
    /// The requester is on leave then.
    pub is_leave: bool,
    /// Who makes it.
    pub by: PersonId,
}

/// What came of it.
pub enum Made {
    /// The request.
    Done(CoverId),
    /// The same time is asked for already.
    Twice,
    /// The slot is not that person's any more.
    Gone,
    /// The colleague can't take it, and why.
    Breaks(Vec<String>),
}

/// Makes a request: whoever can't make it is unavailable at once, and the first is asked. Hold
/// [`planning::lock_shift`].
///
/// # Errors
/// Where the database fails.
pub async fn make(
    conn: &mut PgConnection,
    new: &NewCover<'_>,
    now: DateTime<Utc>,
) -> Result<Made, AppError> {
    let slot = new.slot;
    let part = SlotPart {
        shift: slot.shift,
        role: slot.role,
        person: Some(slot.person),
        interval: new.interval,
    };
    if let Some(broken) = colleague_breaks(conn, new, &part, now).await? {
        return Ok(match broken {
            Some(broken) => Made::Breaks(broken),
            None => Made::Gone,
        });
    }
    let is_running = new.interval.start <= planning::next_minute(now) && slot.interval.start <= now;
    let request = NewRequest {
        kind: new.kind,
        shift: slot.shift,
        role: slot.role,
        interval: new.interval,
        person: slot.person,
        colleague: new.colleague,
        in_return: new.in_return,
        reason: new.reason.as_str(),
        is_leave: new.is_leave,
        by: new.by,
        open_until: if is_running {
            new.interval.end
        } else {
            new.interval.start
        },
    };
    let Some(id) = store::create(conn, &request, now).await? else {
        return Ok(Made::Twice);
    };
    let request = locked(conn, id).await?;
    let event = store::add_event(
        conn,
        id,
        now,
        Some(new.by),
        "made",
        Some(slot.person),
        new.reason.as_str(),
    )
    .await?;
    if new.kind == Kind::Cover {
        let said = (new.is_leave, new.reason.as_str());
        let absence = absence(new.interval, said, new.by, now);
        let before = availability::paint_entry(conn, slot.person, absence, new.by, now).await?;
        // Plain data with text keys: it can always be written as JSON.
        let before = serde_json::to_value(&before);
        let before = before.map_err(|error| AppError::Internal(error.to_string()))?;
        store::keep_replaced(conn, id, &before).await?;
    }
    let summary = tell::summary(&request);
    audit::record(
        conn,
        now,
        Some(new.by),
        Some(request.team),
        "asked for cover",
        &summary,
    )
    .await?;
    tell::made(conn, &request, event, new.by, now).await?;
    if let Some(colleague) = new.colleague {
        let by = pace(now, request.interval.start, request.open_until).answer_by();
        ask(
            conn,
            &request,
            (colleague, Origin::Named, ""),
            by,
            Some(new.by),
            now,
        )
        .await?;
    }
    advance(conn, id, now).await?;
    Ok(Made::Done(id))
}

/// What is entered for whoever can't make it: leave or not, and why, in their words.
pub(super) fn absence(
    interval: Interval,
    (is_leave, reason): (bool, &str),
    by: PersonId,
    at: DateTime<Utc>,
) -> NewEntry {
    let note = if reason.is_empty() {
        "Can't make this shift"
    } else {
        reason
    };
    NewEntry {
        interval,
        level: if is_leave {
            Level::Leave
        } else {
            Level::Unavailable
        },
        note: note.to_owned(),
        entered_by: Some(by),
        entered_at: at,
    }
}

/// For a give-away or a swap, what rules speak against it: `Some(None)` where a slot is not theirs
/// any more.
async fn colleague_breaks(
    conn: &mut PgConnection,
    new: &NewCover<'_>,
    part: &SlotPart,
    now: DateTime<Utc>,
) -> Result<Option<Option<Vec<String>>>, AppError> {
    let Some(colleague) = new.colleague else {
        return Ok(None);
    };
    let checked = super::against::speaks_against(conn, part, colleague, new.in_return, now).await?;
    Ok(match checked {
        None => Some(None),
        Some(check) if check.broken.is_empty() => None,
        Some(check) => Some(Some(check.broken)),
    })
}
