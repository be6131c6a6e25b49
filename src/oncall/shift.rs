//! The page of one shift: who serves, whom to escalate to, who was before and who comes next.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::model::{self, Duty, Handover, Slot, Who};
use super::open;
use super::reads::{self, Viewer, covers::Cover};
use crate::availability::{self, Clash, cant_path};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Interval, PersonId, ShiftId};
use crate::web::{Frame, Section, SignedIn, page};

/// Why nobody takes an open slot alone in some teams.
const APPROVAL: &str = "By the rules you could. Your team wants a manager's approval for who serves: ask a manager to plan you.";

#[derive(Template)]
#[template(path = "oncall/shift.html")]
struct Show {
    frame: Frame,
    /// "Mon 16 Nov 2026 09:00".
    start: String,
    end: String,
    /// The same by the clocks that the shift follows, where they differ.
    there: Option<String>,
    length: String,
    zone: Tz,
    team_name: String,
    slug: String,
    place: String,
    is_over: bool,
    is_now: bool,
    /// The viewer's own slots: several, where others serve parts in between.
    mine: Vec<Duty>,
    roles: Vec<Duty>,
    /// Requests for parts of it that are not settled.
    covers: Vec<Cover>,
    /// Slots of it that are open, and what speaks against the viewer's taking them: for engineers.
    open: Vec<(Slot, Option<String>)>,
    is_manager: bool,
    /// Who can't serve what they hold of it: for themselves, and for managers.
    clashes: Vec<Clash>,
    now: DateTime<Utc>,
}

impl Slot {
    /// Where whoever serves it, or a manager for them, says that they can't make it; empty where nobody
    /// serves.
    pub(super) fn cant_path(&self) -> String {
        let path = |who: &Who| cant_path(self.shift, self.role, who.id, self.interval.start);
        self.who.as_ref().map(path).unwrap_or_default()
    }
}

impl Show {
    /// The request for a slot, if there is one.
    fn cover(&self, duty: &Duty) -> Option<&Cover> {
        let of = |c: &&Cover| c.role == duty.slot.role && c.interval.overlaps(&duty.slot.interval);
        self.covers.iter().find(of)
    }

    /// Why somebody can't serve what they hold, as far as the viewer may know.
    fn clash(&self, duty: &Duty) -> Option<&Clash> {
        let who = duty.slot.who.as_ref().filter(|_| self.is_open(duty))?;
        let of = |c: &&Clash| {
            c.person == who.id
                && c.shift.id == duty.slot.shift
                && c.shift.role_id == duty.slot.role
                && c.shift.interval.overlaps(&duty.slot.interval)
        };
        self.clashes.iter().find(of)
    }

    fn is_open(&self, duty: &Duty) -> bool {
        duty.slot.interval.end > self.now
    }

    /// When a part of the shift is; empty for all of it.
    fn part(&self, duty: &Duty) -> String {
        if !duty.is_later_part && !duty.is_earlier_part {
            return String::new();
        }
        self.hours(&duty.slot)
    }

    fn hours(&self, slot: &Slot) -> String {
        let start = slot.interval.start.with_timezone(&self.zone);
        let end = model::until(slot.interval.start, slot.interval.end, self.zone);
        format!("{} to {end}", start.format("%a %H:%M"))
    }
}

/// `GET /shifts/{id}`
pub async fn show(State(state): State<AppState>, user: SignedIn, Path(id): Path<String>) -> Answer {
    let id: ShiftId = id.parse().map_err(|_| AppError::NotFound)?;
    let viewer = Viewer {
        id: user.id,
        is_admin: user.is_admin,
    };
    let mut conn = state.db.acquire().await?;
    let roles = reads::duties_of_shift(&mut conn, viewer, id).await?;
    let covers = reads::covers::of_shift(&mut conn, id).await?;
    let first = roles.first().ok_or(AppError::NotFound)?;
    let team = user.member_of(&first.slug)?;
    let whole = |d: &Duty| (d.slot.interval.start, d.slot.interval.end);
    let (start, end) = roles
        .iter()
        .map(whole)
        .fold(whole(first), |(a, b), (c, d)| (a.min(c), b.max(d)));
    let interval = Interval { start, end };
    let people: Vec<PersonId> = roles
        .iter()
        .filter_map(|d| d.slot.who.as_ref())
        .map(|w| w.id)
        .filter(|id| team.is_manager || *id == user.id)
        .collect();
    let clashes = availability::clashes(&mut conn, &people, interval).await?;
    let is_open = |d: &&Duty| d.slot.who.is_none() && team.is_engineer;
    let open = roles.iter().filter(is_open).map(|d| d.slot.clone());
    let mut open = open::could_take(&mut conn, &user, open).await?;
    let needs_approval = !open.is_empty() && reads::needs_approval(&mut conn, team.team).await?;
    for (_, against) in &mut open {
        *against = match against.take() {
            Some(why) => Some(format!("You can't take it by the rules: {why}.")),
            None => needs_approval.then(|| APPROVAL.to_owned()),
        };
    }
    drop(conn);
    let long = |t: chrono::DateTime<chrono::Utc>, zone: Tz| {
        t.with_timezone(&zone)
            .format("%a %-d %b %Y %H:%M")
            .to_string()
    };
    let (start, end) = (
        long(interval.start, user.zone),
        long(interval.end, user.zone),
    );
    let there = [interval.start, interval.end].map(|t| long(t, first.zone));
    let differs = there != [start.clone(), end.clone()];
    let place = [first.slot.rotation_name.as_str(), first.leg.as_str()];
    let place: Vec<&str> = place.into_iter().filter(|t| !t.is_empty()).collect();
    let show = Show {
        frame: user.team_frame(format!("Shift of {start}"), Section::Team, team),
        there: differs.then(|| format!("{} to {} ({})", there[0], there[1], first.zone.name())),
        length: model::length(interval.minutes()),
        zone: user.zone,
        team_name: first.team_name.clone(),
        slug: first.slug.clone(),
        place: place.join(" / "),
        is_over: interval.end <= user.now,
        is_now: interval.contains(user.now),
        mine: roles
            .iter()
            .filter(|d| d.slot.who.as_ref().is_some_and(|w| w.id == user.id))
            .cloned()
            .collect(),
        is_manager: team.is_manager,
        now: user.now,
        covers,
        open,
        clashes,
        start,
        end,
        roles,
    };
    page(&show)
}
