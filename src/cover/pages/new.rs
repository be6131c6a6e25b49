//! "I can't make it": the form, and making the request.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::cover::access;
use crate::cover::flow::{self, Made, NewCover, when};
use crate::cover::model::{Kind, Return, part_of};
use crate::cover::store::{self, Slot};
use crate::error::{Answer, AppError};
use crate::planning::{self, SlotPart};
use crate::state::AppState;
use crate::vocab::{Interval, Note, PersonId, RoleId, ShiftId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page, page_with};

#[derive(Template)]
#[template(path = "cover/new.html")]
struct New {
    frame: Frame,
    form: Form,
    slot: Slot,
    is_own: bool,
    is_running: bool,
    when: String,
    zone: Tz,
    /// The limits of a part, for the fields.
    limits: (String, String),
    colleagues: Vec<(String, String)>,
    /// Colleagues who would break a rule, with the rule; for managers with what they wrote, too.
    barred: Vec<(String, String)>,
    /// What can be taken in return by the rules: value and words.
    returns: Vec<(String, String)>,
    /// What can't, and why.
    no_returns: Vec<(String, String)>,
}

/// What is left of a slot that can change hands.
fn left(slot: &Slot, user: &SignedIn) -> Option<Interval> {
    let start = slot.interval.start.max(planning::next_minute(user.now));
    Interval::new(start, slot.interval.end).ok()
}

/// The slot that a form or an address means: by shift, role, person and, where they serve several parts
/// of it, the instant one of them starts (`at`, in seconds).
async fn slot_of(
    conn: &mut PgConnection,
    user: &SignedIn,
    form: &Form,
) -> Result<(Slot, Membership, Interval), AppError> {
    let shift: ShiftId = form
        .value("shift")
        .parse()
        .map_err(|_| AppError::NotFound)?;
    let role: RoleId = form.value("role").parse().map_err(|_| AppError::NotFound)?;
    let person: PersonId = form.value("person").parse().unwrap_or(user.id);
    let slots = store::slots_of_shift(conn, shift).await?;
    let of_role = || slots.iter().filter(|s| s.role == role);
    let any = of_role().next().ok_or(AppError::NotFound)?;
    user.member_of(&any.slug)?;
    let theirs = || of_role().filter(|s| s.person == person);
    let at: Option<i64> = form.value("at").parse().ok();
    let named = theirs().find(|s| at == Some(s.interval.start.timestamp()));
    let open = |s: &&Slot| left(s, user).is_some();
    let Some(slot) = named.filter(open).or_else(|| theirs().find(open)) else {
        return Err(match theirs().next() {
            Some(_) => AppError::BadRequest("This shift is over.".into()),
            None => AppError::Conflict(
                "This shift belongs to somebody else by now. Open it again to see who serves."
                    .into(),
            ),
        });
    };
    let team = access::of_slot(user, slot)?;
    let left = left(slot, user).ok_or(AppError::NotFound)?;
    Ok((slot.clone(), team, left))
}

/// `GET /covers/new?shift=&role=&person=`
pub async fn fresh(
    State(state): State<AppState>,
    user: SignedIn,
    Query(asked): Query<HashMap<String, String>>,
) -> Answer {
    let form = Form::of(asked);
    let mut conn = state.db.acquire().await?;
    let (slot, team, left) = slot_of(&mut conn, &user, &form).await?;
    let mut form = form;
    form.set("kind", "cover");
    form.set("person", slot.person);
    let new = render(&mut conn, &user, &team, slot, left, form).await?;
    page(&new)
}

async fn render(
    conn: &mut PgConnection,
    user: &SignedIn,
    team: &Membership,
    slot: Slot,
    left: Interval,
    form: Form,
) -> Result<New, AppError> {
    let part = SlotPart {
        shift: slot.shift,
        role: slot.role,
        person: Some(slot.person),
        interval: left,
    };
    let all = planning::replacements(conn, &part, user.now).await?;
    let (can, barred): (Vec<_>, Vec<_>) = all
        .unwrap_or_default()
        .into_iter()
        .partition(|r| r.broken.is_empty());
    let (returns, no_returns) = returns(conn, user, team, &slot, &part).await?;
    let is_own = slot.person == user.id;
    let title = if is_own {
        "I can't make it".to_owned()
    } else {
        format!("{} can't make it", slot.name)
    };
    let field = |t: chrono::DateTime<chrono::Utc>| {
        t.with_timezone(&user.zone)
            .format("%Y-%m-%dT%H:%M")
            .to_string()
    };
    Ok(New {
        frame: user.team_frame(title, Section::Team, team),
        when: when(slot.interval, user.zone, user.now),
        limits: (field(left.start), field(left.end)),
        zone: user.zone,
        is_own,
        is_running: slot.interval.contains(user.now),
        colleagues: can
            .into_iter()
            .map(|r| (r.person.to_string(), format!("{}: {}", r.name, r.why)))
            .collect(),
        barred: barred
            .into_iter()
            .map(|r| {
                let why = if team.is_manager {
                    r.broken_and_why()
                } else {
                    r.broken.join("; ")
                };
                (r.name, why)
            })
            .collect(),
        returns,
        no_returns,
        slot,
        form,
    })
}

/// Why the two can't be swapped whatever the rules.
const SAME_TIME: &str =
    "The two shifts are at the same time. Ask a manager to exchange the roles in the plan.";

/// What of the next shifts can be taken in return, each with the name that the form has for it; and
/// what would break a rule, with the rule.
async fn returns(
    conn: &mut PgConnection,
    user: &SignedIn,
    team: &Membership,
    slot: &Slot,
    part: &SlotPart,
) -> Result<(Vec<(String, String)>, Vec<(String, String)>), AppError> {
    let others = store::own_slots(conn, slot.shift, slot.person, user.now).await?;
    let backs: Vec<(PersonId, Return)> = others.iter().map(back_of).collect();
    let against = flow::swaps(conn, part, &backs, user.now).await?;
    let (mut can, mut barred) = (Vec::new(), Vec::new());
    for (other, against) in others.iter().zip(against) {
        let time = when(other.interval, user.zone, user.now);
        let words = format!("{}: {}, {time}", other.name, other.role_name);
        let Some(against) = against else { continue };
        if other.interval.overlaps(&part.interval) {
            barred.push((words, "at the same time".to_owned()));
        } else if against.broken.is_empty() {
            let name = format!("{}.{}.{}", other.shift, other.role, other.person);
            can.push((name, words));
        } else {
            let why = if team.is_manager {
                against.why
            } else {
                against.broken
            };
            barred.push((words, why.join("; ")));
        }
    }
    Ok((can, barred))
}

/// A colleague's shift as something to be taken in return.
fn back_of(slot: &Slot) -> (PersonId, Return) {
    let back = Return {
        shift: slot.shift,
        role: slot.role,
        interval: slot.interval,
    };
    (slot.person, back)
}

/// What a colleague gives in return, as the form names it: shift, role, person.
async fn return_of(
    conn: &mut PgConnection,
    form: &mut Form,
    slot: &Slot,
    user: &SignedIn,
) -> Result<Option<(PersonId, Return)>, AppError> {
    let mut parts = form.value("return").split('.').map(str::parse::<i64>);
    let ids = (parts.next(), parts.next(), parts.next());
    let (Some(Ok(shift)), Some(Ok(role)), Some(Ok(person))) = ids else {
        form.refuse("return", "Choose which shift you take in return.");
        return Ok(None);
    };
    let offered = store::own_slots(conn, slot.shift, slot.person, user.now).await?;
    let found = offered
        .into_iter()
        .find(|s| (s.shift, s.role, s.person) == (ShiftId(shift), RoleId(role), PersonId(person)));
    let Some(found) = found else {
        form.refuse(
            "return",
            "That shift can't be taken in return any more. Choose another.",
        );
        return Ok(None);
    };
    Ok(Some(back_of(&found)))
}

/// Refuses choices that "Find somebody" would ignore.
fn refuse_ignored(form: &mut Form) {
    for (field, other) in [
        ("colleague", "Give it to a colleague"),
        ("return", "Swap it"),
    ] {
        if !form.value(field).is_empty() {
            form.refuse(
                field,
                format!("Choose \"{other}\" above, or nobody here: \"Find somebody\" asks whoever is best placed."),
            );
        }
    }
}

/// What came of a request, with so many people being asked.
fn said(kind: Kind, asked: usize) -> String {
    match (kind, asked) {
        (Kind::Cover, 0) => "Nobody can take it by the rules: the managers were told.".to_owned(),
        (Kind::Cover, 1) => {
            "Done: the best replacement is being asked. You are told as soon as someone agrees."
                .to_owned()
        }
        (Kind::Cover, many) => format!(
            "Done: the shift is near, so {many} people are being asked at once. You are told as soon as someone agrees."
        ),
        (Kind::Give | Kind::Swap, _) => {
            "Done: your colleague is being asked. You are told the answer.".to_owned()
        }
    }
}

/// `POST /covers`
pub async fn create(State(state): State<AppState>, user: SignedIn, mut form: Form) -> Answer {
    let mut tx = state.db.begin().await?;
    let shift: ShiftId = form
        .value("shift")
        .parse()
        .map_err(|_| AppError::NotFound)?;
    // Who is in the team is looked at before anything waits.
    slot_of(&mut tx, &user, &form).await?;
    planning::lock_shift(&mut tx, shift).await?;
    let (slot, team, left) = slot_of(&mut tx, &user, &form).await?;
    let reason = form.parse::<Note>("reason");
    let interval = part_of(left, form.value("from"), form.value("to"), user.zone)
        .map_err(|(field, error)| form.refuse(field, error))
        .ok();
    let (kind, colleague, in_return) = match form.value("kind") {
        "cover" | "" => {
            refuse_ignored(&mut form);
            (Kind::Cover, None, None)
        }
        "give" => {
            let colleague: Option<PersonId> = form.value("colleague").parse().ok();
            if colleague.is_none_or(|c| c == slot.person) {
                form.refuse("colleague", "Choose who takes it.");
            }
            (Kind::Give, colleague, None)
        }
        "swap" => {
            let found = return_of(&mut tx, &mut form, &slot, &user).await?;
            let overlaps = |back: &Return| back.interval.overlaps(&left);
            if found.as_ref().is_some_and(|(_, back)| overlaps(back)) {
                form.refuse("return", SAME_TIME);
            }
            (Kind::Swap, found.map(|f| f.0), found.map(|f| f.1))
        }
        _ => {
            form.refuse("kind", "Choose what should happen.");
            (Kind::Cover, None, None)
        }
    };
    if let (true, Some(interval), Some(reason)) = (form.is_good(), interval, reason.as_ref()) {
        let new = NewCover {
            slot: &slot,
            interval,
            kind,
            colleague,
            in_return,
            reason,
            is_leave: kind == Kind::Cover && form.ticked("leave"),
            by: user.id,
        };
        match flow::make(&mut tx, &new, user.now).await? {
            Made::Done(id) => {
                let asked = store::asked_now(&mut tx, id).await?.len();
                tx.commit().await?;
                let said = said(kind, asked);
                return Ok(Flash::redirect(&format!("/covers/{id}"), &said));
            }
            Made::Twice => {
                let open = store::open_of_slot(&mut tx, slot.shift, slot.role).await?;
                let known = open.iter().find(|e| e.interval.overlaps(&interval));
                return Ok(match known {
                    Some(entry) => Flash::redirect(
                        &format!("/covers/{}", entry.id),
                        "Somebody is being looked for already: this is the request.",
                    ),
                    None => {
                        return Err(AppError::Conflict("This time is asked for already.".into()));
                    }
                });
            }
            Made::Gone => {
                return Err(AppError::Conflict(
                    "One of the shifts belongs to somebody else by now. Open it again to see who serves.".into(),
                ));
            }
            Made::Breaks(rules) => {
                let field = if kind == Kind::Swap {
                    "return"
                } else {
                    "colleague"
                };
                form.refuse(field, format!("This breaks a rule: {}.", rules.join("; ")));
            }
        }
    }
    let mut conn = tx;
    let new = render(&mut conn, &user, &team, slot, left, form).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &new)
}
