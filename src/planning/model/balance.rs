//! Balances and fair shares of everybody who was or will be in a rotation, month by month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::scheduler::fairness::{Claim, Month as Carried, balance, fair_shares, present_minutes};
use crate::vocab::{Interval, Month, PersonId, Points, local_instant};

/// What a person's share depends on.
#[derive(Clone, Debug)]
pub struct Share {
    /// The person.
    pub person: PersonId,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// First day in the team.
    pub joined_on: NaiveDate,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
    /// Their leave (UTC), over all months asked for.
    pub leave: Vec<Interval>,
    /// Percent of working time booked, by month; missing counts as 0.
    pub utilisation: BTreeMap<Month, i16>,
}

impl Share {
    /// The same of somebody who was not there before that day.
    #[must_use]
    pub fn since(&self, day: NaiveDate) -> Self {
        Self {
            joined_on: self.joined_on.max(day),
            ..self.clone()
        }
    }

    /// Minutes of a month present and not on leave; or those of the whole month.
    #[must_use]
    pub fn present_minutes(&self, month: Month, zone: Tz, whole: bool) -> i64 {
        if whole {
            return month.interval(zone).minutes();
        }
        self.claim(month, zone).present_min
    }

    fn claim(&self, month: Month, zone: Tz) -> Claim {
        let minute = |t: chrono::DateTime<chrono::Utc>| t.timestamp().div_euclid(60);
        let midnight =
            |day: NaiveDate| minute(local_instant(zone, day.and_time(chrono::NaiveTime::MIN)));
        let period = month.interval(zone);
        let leave: Vec<(i64, i64)> = self
            .leave
            .iter()
            .map(|i| (minute(i.start), minute(i.end)))
            .collect();
        Claim {
            capacity: self.capacity_percent.into(),
            present_min: present_minutes(
                (minute(period.start), minute(period.end)),
                Some(midnight(self.joined_on)),
                self.left_on.map(midnight),
                &leave,
            ),
            utilisation: self.utilisation.get(&month).copied().unwrap_or(0).into(),
        }
    }
}

/// Each person's balance over the look-back months and fair share of the month to plan, in the
/// order of the shares. `carried` holds burden by person and month; `total` is the burden to plan.
#[must_use]
pub fn balances(
    shares: &[Share],
    carried: &BTreeMap<(PersonId, Month), Points>,
    look_back: &[Month],
    planned: (Month, Points),
    zone: Tz,
) -> Vec<(Points, Points)> {
    let split = |month: Month, total: Points| {
        let claims: Vec<Claim> = shares.iter().map(|s| s.claim(month, zone)).collect();
        fair_shares(total.0, &claims)
    };
    let mut past: Vec<Vec<Carried>> = vec![Vec::new(); shares.len()];
    for &month in look_back {
        let own = |share: &Share| {
            carried
                .get(&(share.person, month))
                .copied()
                .unwrap_or_default()
        };
        let total = shares.iter().map(own).sum();
        for ((months, share), fair_share) in past.iter_mut().zip(shares).zip(split(month, total)) {
            months.push(Carried {
                carried: own(share).0,
                fair_share,
            });
        }
    }
    past.iter()
        .zip(split(planned.0, planned.1))
        .map(|(months, share)| (Points(balance(months)), Points(share)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(person: i64, joined: &str) -> Share {
        Share {
            person: PersonId(person),
            capacity_percent: 100,
            joined_on: joined.parse().unwrap(),
            left_on: None,
            leave: Vec::new(),
            utilisation: BTreeMap::new(),
        }
    }

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_newcomer_starts_at_zero_and_leave_is_no_debt() {
        let (october, november, december) = (month("2026-10"), month("2026-11"), month("2026-12"));
        let mut away = share(2, "2020-01-01");
        away.leave = vec![october.interval(Tz::UTC)];
        let shares = [share(1, "2020-01-01"), away, share(3, "2026-12-01")];
        let carried = [
            ((PersonId(1), october), Points(1000)),
            ((PersonId(1), november), Points(500)),
            ((PersonId(2), november), Points(500)),
        ];
        let result = balances(
            &shares,
            &carried.into(),
            &[october, november],
            (december, Points(900)),
            Tz::UTC,
        );
        assert_eq!(
            result,
            [
                (Points(0), Points(300)),
                (Points(0), Points(300)),
                (Points(0), Points(300))
            ]
        );
    }

    #[test]
    fn before_the_first_shift_nobody_owes_anything() {
        let (november, december) = (month("2026-11"), month("2026-12"));
        let carried = [1, 2].map(|p| ((PersonId(p), november), Points(500)));
        let result = |shares: &[Share]| {
            let carried = carried.into();
            let planned = (december, Points(0));
            let all = balances(shares, &carried, &[november], planned, Tz::UTC);
            all.into_iter()
                .map(|(balance, _)| balance)
                .collect::<Vec<_>>()
        };
        // The rotation began on the 16th, when the second of them joined.
        let shares = [share(1, "2020-01-01"), share(2, "2026-11-16")];
        assert_ne!(result(&shares), [Points(0), Points(0)]);
        let begins = "2026-11-16".parse().unwrap();
        let since = shares.map(|s| s.since(begins));
        assert_eq!(result(&since), [Points(0), Points(0)]);
    }

    #[test]
    fn the_more_utilised_has_the_smaller_share() {
        let december = month("2026-12");
        let mut busy = share(2, "2020-01-01");
        busy.utilisation.insert(december, 50);
        let result = balances(
            &[share(1, "2020-01-01"), busy],
            &BTreeMap::new(),
            &[],
            (december, Points(900)),
            Tz::UTC,
        );
        assert_eq!(result, [(Points(0), Points(600)), (Points(0), Points(300))]);
    }
}
