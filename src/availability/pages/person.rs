//! A person's month: what it looks like, and every form on it.

use askama::Template;
use axum::extract::{Query as UrlQuery, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::forms::{self, WeekdayFields};
use super::{Query, Subject, UNDO};
use crate::availability::model::{
    Banner, Booked, Choice, Clash, Day, Freshness, LeaveToDecide, OnCall, Pattern, Taken,
    Utilisation, Week, WorkingHours, clashes_in, describe, lay_busy, weeks,
};
use crate::availability::store::{self, EntryRow};
use crate::error::Answer;
use crate::state::AppState;
use crate::vocab::{Interval, Level, Month, PersonId};
use crate::web::{Form, Frame, Section, page_with};

#[derive(Template)]
#[template(path = "availability/person.html")]
struct Show {
    frame: Frame,
    subject: Subject,
    month: Month,
    weeks: Vec<Vec<Option<Day>>>,
    shifts: Vec<OnCall>,
    clashes: Vec<Clash>,
    managers: Vec<(String, String, String)>,
    entries: Vec<EntryRow>,
    patterns: Vec<Pattern>,
    banner: Option<Banner>,
    rounds: Vec<(String, NaiveDate)>,
    answered_at: Option<DateTime<Utc>>,
    utilisation: Option<Utilisation>,
    /// What calendars book of each week.
    booked_weeks: Vec<(NaiveDate, Booked)>,
    freshness: Option<Freshness>,
    leave_to_decide: Vec<LeaveToDecide>,
    taken: Vec<Taken>,
    hours: WorkingHours,
    can_undo: bool,
    choices: Vec<Choice>,
    levels: Vec<(&'static str, &'static str)>,
    weekdays: Vec<WeekdayFields>,
    days: Form,
    range: Form,
    pattern: Form,
    booked: Form,
    works: Form,
    hour_fields: Vec<(&'static str, String, String)>,
    /// The note form that failed, and the entry it is about.
    noted: Option<(i64, Form)>,
}

impl Show {
    fn when(&self, interval: &Interval) -> String {
        describe(*interval, self.subject.zone)
    }

    fn on(&self, at: &DateTime<Utc>) -> String {
        let at = at.with_timezone(&self.subject.zone);
        at.format("%-d %b %Y").to_string()
    }

    fn choices_for_range(&self) -> Vec<(&'static str, &'static str)> {
        self.choices.iter().map(|c| (c.key(), c.label())).collect()
    }

    fn fresh(&self) -> Option<String> {
        let words = |f: &Freshness| f.words(self.subject.user.now);
        self.freshness.as_ref().map(words)
    }

    /// What is entered over what the calendars say.
    fn correction(&self) -> Option<&Utilisation> {
        self.utilisation
            .as_ref()
            .filter(|u| u.correction().is_some())
    }

    fn calendars_say(&self) -> Option<Booked> {
        self.utilisation.as_ref().and_then(|u| u.booked)
    }

    fn percent_hint(&self) -> &'static str {
        if self.calendars_say().is_some() {
            "0 to 300. Your number beats the calendars'. Empty: what the calendars say."
        } else {
            "0 to 300: meetings, projects, travel. The busier, the fewer shifts are recommended. Empty: not known."
        }
    }

    /// Where the decision on leave goes.
    fn may_decide(&self) -> bool {
        self.subject.is_own() && self.subject.team.is_none()
    }

    fn note_error(&self, entry: &EntryRow) -> Option<(&str, &str)> {
        let (id, form) = self.noted.as_ref()?;
        (*id == entry.entry.id).then(|| {
            let error = form.error("note").unwrap_or_default();
            (form.value("note"), error)
        })
    }
}

/// Which of the page's forms is shown again, as typed.
#[derive(Default)]
pub struct Typed {
    pub days: Option<Form>,
    pub range: Option<Form>,
    pub pattern: Option<Form>,
    pub booked: Option<Form>,
    pub hours: Option<Form>,
    pub noted: Option<(i64, Form)>,
}

impl Typed {
    fn is_any(&self) -> bool {
        self.days.is_some()
            || self.range.is_some()
            || self.pattern.is_some()
            || self.booked.is_some()
            || self.hours.is_some()
            || self.noted.is_some()
    }
}

/// `GET /availability`, `GET /teams/{slug}/availability/{person}`. Without a month: the one that is
/// asked for, else the current.
pub async fn show(
    State(state): State<AppState>,
    subject: Subject,
    UrlQuery(query): UrlQuery<Query>,
) -> Answer {
    let month = if let Some(month) = query.month()? {
        month
    } else {
        let mut conn = state.db.acquire().await?;
        let banner = store::banner(&mut conn, subject.person, subject.user.now).await?;
        banner.map_or(Month::of(subject.today()), |banner| banner.month)
    };
    render(&state, subject, month, Typed::default()).await
}

/// The month with the person's shifts in it and those they can't serve any more.
struct Calendar {
    weeks: Vec<Vec<Option<Day>>>,
    shifts: Vec<OnCall>,
    clashes: Vec<Clash>,
    taken: Vec<Taken>,
}

async fn calendar(
    conn: &mut PgConnection,
    subject: &Subject,
    month: Month,
) -> sqlx::Result<Calendar> {
    let (person, zone) = (subject.person, subject.zone);
    let range = month.interval(zone);
    let shifts = store::shifts_of(conn, &[person], range).await?;
    let hull = shifts.iter().fold(range, |hull, (_, shift)| Interval {
        start: hull.start.min(shift.interval.start),
        end: hull.end.max(shift.interval.end),
    });
    let timelines = store::for_planning(conn, &[person], hull).await?;
    let now = subject.user.now;
    let coming = shifts.iter().filter(|(_, s)| s.interval.end > now).cloned();
    let clashes: Vec<Clash> = clashes_in(coming, &timelines).collect();
    let shifts: Vec<OnCall> = shifts.into_iter().map(|(_, shift)| shift).collect();
    let mut weeks = timelines.get(&person).map_or_else(Vec::new, |timeline| {
        weeks(month, zone, subject.today(), timeline, &shifts)
    });
    let busy = store::busy_of(conn, &[person], range).await?;
    lay_busy(
        &mut weeks,
        zone,
        busy.get(&person).map_or(&[], Vec::as_slice),
    );
    let mut taken = store::taken_shifts(conn, &[person], range).await?;
    taken.retain(|t| t.shift.interval.end > now);
    Ok(Calendar {
        weeks,
        shifts,
        clashes,
        taken,
    })
}

/// The page, with a form as it was typed where one failed.
pub async fn render(state: &AppState, subject: Subject, month: Month, typed: Typed) -> Answer {
    let mut conn = state.db.acquire().await?;
    let conn = &mut *conn;
    let (person, now) = (subject.person, subject.user.now);
    let calendar = calendar(conn, &subject, month).await?;
    let of_clashes = calendar.clashes.iter().map(|c| c.shift.slug.clone());
    let of_taken = calendar.taken.iter().map(|t| t.shift.slug.clone());
    let mut slugs: Vec<String> = of_clashes.chain(of_taken).collect();
    slugs.sort_unstable();
    slugs.dedup();
    let managers = if slugs.is_empty() {
        Vec::new()
    } else {
        store::managers(conn, &slugs).await?
    };
    let patterns = store::patterns_of(conn, person).await?;
    let utilisation = store::utilisations(conn, &[person], &[month])
        .await?
        .remove(&(person, month));
    let banner = if subject.is_own() {
        store::banner(conn, person, now).await?
    } else {
        None
    };
    let title = month.title();
    let frame = match &subject.team {
        None => subject
            .user
            .frame(format!("Availability · {title}"), Section::Availability),
        Some(team) => subject.user.team_frame(
            format!("{} · {title}", subject.name),
            Section::TeamAvailability,
            team,
        ),
    };
    let frame = frame.with_times_in(subject.zone);
    let status = if typed.is_any() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let pattern = typed
        .pattern
        .unwrap_or_else(|| pattern_form(&patterns, month, subject.today()));
    let answered_at = store::answered(conn, &[person], month).await?;
    let hours = store::hours_of(conn, &[person]).await?;
    let hours = *hours.get(&person).unwrap_or(&WorkingHours::USUAL);
    let correction = utilisation.as_ref().and_then(Utilisation::correction);
    let page = Show {
        frame,
        month,
        weeks: calendar.weeks,
        shifts: calendar.shifts,
        clashes: calendar.clashes,
        taken: calendar.taken,
        booked_weeks: store::weeks_booked(conn, person, month).await?,
        freshness: store::freshness(conn, &[person]).await?.remove(&person),
        leave_to_decide: store::leave_to_decide(conn, person, now).await?,
        works: typed.hours.unwrap_or_else(|| forms::of_hours(&hours)),
        hour_fields: forms::hour_fields(),
        hours,
        managers,
        entries: store::month_entries(conn, person, month.interval(subject.zone)).await?,
        patterns,
        banner,
        rounds: store::rounds_for(conn, person, month).await?,
        answered_at: answered_at.get(&person).copied(),
        can_undo: store::can_undo(conn, person, subject.user.id, now - UNDO).await?,
        choices: choices(),
        levels: Level::ALL.map(|l| (l.key(), l.label())).to_vec(),
        weekdays: forms::weekdays(&pattern),
        days: typed
            .days
            .unwrap_or_else(|| Form::of([("level", Level::Unavailable.key())])),
        range: typed
            .range
            .unwrap_or_else(|| Form::of([("range_level", Level::Leave.key())])),
        pattern,
        booked: typed.booked.unwrap_or_else(|| {
            let percent = correction.map(|percent| percent.to_string());
            Form::of([("percent", percent.unwrap_or_default())])
        }),
        noted: typed.noted,
        utilisation,
        subject,
    };
    page_with(status, &page)
}

/// Every level, and nothing.
fn choices() -> Vec<Choice> {
    let levels = Level::ALL.into_iter().map(|level| Choice(Some(level)));
    levels.chain([Choice(None)]).collect()
}

/// The week that holds now, to change from the month on that is shown. Patterns come latest first.
fn pattern_form(patterns: &[Pattern], month: Month, today: NaiveDate) -> Form {
    let from = month.first().max(today);
    let in_force = patterns.iter().find(|p| p.from <= from);
    let usual = Week::every_day(Level::Available);
    forms::of_week(from, in_force.map_or(&usual, |p| &p.week))
}

/// Shifts that the person can't serve any more, for the message after a change.
pub fn clash_words(clashes: &[Clash], subject: &Subject) -> String {
    let Some(first) = clashes.first() else {
        return String::new();
    };
    let who = if subject.is_own() {
        "You are"
    } else {
        "They are"
    };
    let when = describe(first.shift.interval, subject.zone);
    let more = match clashes.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    format!(
        " {who} on call then: {}, {when}{more}. See on the page how to go on.",
        first.shift.role
    )
}

/// Shifts among those that overlap `range` that the person can't serve, from now on.
pub async fn clashes_within(
    conn: &mut PgConnection,
    person: PersonId,
    range: Interval,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Clash>> {
    let mut clashes = store::clashes(conn, &[person], range).await?;
    clashes.retain(|c| c.shift.interval.end > now);
    Ok(clashes)
}
