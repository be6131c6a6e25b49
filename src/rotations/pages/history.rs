//! On-call history from elsewhere: looked at first, then imported in one piece.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::Datelike as _;
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::describe::exact;
use super::find;
use super::preview::dated;
use super::show::names;
use crate::audit;
use crate::error::{Answer, AppError};
use crate::rotations::model::{
    BadLine, Definition, HistoryRow, Known, Leg, MOST_ROWS, read_history,
};
use crate::rotations::store::{self, PastShift, Person, Rotation};
use crate::state::AppState;
use crate::vocab::{Email, Interval, Line, PersonId, Points, RoleId, RotationId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

/// Rows shown of what would be imported.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "rotations/history.html")]
struct History {
    frame: Frame,
    team: Membership,
    rotation: Rotation,
    form: Form,
    zone: Tz,
    found: Option<Found>,
}

/// What was found in the file.
struct Found {
    bad: Vec<BadLine>,
    rows: Vec<Shown>,
    count: usize,
    /// Name, shifts, points.
    totals: Vec<(String, usize, String)>,
}

struct Shown {
    line: u64,
    person: String,
    role: String,
    starts: String,
    ends: String,
    points: String,
}

fn history_page(
    user: &SignedIn,
    team: &Membership,
    rotation: Rotation,
    form: Form,
    found: Option<Found>,
) -> Answer {
    let is_bad = !form.is_good() || found.as_ref().is_some_and(|f| !f.bad.is_empty());
    let status = if is_bad {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let title = format!("Past shifts · {}", rotation.name);
    let frame = user.team_frame(title, Section::Rotations, team);
    page_with(
        status,
        &History {
            frame,
            team: team.clone(),
            rotation,
            form,
            zone: user.zone,
            found,
        },
    )
}

/// `GET /teams/{slug}/rotations/{id}/history`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut conn = state.db.acquire().await?;
    let rotation = find(&mut conn, team, id).await?;
    let form = Form::of([("zone", team.zone.name())]);
    history_page(&user, team, rotation, form, None)
}

/// What a file would bring: shifts with their lines, and lines that can't be imported.
struct Reading {
    past: Vec<(u64, PastShift)>,
    bad: Vec<BadLine>,
}

async fn read(
    conn: &mut PgConnection,
    rotation: &Rotation,
    people: &[Person],
    form: &mut Form,
) -> sqlx::Result<Option<Reading>> {
    let zone = super::form::zone(form, "zone", "The time zone");
    if form.value("csv").trim().is_empty() {
        form.refuse("csv", "Paste the lines, or choose a file.");
    }
    let Some(zone) = zone.filter(|_| form.is_good()) else {
        return Ok(None);
    };
    let people: Vec<(PersonId, Email, Line)> = people
        .iter()
        .filter_map(|p| Some((p.id, p.email.parse().ok()?, p.name.parse().ok()?)))
        .collect();
    let roles: BTreeMap<RoleId, &Line> = rotation
        .versions
        .iter()
        .flat_map(|d| d.roles.iter().map(|r| (r.id, &r.name)))
        .collect();
    let known = Known::new(people.iter().map(|(id, e, n)| (*id, e, n)), roles, zone);
    let history = read_history(form.value("csv"), &known);
    let mut bad = history.bad;
    let asked: Vec<(PersonId, Interval)> = history
        .rows
        .iter()
        .map(|r| (r.person, r.interval))
        .collect();
    for clash in store::clashes(conn, rotation.id, &asked).await? {
        let line = history.rows.get(clash.place).map_or(0, |r| r.line);
        let problem = if clash.is_published {
            "This person has a shift at that time that was published here: remove the line."
        } else {
            "This person has a shift at that time that was imported before: remove the line."
        };
        bad.push(BadLine {
            line,
            problem: problem.to_owned(),
        });
    }
    bad.sort_by_key(|b| b.line);
    let mut scale = Scale {
        rotation,
        holidays: BTreeMap::new(),
    };
    let past = history
        .rows
        .iter()
        .filter_map(|row| Some((row.line, scale.weigh(row)?)))
        .collect();
    Ok(Some(Reading { past, bad }))
}

/// Weighs past shifts by the rules that were in force, or by the first ones.
struct Scale<'a> {
    rotation: &'a Rotation,
    /// By leg and the year in which a shift begins.
    holidays: BTreeMap<(i64, i32), BTreeMap<chrono::NaiveDate, String>>,
}

impl Scale<'_> {
    fn weigh(&mut self, row: &HistoryRow) -> Option<PastShift> {
        let rules = self.rotation.on(row.interval.start.date_naive())?;
        let leg = self.leg_of(rules, row.person)?;
        let year = row.interval.start.year();
        let holidays = self
            .holidays
            .entry((leg.id.0, year))
            .or_insert_with(|| leg.holidays.between(&(year - 1..=year + 1)));
        let minutes = rules.burden.minutes(row.interval, leg.zone, holidays);
        let percent = self.percent(rules, row.role);
        Some(PastShift {
            person: row.person,
            role: row.role,
            interval: row.interval,
            minutes,
            points: rules.burden.points(minutes, percent),
        })
    }

    /// The first leg that the person belongs to, else the first one.
    fn leg_of<'d>(&self, rules: &'d Definition, person: PersonId) -> Option<&'d Leg> {
        let belongs = |leg: &&Leg| self.rotation.members_of(leg.id).contains(&person);
        rules.legs.iter().find(belongs).or(rules.legs.first())
    }

    /// By those rules, or by the first that know the role.
    fn percent(&self, rules: &Definition, role: RoleId) -> u32 {
        let all = std::iter::once(rules).chain(&self.rotation.versions);
        all.flat_map(|d| &d.roles)
            .find(|r| r.id == role)
            .map_or(100, |r| r.burden_percent)
    }
}

impl Found {
    fn of(reading: Reading, rotation: &Rotation, people: &[Person], zone: Tz) -> Self {
        let names = names(people);
        let roles: BTreeMap<RoleId, &str> = rotation
            .versions
            .iter()
            .flat_map(|d| d.roles.iter().map(|r| (r.id, r.name.as_str())))
            .collect();
        let name = |p: PersonId| names.get(&p).cloned().unwrap_or_default();
        let mut totals: BTreeMap<String, (usize, Points)> = BTreeMap::new();
        for (_, shift) in &reading.past {
            let total = totals.entry(name(shift.person)).or_default();
            total.0 += 1;
            total.1 += shift.points;
        }
        let rows = reading.past.iter().take(SHOWN).map(|(line, shift)| Shown {
            line: *line,
            person: name(shift.person),
            role: roles
                .get(&shift.role)
                .map(|r| (*r).to_owned())
                .unwrap_or_default(),
            starts: dated(shift.interval.start, zone),
            ends: dated(shift.interval.end, zone),
            points: exact(shift.points),
        });
        let totals = totals.into_iter();
        Self {
            rows: rows.collect(),
            count: reading.past.len(),
            totals: totals.map(|(p, (n, sum))| (p, n, exact(sum))).collect(),
            bad: reading.bad,
        }
    }
}

/// `POST /teams/{slug}/rotations/{id}/history/check`: says what would be imported; changes nothing.
pub async fn check(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut conn = state.db.acquire().await?;
    let rotation = find(&mut conn, team, id).await?;
    let people = store::people(&mut conn, team.team).await?;
    let reading = read(&mut conn, &rotation, &people, &mut form).await?;
    let found = reading.map(|r| Found::of(r, &rotation, &people, user.zone));
    history_page(&user, team, rotation, form, found)
}

/// `POST /teams/{slug}/rotations/{id}/history`: imports all lines or none.
pub async fn import(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let rotation = find(&mut tx, team, id).await?;
    let people = store::people(&mut tx, team.team).await?;
    let reading = match read(&mut tx, &rotation, &people, &mut form).await? {
        Some(reading) if reading.bad.is_empty() => reading,
        refused => {
            let found = refused.map(|r| Found::of(r, &rotation, &people, user.zone));
            return history_page(&user, team, rotation, form, found);
        }
    };
    let past: Vec<PastShift> = reading.past.iter().map(|(_, shift)| *shift).collect();
    store::add_past_shifts(&mut tx, id, &past, Some(user.id), user.now)
        .await
        .map_err(twice)?;
    let count = past.len();
    audit::by(
        &mut tx,
        &user,
        team.team,
        "imported past shifts",
        &format!("{}: {count} shifts", rotation.name),
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/rotations/{id}"),
        &format!("{count} past shifts are imported. They count for balance and experience."),
    ))
}

/// Somebody else imported at the same moment: the exclusion constraint lets only one through.
fn twice(error: sqlx::Error) -> AppError {
    let is_overlap = error
        .as_database_error()
        .is_some_and(|e| e.code().as_deref() == Some("23P01"));
    if is_overlap {
        AppError::Conflict(
            "Somebody imported some of these shifts at the same moment. Nothing of yours is imported: check the file again.".into(),
        )
    } else {
        error.into()
    }
}
