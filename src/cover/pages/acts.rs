//! What people do with a request. Each is one transaction, and leads back to its page.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use sqlx::{Postgres, Transaction};

use super::{id_in, show};
use crate::cover::access::Rights;
use crate::cover::flow::{self, Against, Agreement, Assigned};
use crate::cover::model::{Kind, OfferState, Origin, Request, State as Stands};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{CoverId, Note, PersonId};
use crate::web::{Flash, Form, SignedIn, page_with};

type Tx = Transaction<'static, Postgres>;

/// The locked request and what the person is to it. Whom it is none of the business of is turned away
/// before anything waits.
async fn begin(
    state: &AppState,
    user: &SignedIn,
    id: &str,
) -> Result<(Tx, Request, Rights), AppError> {
    let id = id_in(id)?;
    let mut tx = state.db.begin().await?;
    let seen = crate::cover::store::load(&mut tx, id)
        .await?
        .ok_or(AppError::NotFound)?;
    Rights::of(&mut tx, user, &seen).await?;
    let request = flow::locked(&mut tx, id).await?;
    let rights = Rights::of(&mut tx, user, &request).await?;
    Ok((tx, request, rights))
}

fn back(request: &Request, said: &str) -> Response {
    Flash::redirect(&format!("/covers/{}", request.id), said)
}

/// The page again, with what is wrong with the form.
async fn again(tx: Tx, user: SignedIn, request: &Request, form: Form) -> Answer {
    let mut tx = tx;
    let id = request.id.to_string();
    let page = show::render(&mut tx, user, &id, form).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Why it is too late, in words.
pub fn over(state: Stands, taker: Option<&str>) -> String {
    match (state, taker) {
        (Stands::Covered, Some(name)) => {
            format!("It is covered already: {name} takes it. Thank you all the same.")
        }
        (Stands::Agreed, Some(name)) => {
            format!("{name} has agreed already and waits for approval. Thank you all the same.")
        }
        (Stands::Withdrawn, _) => {
            "It is not needed any more: whoever asked serves after all.".into()
        }
        (Stands::Closed, _) => "The request is closed. Nothing was changed.".into(),
        _ => "The time for this is over. Nothing was changed.".into(),
    }
}

/// What follows an attempt to take it.
async fn taken(tx: Tx, request: &Request, done: Agreement) -> Answer {
    match done {
        Agreement::Done(state) => {
            tx.commit().await?;
            let said = match state {
                Stands::Agreed => "Thank you. A manager is asked to approve it.",
                _ => "Done: the shift has changed hands. Schedule and calendars follow.",
            };
            Ok(back(request, said))
        }
        Agreement::Over(state) => {
            let taker = request.taker.as_ref().map(|t| t.name.as_str());
            Ok(back(request, &over(state, taker)))
        }
        Agreement::Breaks(against) => Ok(back(request, &broken(&against))),
    }
}

/// That rules speak against it, in words for everybody.
pub fn broken(against: &Against) -> String {
    format!(
        "Nothing was changed: a rule speaks against it by now ({}).",
        against.broken.join("; ")
    )
}

/// Looks at a request at once: whoever could not take what they were asked holds up nobody.
pub async fn look_again(state: &AppState, id: CoverId, now: DateTime<Utc>) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    flow::advance(&mut tx, id, now).await?;
    tx.commit().await?;
    Ok(())
}

/// `POST /covers/{id}/answer`: whoever was asked, signed in.
pub async fn answer(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    let Some(offer) = rights.offer.filter(|o| o.state == OfferState::Asked) else {
        let taker = request.taker.as_ref().map(|t| t.name.as_str());
        return Ok(back(&request, &over(request.state, taker)));
    };
    let note = form.parse::<Note>("note");
    let choice = form.value("choice").to_owned();
    if choice != "agree" && choice != "disagree" {
        form.refuse("choice", "Choose whether you take it.");
    }
    let Some(note) = note.filter(|_| form.is_good()) else {
        return again(tx, user, &request, form).await;
    };
    if offer.answer_by.is_none_or(|by| user.now >= by) {
        return Ok(back(
            &request,
            "Your time to answer is over. You can still volunteer while somebody is looked for.",
        ));
    }
    if choice == "disagree" {
        flow::decline(&mut tx, &request, &offer, note.as_str(), user.now).await?;
        tx.commit().await?;
        return Ok(back(&request, "Noted: you can't. The next is asked."));
    }
    let by = (None, note.as_str());
    let done = flow::agree(&mut tx, &request, user.id, by, None, user.now).await?;
    if let Agreement::Breaks(against) = &done {
        tx.rollback().await?;
        look_again(&state, request.id, user.now).await?;
        return Ok(back(&request, &broken(against)));
    }
    taken(tx, &request, done).await
}

/// `POST /covers/{id}/agreement`: a colleague volunteers.
pub async fn volunteer(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    if rights.is_requester || !rights.is_engineer {
        return Err(AppError::Forbidden(
            "Only the other engineers of the team can take it.".into(),
        ));
    }
    if request.colleague.as_ref().is_some_and(|c| c.id != user.id) {
        return Ok(back(
            &request,
            "This one is for a colleague by name. Nothing was changed.",
        ));
    }
    let by = (Some(Origin::Volunteer), "");
    let done = flow::agree(&mut tx, &request, user.id, by, None, user.now).await?;
    taken(tx, &request, done).await
}

/// `POST /covers/{id}/undo`
pub async fn undo(State(state): State<AppState>, user: SignedIn, Path(id): Path<String>) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    if request.taker.is_none() {
        return Ok(back(&request, "There is nothing to take back."));
    }
    rights.side(&request, user.id)?;
    if !flow::undo(&mut tx, &request, user.id, user.now).await? {
        return Ok(back(
            &request,
            "It can't be taken back any more. If you can't serve, say so on the shift's page.",
        ));
    }
    tx.commit().await?;
    Ok(back(
        &request,
        "Taken back. The other side and the managers are told.",
    ))
}

/// `POST /covers/{id}/withdrawal`
pub async fn withdraw(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    rights.requester()?;
    if !flow::withdraw(&mut tx, &request, user.id, user.now).await? {
        let taker = request.taker.as_ref().map(|t| t.name.as_str());
        return Ok(back(&request, &over(request.state, taker)));
    }
    tx.commit().await?;
    Ok(back(&request, "Withdrawn: the shift stays as it was."))
}

/// `POST /covers/{id}/asks`: a manager asks a particular person.
pub async fn ask(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    rights.manager()?;
    let Ok(person) = form.value("person").parse::<PersonId>() else {
        form.refuse("person", "Choose whom to ask.");
        return again(tx, user, &request, form).await;
    };
    match flow::ask_person(&mut tx, &request, person, user.id, user.now).await? {
        Ok(()) => {
            tx.commit().await?;
            Ok(back(&request, "Asked."))
        }
        Err(why) => {
            form.refuse("person", why);
            again(tx, user, &request, form).await
        }
    }
}

/// `POST /covers/{id}/assignment`: a manager assigns somebody; against a rule only with a reason.
pub async fn assign(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    rights.manager()?;
    let person = form.value("assignee").parse::<PersonId>().ok();
    let person = person.filter(|p| *p != request.person.id);
    match (person, &request.colleague) {
        (None, _) => form.refuse("assignee", "Choose who takes it."),
        (Some(person), Some(colleague)) if request.kind == Kind::Swap && person != colleague.id => {
            form.refuse(
                "assignee",
                format!(
                    "This is a swap: only {} can be assigned, who gives theirs in return.",
                    colleague.name
                ),
            );
        }
        _ => {}
    }
    let reason = form.parse::<Note>("override");
    let (Some(person), Some(reason), true) = (person, reason, form.is_good()) else {
        return again(tx, user, &request, form).await;
    };
    let assigned = Assigned {
        by: user.id,
        reason: reason.as_str(),
    };
    let by = (Some(Origin::Assigned), reason.as_str());
    let done = flow::agree(&mut tx, &request, person, by, Some(assigned), user.now).await?;
    if let Agreement::Breaks(against) = &done {
        tx.rollback().await?;
        let tx = state.db.begin().await?;
        let why = against.why.join("; ");
        if against.is_final {
            let said = format!("Nobody can overrule this: {why}. Choose somebody else.");
            form.refuse("assignee", said);
        } else {
            form.refuse(
                "override",
                format!("This breaks a rule: {why}. Say why it must be, or choose somebody else."),
            );
        }
        return again(tx, user, &request, form).await;
    }
    taken(tx, &request, done).await
}

/// `POST /covers/{id}/approval`: a manager approves an agreement or not.
pub async fn approve(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    rights.manager()?;
    let note = form.parse::<Note>("approval_note");
    let choice = form.value("approval").to_owned();
    if choice != "yes" && choice != "no" {
        form.refuse("approval", "Choose whether you approve.");
    }
    let Some(note) = note.filter(|_| form.is_good()) else {
        return again(tx, user, &request, form).await;
    };
    if choice == "no" {
        if !flow::refuse(&mut tx, &request, user.id, note.as_str(), user.now).await? {
            return Ok(back(&request, "There is nothing to approve any more."));
        }
        tx.commit().await?;
        let said = match request.kind {
            Kind::Cover => "Not approved: both are told, and the next is asked.",
            Kind::Give | Kind::Swap => "Not approved: both are told, and it stays as it was.",
        };
        return Ok(back(&request, said));
    }
    let done = flow::approve(&mut tx, &request, user.id, user.now).await?;
    taken(tx, &request, done).await
}

/// `POST /covers/{id}/closure`: a manager closes it.
pub async fn close(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let (mut tx, request, rights) = begin(&state, &user, &id).await?;
    rights.manager()?;
    let Some(note) = form.parse::<Note>("close_note") else {
        return again(tx, user, &request, form).await;
    };
    if !flow::close(&mut tx, &request, user.id, note.as_str(), user.now).await? {
        let taker = request.taker.as_ref().map(|t| t.name.as_str());
        return Ok(back(&request, &over(request.state, taker)));
    }
    tx.commit().await?;
    Ok(back(&request, "Closed: everybody concerned is told."))
}
