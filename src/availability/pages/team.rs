//! For managers: what the team's month looks like, who has answered, how booked everybody is.

use askama::Template;
use axum::extract::{Path, Query as UrlQuery, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::{Query, month_in};
use crate::audit;
use crate::availability::model::{
    Clash, Day, Percent, Round, Source, Taken, Timeline, Utilisation, clashes_in, describe,
    lay_busy, weeks,
};
use crate::availability::store::{self, Member};
use crate::error::Answer;
use crate::state::AppState;
use crate::vocab::{Interval, Level, Month, PersonId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

/// One person's line.
struct Row {
    member: Member,
    days: Vec<Day>,
    /// What they wrote, and leave, in words: when, level, note.
    remarks: Vec<(String, Level, String)>,
    utilisation: Option<Utilisation>,
    /// How fresh what their calendars say is, in words.
    fresh: Option<String>,
    /// The fields of their utilisation: what is typed, and what was there before.
    field: String,
    before: String,
}

#[derive(Template)]
#[template(path = "availability/team.html")]
struct Show {
    frame: Frame,
    team: Membership,
    month: Month,
    today: NaiveDate,
    round: Option<Round>,
    rows: Vec<Row>,
    clashes: Vec<(String, Clash)>,
    taken: Vec<(String, Taken)>,
    levels: Vec<(&'static str, &'static str)>,
    opening: Form,
    booked: Form,
}

impl Show {
    fn when(&self, interval: &Interval) -> String {
        describe(*interval, self.team.zone)
    }

    fn on(&self, at: &DateTime<Utc>) -> String {
        let at = at.with_timezone(&self.team.zone);
        at.format("%-d %b %Y").to_string()
    }

    fn waiting(&self) -> Vec<&Member> {
        let waiting = self.rows.iter().map(|r| &r.member);
        waiting.filter(|m| m.answered_at.is_none()).collect()
    }

    fn is_closed(&self) -> bool {
        self.round
            .as_ref()
            .is_some_and(|r| r.closes_on < self.today)
    }
}

/// What a form that failed shows again.
#[derive(Default)]
pub(super) struct Typed {
    opening: Option<Form>,
    booked: Option<(Form, StatusCode)>,
}

impl Typed {
    /// The form that opens a month.
    pub(super) fn opening(form: Form) -> Self {
        Self {
            opening: Some(form),
            booked: None,
        }
    }
}

/// The day it is by the team's clock.
pub(super) fn today(team: &Membership, user: &SignedIn) -> NaiveDate {
    user.now.with_timezone(&team.zone).date_naive()
}

/// `GET /teams/{slug}/availability`. Without a month: the next.
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    UrlQuery(query): UrlQuery<Query>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let month = query.month()?;
    let month = month.unwrap_or_else(|| Month::of(today(team, &user)).next());
    render(&state, &user, team, month, Typed::default()).await
}

/// The page, with a form as it was typed where one failed.
pub(super) async fn render(
    state: &AppState,
    user: &SignedIn,
    team: &Membership,
    month: Month,
    typed: Typed,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let round = store::round(&mut conn, team.team, month).await?;
    let TeamMonth {
        rows,
        clashes,
        taken,
    } = month_of_team(&mut conn, team, month, user.now).await?;
    let status = match (&typed.opening, &typed.booked) {
        (Some(_), _) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, Some((_, status))) => *status,
        _ => StatusCode::OK,
    };
    let today = today(team, user);
    let opening = typed.opening.unwrap_or_else(|| {
        let closes_on = round.as_ref().map(|r| r.closes_on.to_string());
        Form::of([("closes_on", closes_on.unwrap_or_default())])
    });
    let booked = typed.booked.map_or_else(
        || Form::of(rows.iter().map(|r| (r.field.clone(), r.before.clone()))),
        |(form, _)| form,
    );
    let title = format!("Answers · {} · {}", month.title(), team.name);
    let page = Show {
        frame: user
            .team_frame(title, Section::TeamAvailability, team)
            .with_times_in(team.zone),
        team: team.clone(),
        month,
        today,
        round,
        rows,
        clashes,
        taken,
        levels: Level::ALL.map(|l| (l.key(), l.label())).to_vec(),
        opening,
        booked,
    };
    page_with(status, &page)
}

/// What the page shows of a team's month.
struct TeamMonth {
    rows: Vec<Row>,
    clashes: Vec<(String, Clash)>,
    taken: Vec<(String, Taken)>,
}

/// The team's month: a few queries however many people.
async fn month_of_team(
    conn: &mut PgConnection,
    team: &Membership,
    month: Month,
    now: DateTime<Utc>,
) -> sqlx::Result<TeamMonth> {
    let members = store::members(conn, team.team, month).await?;
    let people: Vec<PersonId> = members.iter().map(|m| m.id).collect();
    let utilisations = store::utilisations(conn, &people, &[month]).await?;
    let range = members
        .iter()
        .map(|m| month.interval(m.zone))
        .fold(month.interval(team.zone), hull);
    let shifts = store::shifts_of(conn, &people, range).await?;
    let range = shifts.iter().map(|(_, s)| s.interval).fold(range, hull);
    let timelines = store::for_planning(conn, &people, range).await?;
    let coming = shifts.iter().filter(|(_, s)| s.interval.end > now).cloned();
    let name = |id: PersonId| members.iter().find(|m| m.id == id).map(|m| m.name.clone());
    let clashes: Vec<(String, Clash)> = clashes_in(coming, &timelines)
        .map(|clash| (name(clash.person).unwrap_or_default(), clash))
        .collect();
    let taken = store::taken_shifts(conn, &people, range).await?;
    let taken = taken
        .into_iter()
        .filter(|t| t.shift.interval.end > now)
        .map(|t| (name(t.person).unwrap_or_default(), t))
        .collect();
    let busy = store::busy_of(conn, &people, range).await?;
    let fresh = store::freshness(conn, &people).await?;
    let mut rows = Vec::new();
    for member in members {
        let Some(timeline) = timelines.get(&member.id) else {
            continue;
        };
        let own: Vec<_> = shifts
            .iter()
            .filter(|(person, _)| *person == member.id)
            .map(|(_, shift)| shift.clone())
            .collect();
        let today = now.with_timezone(&member.zone).date_naive();
        let mut weeks = weeks(month, member.zone, today, timeline, &own);
        if let Some(busy) = busy.get(&member.id) {
            lay_busy(&mut weeks, member.zone, busy);
        }
        let utilisation = utilisations.get(&(member.id, month)).cloned();
        let before = utilisation.as_ref().and_then(Utilisation::correction);
        let before = before.map(|percent| percent.to_string());
        rows.push(Row {
            days: weeks.into_iter().flatten().flatten().collect(),
            remarks: remarks(&member, timeline, month),
            field: format!("percent_{}", member.id),
            before: before.unwrap_or_default(),
            utilisation,
            fresh: fresh.get(&member.id).map(|f| f.words(now)),
            member,
        });
    }
    Ok(TeamMonth {
        rows,
        clashes,
        taken,
    })
}

fn hull(a: Interval, b: Interval) -> Interval {
    Interval {
        start: a.start.min(b.start),
        end: a.end.max(b.end),
    }
}

/// What a person wrote about a month, and their leave in it.
fn remarks(member: &Member, timeline: &Timeline, month: Month) -> Vec<(String, Level, String)> {
    let pieces = timeline.pieces(month.interval(member.zone));
    let told = pieces.filter(|p| p.level == Level::Leave || !p.note.is_empty());
    told.map(|p| (describe(p.interval, member.zone), p.level, p.note))
        .collect()
}

/// `POST /teams/{slug}/utilisation`: how booked the team is, in one form. Only what the manager
/// changed is written; where somebody else was faster, both are shown.
pub async fn set_utilisation(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let month = month_in(&form)?;
    let mut tx = state.db.begin().await?;
    let members = store::members(&mut tx, team.team, month).await?;
    let people: Vec<PersonId> = members.iter().map(|m| m.id).collect();
    let stored = store::utilisations(&mut tx, &people, &[month]).await?;
    let mut changed = Vec::new();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    for member in &members {
        let field = format!("percent_{}", member.id);
        let typed = form.value(&field).trim().to_owned();
        let before = form.value(&format!("before_{}", member.id)).to_owned();
        if typed == before {
            continue;
        }
        form.call(&field, &member.name);
        let Some(percent) = form.optional::<Percent>(&field) else {
            continue;
        };
        let now = stored.get(&(member.id, month));
        let entered = now.and_then(Utilisation::correction);
        let there = entered.map_or_else(String::new, |percent| percent.to_string());
        if there != before && there != typed {
            status = StatusCode::CONFLICT;
            let there = match entered {
                Some(percent) => format!("now {percent} %"),
                None => "now empty".to_owned(),
            };
            form.refuse(
                &field,
                format!("{}: somebody changed it meanwhile, it is {there}. You typed {typed}; save again to set yours.", member.name),
            );
        }
        changed.push((member, percent));
    }
    if !form.is_good() {
        drop(tx);
        let typed = Typed {
            booked: Some((form, status)),
            ..Typed::default()
        };
        return render(&state, &user, team, month, typed).await;
    }
    for (member, percent) in &changed {
        let (by, at) = (user.id, user.now);
        let said = if let Some(percent) = *percent {
            let source = if member.id == by {
                Source::Engineer
            } else {
                Source::Manager
            };
            store::set_utilisation(&mut tx, member.id, month, percent, source, by, at).await?;
            format!("{} %", percent.get())
        } else {
            store::clear_utilisation(&mut tx, member.id, month).await?;
            "nothing".to_owned()
        };
        let said = format!("{}: {said} in {}", member.name, month.title());
        let team = Some(team.team);
        audit::record(&mut tx, at, Some(by), team, "set utilisation", &said).await?;
    }
    tx.commit().await?;
    let said = match changed.len() {
        0 => "Nothing was changed.".to_owned(),
        1 => "Utilisation of one person is saved.".to_owned(),
        n => format!("Utilisation of {n} people is saved."),
    };
    Ok(Flash::redirect(
        &format!("/teams/{slug}/availability?month={month}#utilisation"),
        &said,
    ))
}
