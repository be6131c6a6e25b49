//! The home page: am I on call, with whom, what do I still owe?

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::model::{self, Carried, Duty, KINDS, Kinds, Period, Segment, Slot, segments};
use super::open;
use super::reads::{self, Scope, Viewer, covers::Cover};
use crate::availability::{self, Banner, Clash, Freshness, LeaveToDecide, OnCall, Taken};
use crate::error::Answer;
use crate::requirements::{self, Summary};
use crate::state::AppState;
use crate::vocab::{Interval, Month, PersonId, Points, TeamId};
use crate::web::{Frame, Membership, Section, SignedIn, page};

/// Shifts to come that are listed.
const UPCOMING: usize = 8;
/// Teams that a manager or administrator sees at a glance.
const MOST_TEAMS: usize = 20;

/// Clashes of a team that its manager sees; the others are counted.
const MOST_LISTED: usize = 5;

/// What I carried in a team beside what the others did.
struct Balance {
    team: String,
    slug: String,
    mine: Points,
    mean: Points,
    my_bar: Vec<Segment>,
    mean_bar: Vec<Segment>,
}

/// One of the teams that I manage.
struct Managed {
    team: Membership,
    on_now: Vec<Slot>,
    /// Open slots to come that are published.
    open: usize,
    /// Requests for cover that are not settled.
    covers: usize,
    /// Whether it has any rotation.
    has_rotations: bool,
    /// Style and words of next month's state.
    next: (&'static str, String),
    /// Published shifts of people who can't serve then, with their name.
    clashes: Vec<(String, Clash)>,
    /// Published shifts that clash with somebody's calendar, with their name.
    taken: Vec<(String, Taken)>,
}

impl Managed {
    fn first_clashes(&self) -> &[(String, Clash)] {
        self.clashes.get(..MOST_LISTED).unwrap_or(&self.clashes)
    }

    fn more_clashes(&self) -> usize {
        self.clashes.len().saturating_sub(MOST_LISTED)
    }

    fn first_taken(&self) -> &[(String, Taken)] {
        self.taken.get(..MOST_LISTED).unwrap_or(&self.taken)
    }

    fn more_taken(&self) -> usize {
        self.taken.len().saturating_sub(MOST_LISTED)
    }
}

#[derive(Template)]
#[template(path = "oncall/home.html")]
struct Show {
    frame: Frame,
    user: SignedIn,
    zone: Tz,
    now: DateTime<Utc>,
    on: Vec<Duty>,
    next: Vec<Duty>,
    /// What they are asked to take.
    asked: Vec<Cover>,
    /// Their own requests that are not settled.
    requested: Vec<Cover>,
    /// Open slots that they could take.
    open: Vec<(Slot, String)>,
    /// Nobody can wake them.
    lacks_device: bool,
    /// A month that waits for their answer, and the last day for it.
    round: Option<(Banner, String)>,
    requirements: Summary,
    /// My shifts that I can't serve, and nobody was told so.
    clashes: Vec<Clash>,
    /// My shifts that clash with my calendars.
    taken: Vec<Taken>,
    /// Out of office that may be leave, and leave that is gone from the calendar.
    leave: Vec<LeaveToDecide>,
    /// My calendars, where one can't be read.
    failing: Option<Freshness>,
    balances: Vec<Balance>,
    managed: Vec<Managed>,
    more_teams: usize,
    next_month: Month,
    serves: bool,
}

impl Show {
    fn day_time(&self, t: &DateTime<Utc>) -> String {
        model::day_time(*t, self.now, self.zone)
    }

    fn when(&self, i: &Interval) -> String {
        availability::describe(*i, self.zone)
    }

    fn failing(&self) -> Option<String> {
        self.failing.map(|f| f.words(self.now))
    }

    fn month_of(&self, i: &Interval) -> Month {
        Month::of(i.start.with_timezone(&self.zone).date_naive())
    }

    fn until(&self, i: &Interval) -> String {
        model::until(i.start, i.end, self.zone)
    }

    /// Whether the page of a shift is theirs to open: not where they have left the team since it was
    /// published.
    fn may_open(&self, duty: &Duty) -> bool {
        self.user.teams.iter().any(|t| t.team == duty.slot.team)
    }

    /// Whether anything is left to do before they can be on duty.
    fn owes(&self) -> bool {
        self.lacks_device || self.round.is_some() || self.lacks()
    }

    /// Whether a requirement isn't held, or won't be for long.
    fn lacks(&self) -> bool {
        !self.requirements.is_ready() || self.requirements.lapsing > 0
    }

    /// "Fri 09:00 to Sat 09:00".
    fn time(&self, i: &Interval) -> String {
        let end = model::until(i.start, i.end, self.zone);
        format!("{} to {end}", model::day_time(i.start, self.now, self.zone))
    }

    /// Where a team's clashes are all listed, from the first of them on.
    fn answers(&self, m: &Managed) -> String {
        let of_clashes = m.clashes.iter().map(|(_, c)| c.shift.interval);
        let of_taken = m.taken.iter().map(|(_, t)| t.shift.interval);
        let first = of_clashes.chain(of_taken).min_by_key(|i| i.start);
        let month = first.map_or(self.next_month, |i| self.month_of(&i));
        format!("/teams/{}/availability?month={month}", m.team.slug)
    }

    fn wait(&self, t: &DateTime<Utc>) -> String {
        model::wait(*t, self.now)
    }
}

/// `GET /`
pub async fn show(State(state): State<AppState>, user: SignedIn) -> Answer {
    let mut conn = state.db.acquire().await?;
    let viewer = Viewer {
        id: user.id,
        is_admin: user.is_admin,
    };
    let ahead = Interval {
        start: user.now,
        end: user.now + TimeDelta::days(366),
    };
    let scope = Scope::Person(user.id);
    let duties = reads::duties(&mut conn, viewer, scope, ahead, 10).await?;
    let (on, mut next): (Vec<_>, Vec<_>) = duties
        .into_iter()
        .partition(|d| d.slot.interval.contains(user.now));
    next.truncate(UPCOMING);
    let mut asked = reads::covers::asked(&mut conn, user.id).await?;
    asked.retain(|c| user.teams.iter().any(|t| t.team == c.team));
    let requested = reads::covers::requested(&mut conn, user.id).await?;
    let open = open::next(&mut conn, &user).await?;
    let serves = user.serves_any() || !on.is_empty() || !next.is_empty();
    let lacks_device = serves && !reads::has_device(&mut conn, user.id).await?;
    let round = availability::banner(&mut conn, user.id, user.now).await?;
    let requirements = requirements::summary(&mut conn, user.id, user.now).await?;
    let mut clashes = availability::clashes(&mut conn, &[user.id], ahead).await?;
    let is_open = |slug: &str| user.teams.iter().any(|t| t.slug == slug);
    clashes.retain(|c| !is_said(&c.shift, &requested) && is_open(&c.shift.slug));
    let mut taken = availability::taken_shifts(&mut conn, &[user.id], ahead).await?;
    taken.retain(|t| is_open(&t.shift.slug));
    let leave = availability::leave_to_decide(&mut conn, user.id, user.now).await?;
    let fresh = availability::freshness(&mut conn, &[user.id]).await?;
    let mut balances = Vec::new();
    for team in user.teams.iter().filter(|t| t.is_engineer).take(5) {
        balances.extend(balance(&mut conn, team, &user).await?);
    }
    let managed: Vec<Membership> = user
        .teams
        .iter()
        .filter(|t| t.is_manager)
        .cloned()
        .collect();
    let more_teams = managed.len().saturating_sub(MOST_TEAMS);
    let next_month = Month::of(user.today()).next();
    let managed = glance(&mut conn, managed, &user, next_month).await?;
    drop(conn);
    page(&Show {
        frame: user.frame("Home", Section::Home),
        zone: user.zone,
        now: user.now,
        on,
        next,
        asked,
        requested,
        open,
        lacks_device,
        round: round.map(|b| {
            let last = b.closes_on.format("%A, %-d %B").to_string();
            (b, last)
        }),
        requirements,
        clashes,
        taken,
        leave,
        failing: fresh.get(&user.id).filter(|f| f.failing > 0).copied(),
        balances,
        managed,
        more_teams,
        next_month,
        serves,
        user,
    })
}

/// Whether a replacement is looked for already: then nothing is left to say.
fn is_said(shift: &OnCall, requests: &[Cover]) -> bool {
    let of = |c: &Cover| c.shift == shift.id && c.role == shift.role_id;
    requests
        .iter()
        .any(|c| of(c) && c.interval.overlaps(&shift.interval))
}

/// What the viewer and the team's engineers carried over the last six months; none where nobody
/// carried anything.
async fn balance(
    conn: &mut PgConnection,
    team: &Membership,
    user: &SignedIn,
) -> sqlx::Result<Option<Balance>> {
    // As in the team's reports, which the page leads to.
    let period = Period::half_year(user.now.with_timezone(&team.zone).date_naive());
    let carried = reads::carried(conn, team.team, period.interval(team.zone)).await?;
    let engineers = reads::engineers(conn, team.team, period.from, period.to).await?;
    Ok(
        compare(&carried, engineers.iter().map(|w| w.id).collect(), user.id).map(|(mine, mean)| {
            let most = sum(&mine).max(sum(&mean));
            Balance {
                team: team.name.clone(),
                slug: team.slug.clone(),
                mine: sum(&mine),
                mean: sum(&mean),
                my_bar: segments(&mine, most),
                mean_bar: segments(&mean, most),
            }
        }),
    )
}

fn sum(points: &Kinds<Points>) -> Points {
    points.iter().copied().sum()
}

/// My points by kind, and the mean over the people given and all who carried anything.
fn compare(
    carried: &[Carried],
    mut people: Vec<PersonId>,
    me: PersonId,
) -> Option<(Kinds<Points>, Kinds<Points>)> {
    people.extend(carried.iter().map(|c| c.who.id));
    people.sort();
    people.dedup();
    let heads = i64::try_from(people.len()).ok().filter(|n| *n > 0)?;
    let mut all = [Points(0); KINDS.len()];
    let mut mine = all;
    for slot in carried {
        for ((all, mine), points) in all.iter_mut().zip(&mut mine).zip(slot.points) {
            *all += points;
            if slot.who.id == me {
                *mine += points;
            }
        }
    }
    (sum(&all).0 > 0).then(|| (mine, all.map(|p| Points(p.0 / heads))))
}

/// The teams that somebody manages: who is on now, what is open, whether next month is planned.
async fn glance(
    conn: &mut PgConnection,
    mut teams: Vec<Membership>,
    user: &SignedIn,
    next_month: Month,
) -> sqlx::Result<Vec<Managed>> {
    teams.truncate(MOST_TEAMS);
    let ids: Vec<TeamId> = teams.iter().map(|t| t.team).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ahead = Interval {
        start: user.now,
        end: user.now + TimeDelta::days(62),
    };
    let slots = reads::slots(conn, &ids, ahead).await?;
    let decided = reads::decided(conn, &ids, next_month.first()).await?;
    let covers = reads::covers::of_teams(conn, &ids).await?;
    let mut people: BTreeMap<PersonId, String> = BTreeMap::new();
    for who in slots.iter().filter_map(|s| s.who.as_ref()) {
        people.insert(who.id, who.name.clone());
    }
    let on_call: Vec<PersonId> = people.keys().copied().filter(|p| *p != user.id).collect();
    let mut clashes = availability::clashes(conn, &on_call, ahead).await?;
    clashes.retain(|c| !is_said(&c.shift, &covers));
    let taken = availability::taken_shifts(conn, &on_call, ahead).await?;
    let managed = teams.into_iter().map(|team| {
        let of_team = || slots.iter().filter(|s| s.team == team.team);
        let states: Vec<Option<&str>> = decided
            .iter()
            .filter(|d| d.team == team.team)
            .map(|d| d.state.as_deref())
            .collect();
        Managed {
            on_now: of_team()
                .filter(|s| s.interval.contains(user.now))
                .cloned()
                .collect(),
            open: of_team().filter(|s| s.who.is_none()).count(),
            covers: covers.iter().filter(|c| c.team == team.team).count(),
            has_rotations: !states.is_empty(),
            next: state_of(&states),
            clashes: clashes
                .iter()
                .filter(|c| c.shift.slug == team.slug)
                .filter_map(|c| Some((people.get(&c.person)?.clone(), c.clone())))
                .collect(),
            taken: taken
                .iter()
                .filter(|t| t.shift.slug == team.slug)
                .filter_map(|t| Some((people.get(&t.person)?.clone(), t.clone())))
                .collect(),
            team,
        }
    });
    Ok(managed.collect())
}

/// Style and words for a month of several rotations.
fn state_of(states: &[Option<&str>]) -> (&'static str, String) {
    let count = |state| states.iter().filter(|s| **s == state).count();
    let (published, drafts) = (count(Some("published")), count(Some("draft")));
    match (states.len(), published, drafts) {
        (all, published, _) if all == published => ("good", "published".to_owned()),
        (_, 0, 0) => ("warn", "not planned yet".to_owned()),
        (1, _, _) => ("accent", "draft".to_owned()),
        (all, published, _) if published > 0 => (
            "accent",
            format!("{published} of {all} rotations published"),
        ),
        (all, _, drafts) => ("accent", format!("{drafts} of {all} rotations drafted")),
    }
}

#[cfg(test)]
mod tests {
    use super::state_of;

    #[test]
    fn a_month_is_published_when_all_its_rotations_are() {
        let say = |states: &[Option<&str>]| state_of(states).1;
        assert_eq!(say(&[Some("published")]), "published");
        assert_eq!(say(&[Some("draft")]), "draft");
        assert_eq!(say(&[None, None]), "not planned yet");
        assert_eq!(
            say(&[Some("published"), None]),
            "1 of 2 rotations published"
        );
        assert_eq!(say(&[Some("draft"), None]), "1 of 2 rotations drafted");
    }
}
