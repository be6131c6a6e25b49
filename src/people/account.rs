//! One's own profile: name and zone, contact methods, password, sessions.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::model::{Contact, ContactKind, Password, check_contact};
use super::passwords;
use super::sign_in::count_attempt;
use super::store::{self, Profile, Session};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Line, SessionId};
use crate::web::{ClientAddress, Flash, Form, Frame, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "people/account.html")]
struct Show {
    frame: Frame,
    profile: Form,
    contact: Form,
    password: Form,
    contacts: Vec<Contact>,
    sessions: Vec<Session>,
    administrators: Vec<Profile>,
    user: SignedIn,
    capacity_percent: i16,
}

/// Which of the page's forms is shown again, as typed.
enum Typed {
    Nothing,
    Profile(Form),
    Contact(Form),
    Password(Form),
}

async fn render(state: &AppState, user: SignedIn, typed: Typed) -> Answer {
    let mut conn = state.db.acquire().await?;
    let profile = store::profile(&mut conn, user.id)
        .await?
        .ok_or(AppError::NotFound)?;
    let contacts = store::contacts(&mut conn, user.id).await?;
    let sessions = store::sessions_of(&mut conn, user.id, user.now).await?;
    let administrators = store::administrators(&mut conn, user.today()).await?;
    let mut shown = Show {
        frame: user.frame("Your account", Section::Account),
        profile: Form::of([("name", profile.name), ("time_zone", profile.time_zone)]),
        contact: Form::of([("kind", "phone"), ("visible", "yes")]),
        password: Form::default(),
        contacts,
        sessions,
        administrators,
        capacity_percent: profile.capacity_percent,
        user,
    };
    match typed {
        Typed::Nothing => {}
        Typed::Profile(form) => shown.profile = form,
        Typed::Contact(form) => shown.contact = form,
        Typed::Password(form) => shown.password = form,
    }
    let status = Form::status_of(&[&shown.profile, &shown.contact, &shown.password]);
    page_with(status, &shown)
}

/// `GET /account`
pub async fn show(State(state): State<AppState>, user: SignedIn) -> Answer {
    render(&state, user, Typed::Nothing).await
}

/// `POST /account/profile`
pub async fn update_profile(
    State(state): State<AppState>,
    user: SignedIn,
    mut form: Form,
) -> Answer {
    let (name, zone) = (form.parse::<Line>("name"), form.zone("time_zone"));
    let (Some(name), Some(zone)) = (name, zone) else {
        return render(&state, user, Typed::Profile(form)).await;
    };
    let mut tx = state.db.begin().await?;
    store::update_profile(&mut tx, user.id, &name, zone).await?;
    let summary = format!("{name}, {zone}");
    audit::by(&mut tx, &user, None, "changed profile", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect("/account", "Your profile is saved."))
}

/// `POST /account/password`
pub async fn update_password(
    State(state): State<AppState>,
    user: SignedIn,
    from: ClientAddress,
    headers: HeaderMap,
    mut form: Form,
) -> Answer {
    let new = form.parse::<Password>("new_password");
    if form.value("new_password") != form.value("again") {
        form.refuse(
            "again",
            "The two new passwords differ. Type the same twice.",
        );
    }
    // Whoever sits at a browser that is signed in must not guess on without end either.
    let attempt = count_attempt(&state, &user.email, from, &headers).await?;
    let mut conn = state.db.acquire().await?;
    let hash = store::password_hash(&mut conn, &user.email)
        .await?
        .and_then(|(_, hash)| hash);
    drop(conn);
    if passwords::verify(form.value("password").to_owned(), hash).await? {
        let mut conn = state.db.acquire().await?;
        store::clear_attempts(&mut conn, &attempt).await?;
    } else {
        form.refuse("password", "This is not your current password.");
    }
    let Some(new) = new.filter(|_| form.is_good()) else {
        return render(&state, user, Typed::Password(form)).await;
    };
    let hash = passwords::hash(new).await?;
    let mut tx = state.db.begin().await?;
    store::set_password(&mut tx, user.id, &hash).await?;
    store::end_sessions(&mut tx, user.id, Some(user.session)).await?;
    store::forget_browsers(&mut tx, user.id, attempt.browser).await?;
    audit::by(&mut tx, &user, None, "changed password", &user.name).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        "/account",
        "Your password is changed, and your other sessions are ended.",
    ))
}

/// `POST /account/contacts`
pub async fn create_contact(
    State(state): State<AppState>,
    user: SignedIn,
    mut form: Form,
) -> Answer {
    form.call("value", "The number, address or handle");
    let (kind, value) = (
        form.parse::<ContactKind>("kind"),
        form.parse::<Line>("value"),
    );
    if let (Some(kind), Some(value)) = (kind, &value)
        && let Err(message) = check_contact(kind, value)
    {
        form.refuse("value", message);
    }
    let (Some(kind), Some(value)) = (kind, value.filter(|_| form.is_good())) else {
        return render(&state, user, Typed::Contact(form)).await;
    };
    let mut tx = state.db.begin().await?;
    let added = store::add_contact(&mut tx, user.id, kind, &value, form.ticked("visible")).await?;
    if added.is_none() {
        form.refuse(
            "value",
            "You have this one already, or 20 of them. Remove one first.",
        );
        drop(tx);
        return render(&state, user, Typed::Contact(form)).await;
    }
    let summary = format!("{kind} {value}");
    audit::by(&mut tx, &user, None, "added contact method", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        "/account#contacts",
        "The contact method is added.",
    ))
}

/// `POST /account/contacts/{id}`: `action` is `device`, `show`, `hide` or `remove`.
pub async fn update_contact(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<i64>,
    form: Form,
) -> Answer {
    let mut tx = state.db.begin().await?;
    let (done, action, said) = match form.value("action") {
        "device" => (
            store::make_device(&mut tx, user.id, id).await?,
            "chose on-call device",
            "This is your on-call device now.",
        ),
        "show" => (
            store::set_contact_visible(&mut tx, user.id, id, true).await?,
            "showed contact method",
            "Colleagues see it now.",
        ),
        "hide" => (
            store::set_contact_visible(&mut tx, user.id, id, false).await?,
            "hid contact method",
            "Only managers see it now.",
        ),
        "remove" => (
            store::remove_contact(&mut tx, user.id, id).await?,
            "removed contact method",
            "The contact method is removed.",
        ),
        _ => (false, "", ""),
    };
    if !done {
        return Err(AppError::BadRequest(
            "This contact method is gone, or it is your on-call device: choose another device first.".into(),
        ));
    }
    audit::by(&mut tx, &user, None, action, &user.name).await?;
    tx.commit().await?;
    Ok(Flash::redirect("/account#contacts", said))
}

/// `POST /account/sessions/{id}/end`
pub async fn end_session(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<SessionId>,
) -> Answer {
    let mut tx = state.db.begin().await?;
    if !store::end_session(&mut tx, user.id, id).await? {
        return Err(AppError::NotFound);
    }
    audit::by(&mut tx, &user, None, "ended session", &user.name).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        "/account#sessions",
        "The session is ended.",
    ))
}

/// `POST /account/sessions/end-others`
pub async fn end_other_sessions(State(state): State<AppState>, user: SignedIn) -> Answer {
    let mut tx = state.db.begin().await?;
    let ended = store::end_sessions(&mut tx, user.id, Some(user.session)).await?;
    audit::by(&mut tx, &user, None, "ended other sessions", &user.name).await?;
    tx.commit().await?;
    let said = match ended {
        0 => "There were no other sessions.".to_owned(),
        1 => "The other session is ended.".to_owned(),
        n => format!("{n} other sessions are ended."),
    };
    Ok(Flash::redirect("/account#sessions", &said))
}
