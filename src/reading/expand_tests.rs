//! Rules by the day and longer, held against the `rrule` crate; shorter ones, where that passes over
//! times or gives up, against looking at every second.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use proptest::prelude::*;
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use super::expand::Expansion;
use super::rule::{Every, Rule};
use super::work::Work;

/// Times that are compared.
const MOST: usize = 40;

fn moment(year: i32, month: u32, day: u32, hour: u32, minute: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, month, day)
        .unwrap()
        .and_hms_opt(hour, minute, 0)
        .unwrap()
}

fn ours(
    rule: &str,
    start: NaiveDateTime,
    from: NaiveDateTime,
    to: NaiveDateTime,
) -> Vec<NaiveDateTime> {
    let rule = Rule::parse(rule).unwrap();
    let go_on = || false;
    let mut work = Work::new(50_000_000, 50_000_000, &go_on);
    let mut expansion = Expansion::new(&rule, start, from, &mut work).unwrap();
    let mut found = vec![];
    while found.len() < MOST
        && let Some(time) = expansion.next(to, &mut work).unwrap()
    {
        if time >= from {
            found.push(time);
        }
    }
    found
}

/// Nothing where the crate refuses the rule, or gives up on it.
fn theirs(rule: &str, start: NaiveDateTime, to: NaiveDateTime) -> Option<Vec<NaiveDateTime>> {
    let start = start.and_utc().with_timezone(&Tz::UTC);
    let rule: RRule<Unvalidated> = rule.parse().ok()?;
    let rule = rule.validate(start).ok()?;
    let set = RRuleSet::new(start)
        .rrule(rule)
        .before(to.and_utc().with_timezone(&Tz::UTC));
    let result = set.all(u16::try_from(MOST).unwrap());
    let found: Vec<_> = result
        .dates
        .iter()
        .map(chrono::DateTime::naive_utc)
        .collect();
    (found.len() == MOST || !result.limited).then_some(found)
}

fn list<T: std::fmt::Display>(
    name: &'static str,
    of: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = String> {
    let items = prop::collection::vec(of.prop_map(|item| item.to_string()), 1..4);
    prop::option::weighted(0.25, items).prop_map(move |items| match items {
        Some(items) => format!(";{name}={}", items.join(",")),
        None => String::new(),
    })
}

fn either_end(most: i32) -> impl Strategy<Value = i32> {
    prop_oneof![1..=most, -most..=-1]
}

fn weekday() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
}

const LONG: [&str; 4] = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"];
const SHORT: [&str; 3] = ["HOURLY", "MINUTELY", "SECONDLY"];

/// A rule, with parts that go with its frequency.
fn rule(every: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    let every = prop::sample::select(every.to_vec());
    let count = prop::option::of(1u32..60);
    // All with a number or all without: the crate passes those without over where both are there.
    let nth = (either_end(5), weekday()).prop_map(|(nth, day)| format!("{nth}{day}"));
    let days = (
        list("BYDAY", weekday()),
        (any::<bool>(), list("BYDAY", nth)),
        list("BYMONTHDAY", either_end(31)),
        list("BYYEARDAY", either_end(366)),
        // The crate overlooks weeks that reach into the next year.
        list("BYWEEKNO", prop_oneof![2..=51, -50..=-2]),
    );
    let times = (
        list("BYHOUR", 0..24),
        list("BYMINUTE", 0..60),
        list("BYSECOND", 0..60),
        list("BYSETPOS", either_end(4)),
    );
    (every, 1u32..6, count, list("BYMONTH", 1..=12), days, times, weekday()).prop_map(
        |(every, interval, count, months, days, times, start)| {
            let (weekdays, nth, month_days, year_days, weeks) = days;
            let (hours, minutes, seconds, mut positions) = times;
            let weekdays = match every {
                "MONTHLY" | "YEARLY" if weeks.is_empty() && nth.0 => nth.1,
                _ => weekdays,
            };
            let month_days = if every == "WEEKLY" { String::new() } else { month_days };
            let year_days = match every {
                "DAILY" | "WEEKLY" | "MONTHLY" => String::new(),
                _ => year_days,
            };
            // A week without a day means all seven to the crate, to us the start's.
            let weeks = if every == "YEARLY" && !weekdays.is_empty() { weeks } else { String::new() };
            // The crate's first week begins with the start, and not with the week.
            if every == "WEEKLY" {
                positions.clear();
            }
            if [&weekdays, &month_days, &year_days, &hours, &minutes, &seconds].iter().all(|p| p.is_empty()) {
                positions.clear();
            }
            let count = count.map_or(String::new(), |count| format!(";COUNT={count}"));
            format!(
                "FREQ={every};INTERVAL={interval};WKST={start}{count}{months}{weeks}{year_days}{month_days}{weekdays}{hours}{minutes}{seconds}{positions}"
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn rules_give_what_the_crate_gives(
        rule in rule(&LONG),
        (year, month, day) in (1998i32..2030, 1u32..13, 1u32..29),
        (hour, minute) in (0u32..24, 0u32..60),
    ) {
        let start = moment(year, month, day, hour, minute);
        // Short where the crate would have to walk.
        let seldom = rule.contains("YEARLY") || rule.contains("MONTHLY");
        let to = start + TimeDelta::days(if seldom { 3000 } else { 400 });
        if let Some(theirs) = theirs(&rule, start, to) {
            prop_assert_eq!(ours(&rule, start, start, to), theirs, "{} from {}", rule, start);
        }
    }

    /// What the crate can't do: to begin later and to give the same.
    #[test]
    fn beginning_later_gives_the_same(
        rule in prop_oneof![rule(&LONG), rule(&SHORT)],
        (year, month, day) in (1998i32..2030, 1u32..13, 1u32..29),
        (hour, minute) in (0u32..24, 0u32..60),
        later in 0i64..30_000,
    ) {
        let start = moment(year, month, day, hour, minute);
        let seldom = rule.contains("YEARLY") || rule.contains("MONTHLY");
        let from = start + TimeDelta::hours(if seldom { later } else { later / 60 });
        let to = from + TimeDelta::days(if seldom { 3000 } else { 40 });
        let all = ours_all(&rule, start, to);
        let expected: Vec<_> = all.into_iter().filter(|time| *time >= from).take(MOST).collect();
        prop_assert_eq!(ours(&rule, start, from, to), expected, "{} from {}", rule, start);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn rules_within_a_day_take_every_second_that_fits(
        rule in rule(&SHORT),
        (year, month, day) in (1998i32..2030, 1u32..13, 1u32..29),
        (hour, minute) in (0u32..24, 0u32..60),
    ) {
        let rule: Vec<&str> = rule.split(';').filter(|p| !p.starts_with("BYSETPOS")).collect();
        let rule = rule.join(";");
        let start = moment(year, month, day, hour, minute);
        let to = start + TimeDelta::hours(50);
        let found: Vec<_> = ours_all(&rule, start, to);
        prop_assert_eq!(found, every_second(&rule, start, to), "{} from {}", rule, start);
    }
}

/// By the definition: each second is asked whether it is one.
fn every_second(rule: &str, start: NaiveDateTime, to: NaiveDateTime) -> Vec<NaiveDateTime> {
    let rule = Rule::parse(rule).unwrap();
    let has = |list: &[i64], value: u32, otherwise: bool| {
        if list.is_empty() {
            otherwise
        } else {
            list.contains(&i64::from(value))
        }
    };
    let either = |list: &[i64], value: u32, of: u32| {
        let (value, of) = (i64::from(value), i64::from(of));
        list.is_empty() || list.contains(&value) || list.contains(&(value - of - 1))
    };
    let length = match rule.every {
        Every::Hour => 3600,
        Every::Minute => 60,
        _ => 1,
    };
    let unit = |time: NaiveDateTime| time.and_utc().timestamp().div_euclid(length);
    let mut found = vec![];
    let mut time = start;
    while time <= to {
        let days = if time.date().leap_year() { 366 } else { 365 };
        let weekday = time.weekday().num_days_from_monday();
        if (unit(time) - unit(start)) % rule.interval == 0
            && has(&rule.months, time.month(), true)
            && either(
                &rule.month_days,
                time.day(),
                time.num_days_in_month().into(),
            )
            && either(&rule.year_days, time.ordinal(), days)
            && (rule.weekdays.is_empty() || rule.weekdays.iter().any(|(day, _)| *day == weekday))
            && has(&rule.hours, time.hour(), true)
            && has(
                &rule.minutes,
                time.minute(),
                length < 3600 || time.minute() == start.minute(),
            )
            && has(
                &rule.seconds,
                time.second(),
                length == 1 || time.second() == start.second(),
            )
        {
            found.push(time);
        }
        time += TimeDelta::seconds(1);
    }
    let most = rule
        .count
        .map_or(usize::MAX, |count| usize::try_from(count).unwrap());
    found.truncate(most);
    found
}

/// Everything from the start on.
fn ours_all(rule: &str, start: NaiveDateTime, to: NaiveDateTime) -> Vec<NaiveDateTime> {
    let rule = Rule::parse(rule).unwrap();
    let go_on = || false;
    let mut work = Work::new(50_000_000, 50_000_000, &go_on);
    let mut expansion = Expansion::new(&rule, start, start, &mut work).unwrap();
    std::iter::from_fn(|| expansion.next(to, &mut work).unwrap()).collect()
}
