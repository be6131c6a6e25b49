//! Changing a rotation's rules from a date on.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::describe::{Rules, weekday};
use super::find;
use super::form::{self, Row, Typed, rows};
use super::preview::{Preview, dated};
use super::show::{first_shift, names};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::rotations::model::{Country, Definition, Newcomers, Weekdays};
use crate::rotations::store::{self, Person, Rotation};
use crate::state::AppState;
use crate::vocab::{PersonId, RotationId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "rotations/edit.html")]
struct Edit {
    frame: Frame,
    team: Membership,
    rotation: Rotation,
    /// Of what the person has seen.
    revision: String,
    form: Form,
    roles: Vec<Row>,
    legs: Vec<Row>,
    pairs: Vec<Row>,
    /// Who may belong to a leg: id and name.
    people: Vec<(String, String)>,
    /// The same with "nobody" on top.
    partners: Vec<(String, String)>,
    countries: Vec<(&'static str, &'static str)>,
    weekdays: Vec<(String, &'static str)>,
    newcomers: Vec<(&'static str, &'static str)>,
    /// Rules that lie in the future and will be replaced.
    pending: Option<NaiveDate>,
    published: Option<String>,
    /// What is stored now, where somebody changed it in between.
    stored: Option<Rules>,
    preview: Option<Preview>,
    /// When the typed rules take over.
    takes_over: Option<String>,
    /// Legs that nobody belongs to.
    deserted: Vec<String>,
}

/// Ways to cut a leg's time into shifts.
const CADENCES: [(&str, &str); 3] = [
    ("hours", "hours: equal shifts on chosen weekdays"),
    ("weekly", "weekly: one shift from the first chosen weekday"),
    (
        "weekdays_and_weekend",
        "weekdays and weekend: one shift each",
    ),
];

impl Edit {
    /// Whether a row has a name, and so counts.
    fn is_named(&self, row: &Row) -> bool {
        !self.form.value(&row.at("name")).trim().is_empty()
    }

    /// Whether something is wrong in a row.
    fn is_wrong(&self, row: &Row) -> bool {
        let prefix = row.at("");
        let mut errors = self.form.errors().iter();
        errors.any(|(field, _)| field.starts_with(&prefix))
    }
}

/// What a page of the form says besides the form.
#[derive(Default)]
struct Said {
    stored: Option<Rules>,
    preview: Option<Preview>,
    takes_over: Option<DateTime<Utc>>,
    deserted: Vec<String>,
}

struct Room<'a> {
    user: &'a SignedIn,
    team: &'a Membership,
    rotation: Rotation,
    people: Vec<Person>,
    published: Option<DateTime<Utc>>,
}

impl<'a> Room<'a> {
    async fn enter(
        conn: &mut PgConnection,
        user: &'a SignedIn,
        team: &'a Membership,
        id: RotationId,
    ) -> Answer<Self> {
        Ok(Self {
            user,
            team,
            rotation: find(conn, team, id).await?,
            people: store::people(conn, team.team).await?,
            published: store::published_until(conn, id, user.now).await?,
        })
    }

    /// Rules that have not taken effect yet: there is at most one such version.
    fn pending(&self) -> Option<NaiveDate> {
        let last = self.rotation.versions.last()?;
        (last.effective_from > self.user.today()).then_some(last.effective_from)
    }

    /// Who may be chosen: engineers of the team, and whoever belongs already.
    fn eligible(&self) -> impl Iterator<Item = &Person> {
        let members: BTreeSet<PersonId> =
            self.rotation.members.values().flatten().copied().collect();
        let people = self.people.iter();
        people.filter(move |p| p.is_engineer || members.contains(&p.id))
    }

    fn ids(&self) -> BTreeSet<PersonId> {
        self.eligible().map(|p| p.id).collect()
    }

    /// All versions as they would be with these rules.
    fn with(&self, definition: &Definition) -> Vec<Definition> {
        let pending = self.pending();
        let day = definition.effective_from;
        let kept = self.rotation.versions.iter();
        let kept = kept.filter(|d| Some(d.effective_from) != pending && d.effective_from != day);
        let mut versions: Vec<Definition> = kept.cloned().collect();
        versions.push(definition.clone());
        versions.sort_by_key(|d| d.effective_from);
        versions
    }

    /// The typed rules, checked against today and what the rotation ever had.
    async fn read(&self, conn: &mut PgConnection, form: &mut Form) -> Answer<Option<Typed>> {
        let typed = form::read(form, &self.ids());
        let Some(typed) = typed else {
            return Ok(None);
        };
        let today = self.user.today();
        if typed.definition.effective_from < today {
            form.refuse(
                "effective_from",
                format!("Rules can't change the past: choose today, {today}, or a later day."),
            );
        }
        self.refuse_retired_names(conn, form, &typed).await?;
        Ok(Some(typed).filter(|_| form.is_good()))
    }

    /// A role or leg keeps its identity, so it can't take the name of one that was dropped earlier.
    async fn refuse_retired_names(
        &self,
        conn: &mut PgConnection,
        form: &mut Form,
        typed: &Typed,
    ) -> Answer<()> {
        let (roles, legs) = store::identities(conn, self.rotation.id).await?;
        let definition = &typed.definition;
        let wanted_roles = definition.roles.iter().map(|r| (r.id.0, r.name.as_str()));
        let wanted_legs = definition.legs.iter().map(|l| (l.id.0, l.name.as_str()));
        for (list, known, wanted) in [
            ("roles", roles, wanted_roles.collect::<Vec<_>>()),
            ("legs", legs, wanted_legs.collect()),
        ] {
            for (id, name) in &wanted {
                let is_known = known.iter().any(|(k, _)| k == id);
                let retired = known.iter().any(|(k, n)| {
                    n.to_lowercase() == name.to_lowercase() && !wanted.iter().any(|(w, _)| w == k)
                });
                if is_known && retired {
                    let rows = rows(form, list, "name");
                    let row = rows
                        .iter()
                        .find(|r| form.value(&r.at("name")).trim() == *name);
                    let field = row.map_or_else(|| list.to_owned(), |r| r.at("name"));
                    form.refuse(
                        &field,
                        format!("An earlier one was called {name}, and reports still count it: choose another name. To bring the earlier one back, empty this name and type it into a spare row."),
                    );
                }
            }
        }
        Ok(())
    }

    fn page(self, mut form: Form, said: Said) -> Answer {
        let status = match said.stored {
            Some(_) => StatusCode::CONFLICT,
            None => form.status(),
        };
        form::pad(&mut form, self.team.zone);
        let title = format!("Change {}", self.rotation.name);
        let frame = self.user.team_frame(title, Section::Rotations, self.team);
        let zone = self.user.zone;
        let people = self.eligible().map(|p| (p.id.to_string(), p.name.clone()));
        let people: Vec<(String, String)> = people.collect();
        let nobody = [(String::new(), "nobody".to_owned())];
        let countries = Country::all();
        let countries = countries.iter().map(|c| (c.code(), c.name()));
        let weekdays = Weekdays::ALL.iter();
        let weekdays = weekdays.map(|d| (d.num_days_from_monday().to_string(), weekday(d)));
        page_with(
            status,
            &Edit {
                frame,
                team: self.team.clone(),
                roles: rows(&form, "roles", "name"),
                legs: rows(&form, "legs", "name"),
                pairs: rows(&form, "pairs", "one"),
                partners: nobody.into_iter().chain(people.clone()).collect(),
                people,
                countries: [("", "none")].into_iter().chain(countries).collect(),
                weekdays: weekdays.collect(),
                newcomers: Newcomers::ALL.map(|n| (n.key(), n.label())).into(),
                pending: self.pending().filter(|_| self.rotation.versions.len() > 1),
                published: self.published.map(|t| dated(t, zone)),
                revision: if said.stored.is_some() {
                    self.rotation.revision.to_string()
                } else {
                    form.value("revision").to_owned()
                },
                stored: said.stored,
                preview: said.preview,
                takes_over: said.takes_over.map(|t| dated(t, zone)),
                deserted: said.deserted,
                rotation: self.rotation,
                form,
            },
        )
    }
}

/// `GET /teams/{slug}/rotations/{id}/edit`
pub async fn edit(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut conn = state.db.acquire().await?;
    let room = Room::enter(&mut conn, &user, team, id).await?;
    let day = room.pending().unwrap_or_else(|| user.today());
    let form = form::fill(&room.rotation, day, team.zone);
    room.page(form, Said::default())
}

/// `POST /teams/{slug}/rotations/{id}/preview`: shows the shifts of what was typed; changes nothing.
pub async fn preview(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut conn = state.db.acquire().await?;
    let room = Room::enter(&mut conn, &user, team, id).await?;
    let Some(typed) = room.read(&mut conn, &mut form).await? else {
        return room.page(form, Said::default());
    };
    let versions = room.with(&typed.definition);
    let day = typed.definition.effective_from;
    let takes_over = first_shift(&versions, day);
    let midnight = day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(1);
    let legs = typed.definition.legs.iter().zip(&typed.members);
    let deserted = legs.filter(|(_, members)| members.is_empty());
    let said = Said {
        preview: Some(Preview::of(
            &versions,
            user.now.max(midnight),
            user.zone,
            takes_over.filter(|_| versions.len() > 1),
        )),
        takes_over,
        deserted: deserted.map(|(leg, _)| leg.name.to_string()).collect(),
        stored: None,
    };
    room.page(form, said)
}

/// `POST /teams/{slug}/rotations/{id}`
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let room = Room::enter(&mut tx, &user, team, id).await?;
    let revision = form.value("revision").parse::<i32>().unwrap_or_default();
    if !store::raise_revision(&mut tx, id, revision).await? {
        tx.rollback().await?;
        return stale(&state, &user, team, id, form).await;
    }
    let Some(typed) = room.read(&mut tx, &mut form).await? else {
        return room.page(form, Said::default());
    };
    if !store::rename(&mut tx, id, &typed.name).await? {
        form.refuse(
            "name",
            format!(
                "{} has another rotation called {}: choose another name.",
                team.name, typed.name
            ),
        );
        return room.page(form, Said::default());
    }
    if let Some(pending) = room.pending() {
        store::remove_version(&mut tx, id, pending).await?;
    }
    let by = Some(user.id);
    let definition = store::add_version(&mut tx, id, &typed.definition, by, user.now).await?;
    let legs = definition.legs.iter().zip(&typed.members);
    let legs: Vec<_> = legs.map(|(l, people)| (l.id, people.as_slice())).collect();
    let today = user.now.with_timezone(&team.zone).date_naive();
    store::set_members(&mut tx, id, &legs, today).await?;
    let day = definition.effective_from;
    let summary = summary(&typed);
    audit::by(&mut tx, &user, team.team, "changed rotation", &summary).await?;
    let first = first_shift(&room.with(&definition), day);
    tx.commit().await?;
    let said = match first {
        Some(t) => format!(
            "{} is saved. The first shift by these rules starts {} ({}).",
            typed.name,
            dated(t, user.zone),
            user.zone.name()
        ),
        None => format!("{} is saved.", typed.name),
    };
    Ok(Flash::redirect(
        &format!("/teams/{slug}/rotations/{id}"),
        &said,
    ))
}

/// "Main from 2026-12-01: roles Primary, Secondary; Main every day ...".
fn summary(typed: &Typed) -> String {
    let definition = &typed.definition;
    let roles = definition.roles.iter().map(|r| r.name.as_str());
    let roles: Vec<&str> = roles.collect();
    let legs = definition.legs.iter().zip(&typed.members);
    let legs: Vec<String> = legs
        .map(|(leg, members)| {
            let rhythm = super::describe::rhythm(leg);
            let zone = leg.zone.name();
            let people = match members.len() {
                1 => "1 person".to_owned(),
                n => format!("{n} people"),
            };
            format!("{} ({zone}): {rhythm}, {people}", leg.name)
        })
        .collect();
    format!(
        "{} from {}: {}; {}",
        typed.name,
        definition.effective_from,
        roles.join(", "),
        legs.join("; ")
    )
}

/// 409: what was typed beside what is stored now. Saving again replaces it, knowingly.
async fn stale(
    state: &AppState,
    user: &SignedIn,
    team: &Membership,
    id: RotationId,
    form: Form,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let room = Room::enter(&mut conn, user, team, id).await?;
    let names = names(&room.people);
    let last = room.rotation.versions.last().ok_or(AppError::NotFound)?;
    let stored = Rules::of(last, &room.rotation, &names, user.today());
    let said = Said {
        stored: Some(stored),
        ..Said::default()
    };
    room.page(form, said)
}
