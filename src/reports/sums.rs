//! Sums over what people carried. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};

use crate::oncall::{Carried, Kinds, Period, Who, length};
use crate::vocab::{Month, PersonId, Points, RoleId, ShiftId};

/// Longest period of a report, in days: ten years.
pub const MOST_DAYS: i64 = 3660;

/// Periods that people often want, with their names; the first is shown when none is asked for.
pub fn presets(today: NaiveDate) -> [(&'static str, Period); 4] {
    let month = Month::of(today);
    let of = |month: Month| Period {
        from: month.first(),
        to: month.last(),
    };
    let year = |month, day| NaiveDate::from_ymd_opt(today.year(), month, day).unwrap_or(today);
    [
        ("Last 6 months", Period::half_year(today)),
        ("This month", of(month)),
        ("Last month", of(month.previous())),
        (
            "This year",
            Period {
                from: year(1, 1),
                to: year(12, 31),
            },
        ),
    ]
}

/// A number of shifts, their minutes and their burden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// How many slots.
    pub shifts: i64,
    /// Their minutes by kind.
    pub minutes: Kinds<i64>,
    /// Their burden by kind.
    pub points: Kinds<Points>,
}

impl Load {
    fn add(&mut self, slot: &Carried) {
        self.shifts += 1;
        for (mine, more) in self.minutes.iter_mut().zip(slot.minutes) {
            *mine += more;
        }
        for (mine, more) in self.points.iter_mut().zip(slot.points) {
            *mine += more;
        }
    }

    /// All minutes.
    pub fn all_minutes(&self) -> i64 {
        self.minutes.iter().sum()
    }

    /// The whole burden.
    pub fn all_points(&self) -> Points {
        self.points.iter().copied().sum()
    }

    /// Hours and points of each kind.
    pub fn by_kind(&self) -> impl Iterator<Item = (String, Points)> {
        let both = self.minutes.iter().zip(self.points);
        both.map(|(minutes, points)| (length(*minutes), points))
    }

    fn over(self, heads: i64) -> Self {
        let heads = heads.max(1);
        Self {
            shifts: self.shifts / heads,
            minutes: self.minutes.map(|m| m / heads),
            points: self.points.map(|p| Points(p.0 / heads)),
        }
    }
}

/// A role that somebody served.
#[derive(Clone, Debug)]
pub struct Role {
    /// Which.
    pub id: RoleId,
    /// Its rotation's name.
    pub rotation: String,
    /// Its own.
    pub name: String,
}

/// What one person carried.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who.
    pub who: Who,
    /// In all.
    pub load: Load,
    /// By role, in the order of the report's roles.
    pub by_role: Vec<Load>,
    /// Who served the same shifts and how many of them, the most frequent first.
    pub partners: Vec<(String, i64)>,
}

/// What a team carried over a period.
#[derive(Clone, Debug)]
pub struct Report {
    /// Roles that were served, by rotation and name.
    pub roles: Vec<Role>,
    /// People, who carried most first.
    pub rows: Vec<Row>,
    /// All of them together.
    pub total: Load,
    /// The mean of a person.
    pub mean: Load,
    /// The mean number of shifts, in tenths.
    mean_shifts_tenths: i64,
}

impl Report {
    /// Sums up. `people` stand in it even if they carried nothing.
    pub fn of(carried: &[Carried], people: Vec<Who>) -> Self {
        let mut roles: Vec<Role> = Vec::new();
        let mut names: BTreeMap<PersonId, Who> = people.into_iter().map(|w| (w.id, w)).collect();
        let mut shifts: BTreeMap<ShiftId, Vec<PersonId>> = BTreeMap::new();
        for slot in carried {
            names.entry(slot.who.id).or_insert_with(|| slot.who.clone());
            if !roles.iter().any(|r| r.id == slot.role) {
                roles.push(Role {
                    id: slot.role,
                    rotation: slot.rotation_name.clone(),
                    name: slot.role_name.clone(),
                });
            }
            if let Some(shift) = slot.shift {
                shifts.entry(shift).or_default().push(slot.who.id);
            }
        }
        roles.sort_by(|a, b| (&a.rotation, &a.name, a.id).cmp(&(&b.rotation, &b.name, b.id)));
        let place: BTreeMap<RoleId, usize> = roles.iter().map(|r| r.id).zip(0..).collect();
        let mut loads: BTreeMap<PersonId, (Load, Vec<Load>)> = names
            .keys()
            .map(|id| (*id, (Load::default(), vec![Load::default(); roles.len()])))
            .collect();
        let mut total = Load::default();
        for slot in carried {
            total.add(slot);
            if let Some((load, by_role)) = loads.get_mut(&slot.who.id) {
                load.add(slot);
                let role = place.get(&slot.role).and_then(|n| by_role.get_mut(*n));
                if let Some(role) = role {
                    role.add(slot);
                }
            }
        }
        let mut pairs = together(&shifts);
        let mut rows: Vec<Row> = loads
            .into_iter()
            .filter_map(|(id, (load, by_role))| {
                let mut partners: Vec<(String, i64)> = pairs
                    .remove(&id)
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|(other, n)| Some((names.get(&other)?.name.clone(), n)))
                    .collect();
                partners.sort_by(|(a, n), (b, m)| (m, a).cmp(&(n, b)));
                Some(Row {
                    who: names.get(&id)?.clone(),
                    load,
                    by_role,
                    partners,
                })
            })
            .collect();
        rows.sort_by(|a, b| {
            let key = |r: &Row| (-r.load.all_points().0, r.who.name.clone(), r.who.id);
            key(a).cmp(&key(b))
        });
        let heads = i64::try_from(rows.len()).unwrap_or(i64::MAX).max(1);
        Self {
            roles,
            mean: total.over(heads),
            mean_shifts_tenths: total.shifts * 10 / heads,
            rows,
            total,
        }
    }

    /// The largest burden of anybody, which fills a bar.
    pub fn most(&self) -> Points {
        let points = self.rows.iter().map(|r| r.load.all_points());
        points.max().unwrap_or_default()
    }

    /// Where the mean stands beside the largest, in percent.
    #[allow(clippy::cast_precision_loss)] // For drawing.
    pub fn mean_place(&self) -> f64 {
        let most = self.most().0.max(1) as f64;
        (self.mean.all_points().0 as f64 * 10_000.0 / most).round() / 100.0
    }

    /// The mean number of shifts, with one decimal.
    pub fn mean_shifts(&self) -> String {
        let tenths = self.mean_shifts_tenths;
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// For everybody, how many shifts they shared with whom.
fn together(
    shifts: &BTreeMap<ShiftId, Vec<PersonId>>,
) -> BTreeMap<PersonId, BTreeMap<PersonId, i64>> {
    let mut pairs: BTreeMap<PersonId, BTreeMap<PersonId, i64>> = BTreeMap::new();
    for crew in shifts.values() {
        for one in crew {
            for other in crew.iter().filter(|other| *other != one) {
                *pairs.entry(*one).or_default().entry(*other).or_default() += 1;
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::{Interval, RotationId};

    fn slot(person: i64, role: i64, shift: i64, points: i64) -> Carried {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(shift);
        Carried {
            who: Who {
                id: PersonId(person),
                name: format!("P{person}"),
            },
            interval: Interval::new(start, start + TimeDelta::hours(24)).unwrap(),
            rotation: RotationId(1),
            rotation_name: "Main".into(),
            role: RoleId(role),
            role_name: format!("R{role}"),
            shift: Some(ShiftId(shift)),
            minutes: [840, 600, 0, 0],
            points: [Points(points), Points(0), Points(0), Points(0)],
        }
    }

    #[test]
    fn who_did_nothing_stands_in_it_and_lowers_the_mean() {
        let carried = [slot(1, 1, 1, 900), slot(2, 2, 1, 300), slot(1, 1, 2, 900)];
        let idle = Who {
            id: PersonId(3),
            name: "Idle".into(),
        };
        let report = Report::of(&carried, vec![idle]);
        let rows: Vec<_> = report
            .rows
            .iter()
            .map(|r| (r.who.id.0, r.load.shifts, r.load.all_points().0))
            .collect();
        assert_eq!(rows, [(1, 2, 1800), (2, 1, 300), (3, 0, 0)]);
        assert_eq!(report.mean.all_points(), Points(700));
        assert_eq!(report.rows[0].partners, [("P2".to_owned(), 1)]);
        assert_eq!(report.rows[0].by_role[0].shifts, 2);
        assert_eq!(report.rows[0].by_role[1].shifts, 0);
    }

    #[test]
    fn an_empty_report_divides_by_nobody() {
        let report = Report::of(&[], vec![]);
        assert_eq!(report.mean, Load::default());
        assert!((report.mean_place() - 0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn last_month_is_the_one_before() {
        let presets = presets("2026-08-31".parse().unwrap());
        assert_eq!(presets[2].1.from.to_string(), "2026-07-01");
    }

    proptest! {
        #[test]
        fn rows_and_roles_add_up_to_the_total(slots in prop::collection::vec((1i64..6, 1i64..4, 1i64..20, 0i64..5000), 0..60)) {
            let carried: Vec<_> = slots.iter().map(|(p, r, s, n)| slot(*p, *r, *s, *n)).collect();
            let report = Report::of(&carried, vec![]);
            let rows: Points = report.rows.iter().map(|r| r.load.all_points()).sum();
            let roles: Points = report.rows.iter().flat_map(|r| &r.by_role).map(Load::all_points).sum();
            let wanted: Points = slots.iter().map(|s| Points(s.3)).sum();
            prop_assert_eq!(report.total.all_points(), wanted);
            prop_assert_eq!(rows, wanted);
            prop_assert_eq!(roles, wanted);
            prop_assert_eq!(report.rows.iter().map(|r| r.load.shifts).sum::<i64>(), report.total.shifts);
            // With whom is mutual.
            let shared: i64 = report.rows.iter().flat_map(|r| &r.partners).map(|(_, n)| n).sum();
            prop_assert_eq!(shared % 2, 0);
        }
    }
}
