//! Links that work once: joining a team, choosing a new password. Opening one changes nothing;
//! only sending its form does.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect};

use super::members::full;
use super::model::Password;
use super::passwords;
use super::sign_in::{start_session, with_cookies};
use super::store::{self, Link, NewPerson, Purpose};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Line, PersonId, TeamId};
use crate::web::{ClientAddress, Form, Frame, Visitor, page_with, token};

#[derive(Template)]
#[template(path = "people/link.html")]
struct Show {
    frame: Frame,
    form: Form,
    link: Link,
    /// A new account is made: ask for name and zone.
    is_new: bool,
    /// Somebody else is signed in in this browser.
    other: Option<String>,
    /// The right person has to sign in first.
    must_sign_in: bool,
    action: String,
}

const GONE: &str = "This link has been used, was replaced by a newer one, or is too old. Ask whoever sent it for a new one.";

async fn render(
    state: &AppState,
    visitor: Visitor,
    secret: &str,
    purpose: Purpose,
    typed: Option<Form>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let link = store::find_link(&mut conn, &token::hash(secret), purpose, state.clock.now())
        .await?
        .ok_or_else(|| AppError::BadRequest(GONE.into()))?;
    let is_me = visitor
        .as_ref()
        .is_some_and(|v| Some(v.id.0) == link.person);
    let other = visitor
        .filter(|v| Some(v.id.0) != link.person)
        .map(|v| v.name);
    let title = match purpose {
        Purpose::Invitation => format!("Join {}", link.team_name.as_deref().unwrap_or("Fairshift")),
        Purpose::PasswordReset => "Choose a password".to_owned(),
    };
    let action = match purpose {
        Purpose::Invitation => format!("/invitations/{secret}"),
        Purpose::PasswordReset => format!("/password/{secret}"),
    };
    let must_sign_in = purpose == Purpose::Invitation && link.person.is_some() && !is_me;
    let show = Show {
        frame: Frame::public(title),
        form: typed.unwrap_or_else(|| Form::of([("time_zone", "")])),
        is_new: purpose == Purpose::Invitation && link.person.is_none(),
        other,
        must_sign_in,
        link,
        action,
    };
    page_with(show.form.status(), &show)
}

/// `GET /invitations/{token}`
pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(secret): Path<String>,
) -> Answer {
    render(&state, visitor, &secret, Purpose::Invitation, None).await
}

/// `GET /password/{token}`
pub async fn show_reset(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(secret): Path<String>,
) -> Answer {
    render(&state, visitor, &secret, Purpose::PasswordReset, None).await
}

fn just_made(email: &str) -> AppError {
    AppError::Conflict(format!(
        "An account for {email} was made a moment ago. Open the link again and sign in with it."
    ))
}

fn new_password(form: &mut Form) -> Option<Password> {
    let password = form.parse::<Password>("password");
    if form.value("password") != form.value("again") {
        form.refuse("again", "The two passwords differ. Type the same twice.");
    }
    password.filter(|_| form.is_good())
}

/// `POST /invitations/{token}`: joins the team, and makes the account where there is none.
pub async fn accept(
    State(state): State<AppState>,
    from: ClientAddress,
    headers: HeaderMap,
    visitor: Visitor,
    Path(secret): Path<String>,
    mut form: Form,
) -> Answer {
    let now = state.clock.now();
    let hash = token::hash(&secret);
    let gone = || AppError::BadRequest(GONE.into());
    // What is asked for depends on the link; it is looked at again under lock below.
    let seen = store::find_link(
        &mut *state.db.acquire().await?,
        &hash,
        Purpose::Invitation,
        now,
    )
    .await?
    .ok_or_else(gone)?;
    let is_me = visitor
        .as_ref()
        .is_some_and(|v| Some(v.id.0) == seen.person);
    // A manager made the link and has seen it: it must not open an account that exists, not even one
    // that has no password yet.
    if seen.person.is_some() && !is_me {
        return Err(AppError::SignIn(format!("/invitations/{secret}")));
    }
    let mut new = None;
    if seen.person.is_none() {
        let (name, zone) = (form.parse::<Line>("name"), form.zone("time_zone"));
        let password = new_password(&mut form);
        let (Some(password), Some(name), Some(zone)) = (password, name, zone) else {
            return render(&state, visitor, &secret, Purpose::Invitation, Some(form)).await;
        };
        new = Some((passwords::hash(password).await?, name, zone));
    }
    let mut tx = state.db.begin().await?;
    let link = store::find_link(&mut tx, &hash, Purpose::Invitation, now)
        .await?
        .ok_or_else(gone)?;
    let email = link.email.parse().map_err(|_| gone())?;
    let person = match (link.person, &new) {
        (Some(id), None) => PersonId(id),
        (None, Some((hash, name, zone))) => {
            let person = NewPerson {
                email: &email,
                name,
                password_hash: Some(hash),
                zone: *zone,
                capacity_percent: 100,
                joined_on: now.with_timezone(zone).date_naive(),
                left_on: None,
                is_admin: false,
                is_demo: false,
            };
            store::add_person(&mut tx, &person)
                .await?
                .ok_or_else(|| just_made(&link.email))?
        }
        // Since the form was read, by another team's invitation.
        _ => return Err(just_made(&link.email)),
    };
    let team = link.team.map(TeamId);
    if let Some(team) = team {
        // Whoever is in another team for long joins this one today all the same.
        let (is_manager, is_engineer, today) =
            (link.is_manager, link.is_engineer, now.date_naive());
        if !store::has_room(&mut tx, team, person).await? {
            let name = link.team_name.as_deref().unwrap_or("The team");
            return Err(AppError::Conflict(full(name)));
        }
        store::add_member(&mut tx, team, person, is_manager, is_engineer, today).await?;
    }
    store::use_link(&mut tx, link.id, now).await?;
    audit::record(
        &mut tx,
        now,
        Some(person),
        team,
        "accepted invitation",
        &link.email,
    )
    .await?;
    let home = link
        .slug
        .as_deref()
        .map_or("/".to_owned(), |slug| format!("/teams/{slug}"));
    let mut response = Redirect::to(&home).into_response();
    if !is_me {
        let cookies = start_session(&mut tx, &state, person, &headers, from).await?;
        response = with_cookies(response, &cookies);
    }
    tx.commit().await?;
    Ok(response)
}

/// `POST /password/{token}`: sets the password and ends every session.
pub async fn reset(
    State(state): State<AppState>,
    from: ClientAddress,
    headers: HeaderMap,
    visitor: Visitor,
    Path(secret): Path<String>,
    mut form: Form,
) -> Answer {
    let now = state.clock.now();
    let (token, purpose) = (token::hash(&secret), Purpose::PasswordReset);
    let gone = || AppError::BadRequest(GONE.into());
    // Hashing is for whoever has a link; it is looked at again under lock below.
    store::find_link(&mut *state.db.acquire().await?, &token, purpose, now)
        .await?
        .ok_or_else(gone)?;
    let Some(password) = new_password(&mut form) else {
        return render(&state, visitor, &secret, purpose, Some(form)).await;
    };
    let hash = passwords::hash(password).await?;
    let mut tx = state.db.begin().await?;
    let link = store::find_link(&mut tx, &token, purpose, now)
        .await?
        .ok_or_else(gone)?;
    let person = PersonId(link.person.ok_or(AppError::NotFound)?);
    store::use_link(&mut tx, link.id, now).await?;
    store::set_password(&mut tx, person, &hash).await?;
    store::end_sessions(&mut tx, person, None).await?;
    store::forget_browsers(&mut tx, person, None).await?;
    audit::record(
        &mut tx,
        now,
        Some(person),
        None,
        "chose password",
        &link.email,
    )
    .await?;
    let cookies = start_session(&mut tx, &state, person, &headers, from).await?;
    tx.commit().await?;
    Ok(with_cookies(Redirect::to("/").into_response(), &cookies))
}
