//! For managers: how fresh the calendars of a team are. Nothing of what is in them.

use askama::Template;
use axum::extract::{Path, State};

use crate::audit;
use crate::availability::{self, Booked, Utilisation};
use crate::error::Answer;
use crate::sources::store;
use crate::state::AppState;
use crate::vocab::{Month, PersonId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page};

/// An engineer.
struct Row {
    id: PersonId,
    name: String,
    /// How fresh, and whether something fails; none without a calendar.
    fresh: Option<(String, bool)>,
    /// How booked, for each of the months.
    booked: Vec<(Month, Option<Utilisation>)>,
}

#[derive(Template)]
#[template(path = "sources/team.html")]
struct Show {
    frame: Frame,
    team: Membership,
    months: Vec<Month>,
    rows: Vec<Row>,
    accepts: bool,
}

/// `GET /teams/{slug}/calendars`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    let team = user.manager_of(&slug)?.clone();
    let this = Month::of(user.now.with_timezone(&team.zone).date_naive());
    let months = vec![this, this.next(), this.next().next()];
    let mut conn = state.db.acquire().await?;
    let members = store::members(&mut conn, team.team).await?;
    let people: Vec<PersonId> = members.iter().map(|m| m.id).collect();
    let fresh = availability::freshness(&mut conn, &people).await?;
    let known = availability::utilisations(&mut conn, &people, &months).await?;
    let rows = members.into_iter().map(|member| Row {
        fresh: fresh
            .get(&member.id)
            .map(|f| (f.words(user.now), f.failing > 0)),
        booked: months
            .iter()
            .map(|month| (*month, known.get(&(member.id, *month)).cloned()))
            .collect(),
        id: member.id,
        name: member.name,
    });
    let page_of = Show {
        frame: user.team_frame(
            format!("Calendars · {}", team.name),
            Section::TeamAvailability,
            &team,
        ),
        rows: rows.collect(),
        accepts: store::accepting_teams(&mut conn, team.team).await?,
        months,
        team,
    };
    page(&page_of)
}

/// `POST /teams/{slug}/calendars`: whether out of office is leave without anybody saying so.
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let does = form.ticked("accepts");
    let mut tx = state.db.begin().await?;
    store::set_accepting(&mut tx, team.team, does, user.id, user.now).await?;
    let said = if does {
        "Out of office of a day or more becomes leave by itself"
    } else {
        "Engineers say themselves whether out of office is leave"
    };
    let by = (Some(user.id), Some(team.team));
    audit::record(&mut tx, user.now, by.0, by.1, "set calendars", said).await?;
    tx.commit().await?;
    let back = format!("/teams/{slug}/calendars");
    Ok(Flash::redirect(
        &back,
        &format!("{said}, from the next reading on."),
    ))
}
