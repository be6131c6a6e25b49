//! Who is in a team: seen by its members, changed by its managers.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, TimeDelta, Utc};

use super::store::{self, Link, MOST_MEMBERS, Member, NewLink, Profile, Purpose};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::state::AppState;
use crate::vocab::Email;
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with, token};

/// An invitation works for so long.
const INVITATION_DAYS: i64 = 14;

#[derive(Template)]
#[template(path = "people/members.html")]
struct Index {
    frame: Frame,
    team: Membership,
    members: Vec<Member>,
    invitations: Vec<Link>,
    administrators: Vec<Profile>,
    form: Form,
    /// The link that was just made, shown once.
    link: Option<String>,
    today: chrono::NaiveDate,
    zone: chrono_tz::Tz,
}

async fn render(
    state: &AppState,
    user: &SignedIn,
    slug: &str,
    typed: Option<Form>,
    link: Option<String>,
) -> Answer {
    let team = user.member_of(slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let members = store::members(&mut conn, team.team).await?;
    let invitations = if team.is_manager {
        store::pending_invitations(&mut conn, team.team, user.now).await?
    } else {
        Vec::new()
    };
    let administrators = store::administrators(&mut conn, user.today()).await?;
    let frame = user.team_frame(format!("Members · {}", team.name), Section::Members, &team);
    let form = typed.unwrap_or_else(|| Form::of([("is_engineer", "yes")]));
    page_with(
        form.status(),
        &Index {
            frame,
            team,
            members,
            invitations,
            administrators,
            form,
            link,
            today: user.today(),
            zone: user.zone,
        },
    )
}

/// `GET /teams/{slug}/members`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    render(&state, &user, &slug, None, None).await
}

/// `POST /teams/{slug}/invitations`: shows the link once, for the manager to send.
pub async fn invite(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let email = form.parse::<Email>("email");
    if !form.ticked("is_engineer") && !form.ticked("is_manager") {
        form.refuse(
            "is_engineer",
            "Choose what they will be: engineer, manager or both.",
        );
    }
    let mut tx = state.db.begin().await?;
    let members = store::members(&mut tx, team.team).await?;
    if let Some(email) = &email
        && members.iter().any(|m| m.email == email.as_str())
    {
        form.refuse("email", format!("{email} is in {} already.", team.name));
    } else if i64::try_from(members.len()).is_ok_and(|n| n >= MOST_MEMBERS) {
        form.refuse("email", full(&team.name));
    }
    let Some(email) = email.filter(|_| form.is_good()) else {
        drop(tx);
        return render(&state, &user, &slug, Some(form), None).await;
    };
    let secret = token::fresh();
    let new = NewLink {
        token_hash: &token::hash(&secret),
        purpose: Purpose::Invitation,
        email: email.as_str(),
        person: None,
        team: Some(team.team),
        is_manager: form.ticked("is_manager"),
        is_engineer: form.ticked("is_engineer"),
        by: Some(user.id),
        now: user.now,
        expires_at: user.now + TimeDelta::days(INVITATION_DAYS),
    };
    store::add_link(&mut tx, &new).await?;
    audit::by(&mut tx, &user, team.team, "invited person", email.as_str()).await?;
    let notice = invitation(&user, team, &email, &secret, new.expires_at);
    jobs::notify(&mut tx, user.now, &notice).await?;
    tx.commit().await?;
    let link = format!("{}/invitations/{secret}", state.site.public_url);
    render(&state, &user, &slug, None, Some(link)).await
}

/// What to do where a team has as many members as it may.
pub fn full(team: &str) -> String {
    format!(
        "{team} has {MOST_MEMBERS} members, as many as a team may have. A manager can take out who has left, or have a second team made."
    )
}

/// The invitation as it is mailed.
fn invitation(
    user: &SignedIn,
    team: &Membership,
    email: &Email,
    secret: &str,
    until: DateTime<Utc>,
) -> Notice {
    Notice {
        to: To::Address(email.to_string()),
        topic: Topic::Invitation,
        key: format!("invitation:{}", token::hex(&token::hash(secret))),
        lane: format!("address:{email}"),
        title: format!("Join {} on Fairshift", team.name),
        lines: vec![
            format!("{} invites you to {}.", user.name, team.name),
            format!(
                "Fairshift plans who is on call, fairly. The link works once, until {} ({}).",
                until.with_timezone(&team.zone).format("%a %-d %b %H:%M"),
                team.zone.name()
            ),
        ],
        actions: vec![Action {
            label: format!("Join {}", team.name),
            path: format!("/invitations/{secret}"),
        }],
        until: Some(until),
    }
}

/// `POST /teams/{slug}/invitations/{id}/removal`
pub async fn withdraw(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, i64)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let email = store::withdraw_link(&mut tx, team.team, id)
        .await?
        .ok_or(AppError::NotFound)?;
    audit::by(&mut tx, &user, team.team, "withdrew invitation", &email).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/members"),
        "The invitation is withdrawn; its link no longer works.",
    ))
}
