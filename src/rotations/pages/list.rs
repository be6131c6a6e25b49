//! The team's rotations, and a new one.

use askama::Template;
use axum::extract::{Path, State};

use super::describe::rhythm;
use crate::audit;
use crate::error::Answer;
use crate::rotations::model::{Preset, validate};
use crate::rotations::store::{self, Listed};
use crate::state::AppState;
use crate::vocab::{Line, PersonId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page, page_with};

#[derive(Template)]
#[template(path = "rotations/index.html")]
struct Index {
    frame: Frame,
    team: Membership,
    rotations: Vec<Listed>,
}

/// `GET /teams/{slug}/rotations`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    let team = user.member_of(&slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let rotations = store::overview(&mut conn, team.team).await?;
    let frame = user.team_frame(
        format!("Rotations · {}", team.name),
        Section::Rotations,
        &team,
    );
    page(&Index {
        frame,
        team,
        rotations,
    })
}

/// A preset to choose.
struct Choice {
    key: &'static str,
    label: &'static str,
    about: String,
}

#[derive(Template)]
#[template(path = "rotations/new.html")]
struct New {
    frame: Frame,
    team: Membership,
    form: Form,
    choices: Vec<Choice>,
}

fn choices(team: &Membership, user: &SignedIn) -> Vec<Choice> {
    let choice = |preset: Preset| {
        let definition = preset.definition(team.zone, user.today());
        let leg = |leg: &crate::rotations::Leg| {
            let at = leg.handover.format("%H:%M");
            if definition.legs.len() == 1 {
                format!("{}; hands over at {at}", rhythm(leg))
            } else {
                format!("{} from {at}", leg.name)
            }
        };
        let legs: Vec<String> = definition.legs.iter().map(leg).collect();
        let mut about = legs.join(", ");
        if definition.legs.len() > 1 {
            about.push_str("; 8 h each, in zones of their own");
        }
        Choice {
            key: preset.key(),
            label: preset.label(),
            about,
        }
    };
    Preset::ALL.into_iter().map(choice).collect()
}

fn new_page(user: &SignedIn, team: &Membership, form: Form) -> Answer {
    let frame = user.team_frame("New rotation", Section::Rotations, team);
    page_with(
        form.status(),
        &New {
            frame,
            team: team.clone(),
            form,
            choices: choices(team, user),
        },
    )
}

/// `GET /teams/{slug}/rotations/new`
pub async fn fresh(user: SignedIn, Path(slug): Path<String>) -> Answer {
    let team = user.manager_of(&slug)?;
    let form = Form::of([
        ("preset", Preset::Daily.key().to_owned()),
        ("zone", team.zone.name().to_owned()),
        ("effective_from", user.today().to_string()),
    ]);
    new_page(&user, team, form)
}

/// `POST /teams/{slug}/rotations`
pub async fn create(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let name: Option<Line> = super::form::take(&mut form, "name", "The name", str::parse);
    let zone = super::form::zone(&mut form, "zone", "The time zone");
    let day = super::form::day(&mut form, "effective_from", "The first day");
    let preset = Preset::from_key(form.value("preset"));
    if preset.is_none() {
        form.refuse("preset", "Choose a kind of rotation to start from.");
    }
    let (Some(name), Some(zone), Some(day), Some(preset)) = (name, zone, day, preset) else {
        return new_page(&user, team, form);
    };
    let definition = preset.definition(zone, day);
    for error in validate(&definition).err().unwrap_or_default() {
        form.refuse("effective_from", error.message);
    }
    if !form.is_good() {
        return new_page(&user, team, form);
    }
    let mut tx = state.db.begin().await?;
    let people = store::people(&mut tx, team.team).await?;
    let gone = |p: &&store::Person| p.left_on.is_none_or(|left| left > day);
    let engineers = people.iter().filter(|p| p.is_engineer).filter(gone);
    let members: Vec<PersonId> = engineers.map(|p| p.id).collect();
    let by = Some(user.id);
    let made = store::create(
        &mut tx,
        team.team,
        &name,
        &definition,
        &members,
        by,
        user.now,
    )
    .await?;
    let Some(id) = made else {
        drop(tx);
        form.refuse(
            "name",
            format!(
                "{} has a rotation called {name} already, or 100 of them: choose another name, or remove one first.",
                team.name
            ),
        );
        return new_page(&user, team, form);
    };
    let summary = format!("{name}: {}, from {day}", preset.label());
    audit::by(&mut tx, &user, team.team, "created rotation", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/rotations/{id}/edit"),
        &format!("{name} is made. Look through its rules and change what differs for you."),
    ))
}
