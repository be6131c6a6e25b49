//! Fair shares and balances, and the three traps that make teams distrust a scheduler.
use fairshift::scheduler::fairness::{Claim, Month, balance, fair_shares, present_minutes};
use fairshift::scheduler::{
    Effort, Person, Problem, Settings, Shift, Slot, Standing, levels, recommend,
};
use proptest::prelude::*;

const MONTH: i64 = 30 * 1440;

fn claim(present_min: i64) -> Claim {
    Claim {
        capacity: 100,
        present_min,
        utilisation: 0,
    }
}

/// A month of single days for people with these histories and availability.
fn month(people: &[(i64, bool)]) -> Problem {
    let people = people.iter().map(|&(history, available)| Person {
        capacity: 100,
        history,
        standing: if available {
            vec![Standing::Available; 30]
        } else {
            Vec::new()
        },
        ..Person::default()
    });
    let shifts = (0..30).map(|day| Shift {
        start_min: day * 1440,
        end_min: day * 1440 + 1440,
        day,
        weekend: None,
    });
    let slots = (0..30).map(|shift| Slot {
        shift,
        weight: 100,
        ..Slot::default()
    });
    let settings = Settings {
        scale: 1000,
        ..Settings::default()
    };
    Problem::new(
        people.collect(),
        shifts.collect(),
        slots.collect(),
        settings,
    )
}

fn loads(problem: &Problem) -> Vec<i64> {
    let found = recommend(problem, Effort::Quick);
    found.score.people.iter().map(|p| p.load).collect()
}

#[test]
fn a_newcomer_with_no_history_is_not_handed_everything() {
    // Three people carried 5000 in each of six months, all of it fairly; the fourth joins now.
    let mut past = vec![Vec::new(); 4];
    for _ in 0..6 {
        let claims = [claim(MONTH), claim(MONTH), claim(MONTH), claim(0)];
        for (person, fair_share) in fair_shares(15_000, &claims).into_iter().enumerate() {
            let carried = if person < 3 { 5000 } else { 0 };
            past[person].push(Month {
                carried,
                fair_share,
            });
        }
    }
    let balances: Vec<i64> = past.iter().map(|m| balance(m)).collect();
    assert_eq!(balances, [0, 0, 0, 0]);
    let shares = fair_shares(3000, &[claim(MONTH); 4]);
    let people: Vec<_> = balances
        .iter()
        .zip(&shares)
        .map(|(b, s)| (b - s, true))
        .collect();
    let problem = month(&people);
    assert_eq!(levels(&problem), [100; 4]);
    let mut loads = loads(&problem);
    loads.sort_unstable();
    assert_eq!(loads, [700, 700, 800, 800]);
}

#[test]
fn long_leave_does_not_come_back_as_debt() {
    // The second person was on leave for four of six months; the others carried it all.
    let mut past = vec![Vec::new(); 3];
    for number in 0..6 {
        let away = if number < 4 {
            vec![(0, MONTH)]
        } else {
            Vec::new()
        };
        let present = present_minutes((0, MONTH), None, None, &away);
        let shares = fair_shares(9000, &[claim(MONTH), claim(present), claim(MONTH)]);
        for (person, fair_share) in shares.into_iter().enumerate() {
            let carried = match (person, number < 4) {
                (1, true) => 0,
                (_, true) => 4500,
                (_, false) => 3000,
            };
            past[person].push(Month {
                carried,
                fair_share,
            });
        }
    }
    let balances: Vec<i64> = past.iter().map(|m| balance(m)).collect();
    assert_eq!(balances, [0, 0, 0]);
}

#[test]
fn marking_everything_unavailable_is_no_way_out() {
    // Only leave excuses: the share of an unavailable month stays and is owed.
    let shares = fair_shares(3000, &[claim(MONTH); 3]);
    assert_eq!(shares, [1000; 3]);
    let first = month(&[(-1000, true), (-1000, false), (-1000, true)]);
    assert_eq!(levels(&first)[1], 0, "nothing they could take");
    let carried = loads(&first);
    assert_eq!(carried[1], 0);
    let balances: Vec<i64> = carried
        .iter()
        .zip(&shares)
        .map(|(&carried, &fair_share)| {
            balance(&[Month {
                carried,
                fair_share,
            }])
        })
        .collect();
    assert_eq!(balances, [500, -1000, 500]);
    // The next month gives it back.
    let people: Vec<_> = balances.iter().map(|b| (b - 1000, true)).collect();
    let second = month(&people);
    assert_eq!(loads(&second), [500, 2000, 500]);
    assert_eq!(levels(&second), [25, 100, 25]);
}

#[test]
fn presence_counts_each_minute_once() {
    let period = (0, 1000);
    assert_eq!(present_minutes(period, None, None, &[]), 1000);
    assert_eq!(present_minutes(period, Some(400), Some(900), &[]), 500);
    assert_eq!(present_minutes(period, Some(1200), None, &[]), 0);
    assert_eq!(present_minutes(period, None, Some(-5), &[(-10, 20)]), 0);
    let leave = [(500, 700), (-50, 100), (600, 800), (990, 5000), (550, 560)];
    assert_eq!(
        present_minutes(period, None, None, &leave),
        1000 - 100 - 300 - 10
    );
}

#[test]
fn nobody_with_a_claim_means_no_shares() {
    let busy = Claim {
        utilisation: 250,
        ..claim(MONTH)
    };
    assert_eq!(fair_shares(1000, &[busy, claim(0)]), [0, 0]);
    assert_eq!(fair_shares(1000, &[]), Vec::<i64>::new());
}

fn claims() -> impl Strategy<Value = Vec<Claim>> {
    let one = (0_i64..=100, 0_i64..=MONTH, -20_i64..=140);
    let one = one.prop_map(|(capacity, present_min, utilisation)| Claim {
        capacity,
        present_min,
        utilisation,
    });
    prop::collection::vec(one, 1..9)
}

proptest! {
    #[test]
    fn shares_add_up_and_are_within_one_unit(total in 0_i64..1_000_000, claims in claims()) {
        let shares = fair_shares(total, &claims);
        let exact = |c: &Claim| {
            let free = 100 - c.utilisation.clamp(0, 100);
            i128::from(c.capacity) * i128::from(c.present_min) * i128::from(free)
        };
        let sum: i128 = claims.iter().map(exact).sum();
        prop_assert_eq!(shares.iter().sum::<i64>(), if sum > 0 { total } else { 0 });
        for (share, claim) in shares.iter().zip(&claims).filter(|_| sum > 0) {
            let off = i128::from(*share) * sum - i128::from(total) * exact(claim);
            prop_assert!(off.abs() < sum);
        }
    }

    #[test]
    fn more_utilised_never_has_the_larger_share_or_level(
        total in 1_i64..100_000,
        claims in claims(),
        more in 1_i64..60,
        carried in 0_i64..5000,
    ) {
        let mut busier = claims.clone();
        busier[0].utilisation += more;
        let (before, after) = (fair_shares(total, &claims), fair_shares(total, &busier));
        prop_assert!(after[0] <= before[0]);
        // As the product passes it: capacity as it is contracted, the share in the history.
        let level = |shares: &[i64]| {
            let people = shares.iter().enumerate();
            let people: Vec<_> = people
                .map(|(i, s)| (if i == 0 { carried - s } else { -s }, true))
                .collect();
            levels(&month(&people))[0]
        };
        prop_assert!(level(&after) <= level(&before));
    }

    #[test]
    fn fairness_survives_anything(
        total: i64,
        numbers in prop::collection::vec((any::<i64>(), any::<i64>(), any::<i64>()), 0..5),
    ) {
        let claims: Vec<Claim> = numbers
            .iter()
            .map(|&(capacity, present_min, utilisation)| Claim { capacity, present_min, utilisation })
            .collect();
        let _ = fair_shares(total, &claims);
        let months: Vec<Month> = numbers
            .iter()
            .map(|&(carried, fair_share, _)| Month { carried, fair_share })
            .collect();
        let _ = balance(&months);
        let leave: Vec<(i64, i64)> = numbers.iter().map(|&(a, b, _)| (a, b)).collect();
        let _ = present_minutes((total, i64::MAX), numbers.first().map(|n| n.2), None, &leave);
    }
}
