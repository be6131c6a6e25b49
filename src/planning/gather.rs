//! Reading everything that a recommendation depends on, in a fixed number of queries.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::model::{Elsewhere, Inputs, PersonInput, Share, ShiftInput, SlotInput, balances};
use super::shape::shape;
use super::store::{self, PersonRow, Stored, StoredSlot};
use crate::availability::{self, Timeline, Utilisation};
use crate::error::AppError;
use crate::requirements::{self, RotationRequirements};
use crate::rotations::{HardRules, Rotation, weekend};
use crate::vocab::{Interval, Level, Month, PersonId, Points, zone};

/// Everything a recommendation for a month depends on. Reads only. Shifts that have begun at `begun`
/// are as they were published: for planning that is now.
///
/// # Errors
/// Where the database fails.
pub async fn gather(
    conn: &mut PgConnection,
    rotation: &Rotation,
    month: Month,
    (now, begun): (DateTime<Utc>, DateTime<Utc>),
    published: Option<&Stored>,
    published_slots: &[StoredSlot],
) -> Result<Inputs, AppError> {
    let team_zone = zone(&store::team_zone(conn, rotation.team).await?).unwrap_or(chrono_tz::UTC);
    let (roles, shifts, slots) = shape(rotation, month, begun, published_slots);
    let hard = rotation
        .on(month.last())
        .map(|v| v.rules.clone())
        .ok_or_else(|| AppError::Internal("a rotation without rules".into()))?;
    let engineers = store::members(conn, rotation.team).await?;
    let mut planned: Vec<PersonId> = rotation
        .members
        .values()
        .flatten()
        .copied()
        .filter(|p| engineers.contains(p))
        .collect();
    // Whoever holds a slot is shown, whether or not they still belong here.
    planned.extend(published_slots.iter().filter_map(|s| s.person));
    planned.sort_unstable();
    planned.dedup();
    let read = Read::new(
        conn,
        rotation,
        &hard,
        planned,
        (month, team_zone),
        published,
        now,
    )
    .await?;
    let people = read.people(rotation, &engineers, &shifts, &slots)?;
    Ok(Inputs {
        rotation: rotation.id,
        name: rotation.name.clone(),
        team: rotation.team,
        zone: team_zone,
        month,
        now,
        rules: hard,
        roles,
        shifts,
        slots,
        people,
    })
}

/// What was read of people.
struct Read {
    month: Month,
    zone: Tz,
    look_back: Vec<Month>,
    /// The day of the rotation's first shift: nobody could carry anything before.
    begins: Option<NaiveDate>,
    /// Who may be planned, sorted.
    planned: Vec<PersonId>,
    /// Those and whoever carried burden in the look-back.
    rows: Vec<PersonRow>,
    carried: BTreeMap<(PersonId, Month), Points>,
    served: BTreeMap<PersonId, i64>,
    timelines: BTreeMap<PersonId, Timeline>,
    utilisations: BTreeMap<(PersonId, Month), Utilisation>,
    answered: BTreeSet<PersonId>,
    duties: RotationRequirements,
    elsewhere: BTreeMap<PersonId, Vec<Elsewhere>>,
}

impl Read {
    async fn new(
        conn: &mut PgConnection,
        rotation: &Rotation,
        hard: &HardRules,
        planned: Vec<PersonId>,
        (month, zone): (Month, Tz),
        published: Option<&Stored>,
        now: DateTime<Utc>,
    ) -> Result<Self, AppError> {
        let look_back: Vec<Month> =
            std::iter::successors(Some(month.previous()), |m| Some(m.previous()))
                .take(usize::try_from(hard.look_back_months).unwrap_or(6))
                .collect();
        let whole = month.interval(zone);
        let start = look_back
            .last()
            .map_or(whole.start, |m| m.interval(zone).start);
        let past = Interval {
            start,
            end: whole.start,
        };
        let carried = store::carried_by_month(conn, rotation.id, past, zone.name()).await?;
        let mut everybody = planned.clone();
        everybody.extend(carried.keys().map(|(person, _)| *person));
        everybody.sort_unstable();
        everybody.dedup();
        // Shifts may begin a day before or end a week after the month in other zones.
        let margin = TimeDelta::days(9);
        let reach = Interval {
            start: start - margin,
            end: whole.end + margin,
        };
        let months: Vec<Month> = look_back.iter().copied().chain([month]).collect();
        let window = TimeDelta::days(i64::from(hard.window_days).max(28)) + margin;
        let around = Interval {
            start: whole.start - window,
            end: whole.end + window,
        };
        let answered = availability::answered(conn, &planned, month).await?;
        let begins = store::first_shift(conn, rotation.id).await?;
        Ok(Self {
            begins: begins.map(|at| at.with_timezone(&zone).date_naive()),
            rows: store::people(conn, rotation.team, rotation.id, &everybody).await?,
            served: store::served(conn, rotation.id, now).await?,
            timelines: availability::for_planning(conn, &everybody, reach).await?,
            utilisations: availability::utilisations(conn, &everybody, &months).await?,
            answered: answered.into_keys().collect(),
            duties: requirements::holdings_for(conn, rotation.id, whole.start - margin).await?,
            elsewhere: elsewhere(conn, &planned, around, published).await?,
            month,
            zone,
            look_back,
            planned,
            carried,
        })
    }

    fn is_planned(&self, person: PersonId) -> bool {
        self.planned.binary_search(&person).is_ok()
    }

    /// How booked somebody is. Who has not said counts as busy as the others: neither more nor less
    /// for it.
    fn booked(&self, person: PersonId, month: Month) -> Option<i16> {
        let known = self.utilisations.get(&(person, month)).map(|u| u.percent);
        known.or_else(|| usual(month, &self.utilisations))
    }

    fn share(&self, row: &PersonRow) -> Share {
        let leave = |timeline: &Timeline| -> Vec<Interval> {
            let pieces = timeline.pieces(timeline.range());
            pieces
                .filter(|piece| piece.level == Level::Leave)
                .map(|piece| piece.interval)
                .collect()
        };
        let months = self.look_back.iter().chain([&self.month]);
        Share {
            person: row.id,
            capacity_percent: row.capacity_percent,
            joined_on: row.joined_on,
            left_on: row.left_on,
            leave: self.timelines.get(&row.id).map(leave).unwrap_or_default(),
            utilisation: months
                .filter_map(|m| Some((*m, self.booked(row.id, *m)?)))
                .collect(),
        }
    }

    /// From when on somebody owes their part of what the rotation carried: from its first shift, and not
    /// before they belonged to it, or served in it all the same.
    fn owes_since(&self, row: &PersonRow) -> NaiveDate {
        let served = |month: &&Month| self.carried.contains_key(&(row.id, **month));
        let first = self.look_back.iter().filter(served).min();
        let joined = first.map_or(row.in_rotation_since, |first| {
            row.in_rotation_since.min(first.first())
        });
        self.begins.map_or(joined, |begins| begins.max(joined))
    }

    /// Balance and fair share of the month, by person. In the month itself only those share who can
    /// be planned; in the past everybody did who was there.
    fn fairness(&self, total: Points) -> BTreeMap<PersonId, (Points, Points)> {
        let shares: Vec<Share> = self.rows.iter().map(|row| self.share(row)).collect();
        let since: Vec<Share> = shares
            .iter()
            .zip(&self.rows)
            .map(|(share, row)| share.since(self.owes_since(row)))
            .collect();
        let past = balances(
            &since,
            &self.carried,
            &self.look_back,
            (self.month, Points(0)),
            self.zone,
        );
        let present: Vec<Share> = shares
            .iter()
            .filter(|s| self.is_planned(s.person))
            .cloned()
            .collect();
        let fair = balances(
            &present,
            &BTreeMap::new(),
            &[],
            (self.month, total),
            self.zone,
        );
        let fair: BTreeMap<PersonId, Points> = present
            .iter()
            .zip(fair)
            .map(|(share, (_, fair))| (share.person, fair))
            .collect();
        let both = |(share, (balance, _)): (&Share, (Points, Points))| {
            (
                share.person,
                (
                    balance,
                    fair.get(&share.person).copied().unwrap_or_default(),
                ),
            )
        };
        shares.iter().zip(past).map(both).collect()
    }

    fn people(
        &self,
        rotation: &Rotation,
        engineers: &[PersonId],
        shifts: &[ShiftInput],
        slots: &[SlotInput],
    ) -> Result<Vec<PersonInput>, AppError> {
        let fairness = self.fairness(slots.iter().map(|s| s.points).sum());
        let lacks = |person: PersonId| {
            let lacking = |(index, slot): (usize, &SlotInput)| {
                let interval = shifts.get(slot.shift)?.interval;
                let titles = self.duties.lacks(slot.key.role, person, interval);
                let titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
                (!titles.is_empty()).then_some((index, titles))
            };
            slots.iter().enumerate().filter_map(lacking).collect()
        };
        let member = |id: PersonId| engineers.contains(&id);
        let input = |row: &PersonRow| {
            let (balance, fair_share) = fairness.get(&row.id).copied().unwrap_or_default();
            let timeline = self.timelines.get(&row.id).cloned();
            Ok(PersonInput {
                id: row.id,
                name: row.name.clone(),
                capacity_percent: row.capacity_percent,
                joined_on: row.joined_on,
                left_on: row.left_on,
                legs: rotation
                    .members
                    .iter()
                    .filter(|(_, members)| members.contains(&row.id) && member(row.id))
                    .map(|(leg, _)| *leg)
                    .collect(),
                timeline: timeline
                    .ok_or_else(|| AppError::Internal("a person without a timeline".into()))?,
                has_answered: self.answered.contains(&row.id),
                utilisation_percent: self.booked(row.id, self.month),
                is_utilisation_known: self.utilisations.contains_key(&(row.id, self.month)),
                is_from_calendars: self
                    .utilisations
                    .get(&(row.id, self.month))
                    .is_some_and(|u| matches!(u.source, availability::Source::Calendars)),
                served: self.served.get(&row.id).copied().unwrap_or(0),
                balance,
                fair_share,
                elsewhere: self.elsewhere.get(&row.id).cloned().unwrap_or_default(),
                lacks: lacks(row.id),
            })
        };
        self.rows
            .iter()
            .filter(|row| self.is_planned(row.id))
            .map(input)
            .collect()
    }
}

/// Published shifts of these people that are not the schedule's own.
async fn elsewhere(
    conn: &mut PgConnection,
    people: &[PersonId],
    around: Interval,
    published: Option<&Stored>,
) -> sqlx::Result<BTreeMap<PersonId, Vec<Elsewhere>>> {
    let mut elsewhere: BTreeMap<PersonId, Vec<Elsewhere>> = BTreeMap::new();
    for row in store::elsewhere(conn, people, around, published.map(|p| p.id)).await? {
        let zone = zone(&row.time_zone).unwrap_or(chrono_tz::UTC);
        let day = row.interval.start.with_timezone(&zone).date_naive();
        let shift = Elsewhere {
            interval: row.interval,
            day,
            weekend: weekend(row.interval, zone),
        };
        elsewhere.entry(row.person).or_default().push(shift);
    }
    Ok(elsewhere)
}

/// The mean of what is known of a month, in percent.
fn usual(month: Month, known: &BTreeMap<(PersonId, Month), Utilisation>) -> Option<i16> {
    let percents: Vec<i64> = known
        .iter()
        .filter(|((_, m), _)| *m == month)
        .map(|(_, u)| u.percent.into())
        .collect();
    let sum: i64 = percents.iter().sum();
    i16::try_from(sum.checked_div(i64::try_from(percents.len()).ok()?)?).ok()
}
