//! Single fields, with messages that name what they are about: the page has many of a kind.

use std::fmt::Display;

use chrono::{Datelike as _, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::vocab::{self, time_of_day};
use crate::web::Form;

/// The field's value as `parse` understands it; otherwise its message with `what` in front.
pub fn take<T, E: Display>(
    form: &mut Form,
    name: &str,
    what: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    match parse(form.value(name).trim()) {
        Ok(value) => Some(value),
        Err(error) => {
            form.refuse(name, format!("{what} {error}."));
            None
        }
    }
}

/// A zone that we know.
pub fn zone(form: &mut Form, name: &str, what: &str) -> Option<Tz> {
    take(form, name, what, vocab::typed_zone)
}

/// A day from 2000 to 2199.
pub fn day(form: &mut Form, name: &str, what: &str) -> Option<NaiveDate> {
    take(form, name, what, |typed| {
        NaiveDate::parse_from_str(typed, "%Y-%m-%d")
            .ok()
            .filter(|d| (2000..2200).contains(&d.year()))
            .ok_or("must be a day from 2000 to 2199, like 2026-12-24")
    })
}

/// A time of day.
pub fn time(form: &mut Form, name: &str, what: &str) -> Option<NaiveTime> {
    take(form, name, what, |typed| {
        time_of_day(typed).ok_or("must be a time of day, like 09:00")
    })
}

/// A whole number within the bounds.
pub fn number(form: &mut Form, name: &str, what: &str, least: u32, most: u32) -> Option<u32> {
    take(form, name, what, |typed| {
        let number = typed.parse().ok();
        number
            .filter(|n| (least..=most).contains(n))
            .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    })
}

/// A whole number within the bounds, or nothing at all.
#[allow(clippy::option_option)] // Wrong, empty, or a number.
pub fn limit(
    form: &mut Form,
    name: &str,
    what: &str,
    least: u32,
    most: u32,
) -> Option<Option<u32>> {
    if form.value(name).trim().is_empty() {
        return Some(None);
    }
    number(form, name, what, least, most).map(Some)
}

/// Hours as minutes: "24", "7.5" or "7:30"; at most `most` hours.
pub fn hours(form: &mut Form, name: &str, what: &str, most: u32) -> Option<u32> {
    take(form, name, what, |typed| {
        minutes(typed)
            .filter(|m| *m <= most * 60)
            .ok_or_else(|| format!("must be hours from 0 to {most}, like 12 or 7:30"))
    })
}

fn minutes(typed: &str) -> Option<u32> {
    if let Some((hours, minutes)) = typed.split_once(':') {
        let (hours, minutes): (u32, u32) = (digits(hours)?, digits(minutes)?);
        return (minutes < 60).then(|| hours.checked_mul(60)?.checked_add(minutes))?;
    }
    // Hundredths of an hour, which must be whole minutes.
    let hundredths = hundredths(typed)?;
    let minutes = hundredths.checked_mul(60)?;
    (minutes % 100 == 0).then(|| u32::try_from(minutes / 100).ok())?
}

/// Points as hundredths: "0.16", "2" or "1,5"; at most 100.
pub fn rate(form: &mut Form, name: &str, what: &str) -> Option<i64> {
    take(form, name, what, |typed| {
        hundredths(typed)
            .filter(|n| *n <= 10_000)
            .ok_or("must be points per hour from 0 to 100, like 0.15, with two decimals at most")
    })
}

fn hundredths(typed: &str) -> Option<i64> {
    let (whole, rest) = typed.split_once(['.', ',']).unwrap_or((typed, "0"));
    let rest = rest.trim_end_matches('0');
    let fraction: i64 = match rest.len() {
        0 => 0,
        1 => i64::from(digits(rest)?) * 10,
        2 => digits(rest)?.into(),
        _ => return None,
    };
    Some(i64::from(digits(whole)?) * 100 + fraction)
}

/// Digits only: no sign, nothing empty.
fn digits(text: &str) -> Option<u32> {
    let good = (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok())?
}

/// Minutes as they are typed: "24", "7:30".
pub fn typed_hours(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (h, 0) => h.to_string(),
        (h, m) => format!("{h}:{m:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{hundredths, minutes, typed_hours};

    #[test]
    fn hours_are_typed_in_three_ways() {
        for (typed, meant) in [
            ("24", Some(1440)),
            ("7:30", Some(450)),
            ("7.5", Some(450)),
            ("7,25", Some(435)),
            ("0", Some(0)),
            ("7.33", None),
            ("7:60", None),
            ("-1", None),
            ("", None),
            ("1e3", None),
            ("99999999999", None),
        ] {
            assert_eq!(minutes(typed), meant, "{typed}");
        }
        assert_eq!(typed_hours(450), "7:30");
        assert_eq!(typed_hours(1440), "24");
    }

    #[test]
    fn points_have_two_decimals() {
        for (typed, meant) in [
            ("0.16", Some(16)),
            ("2", Some(200)),
            ("1,5", Some(150)),
            ("1.500", Some(150)),
            ("0.165", None),
            ("+1", None),
            (".5", None),
            ("NaN", None),
        ] {
            assert_eq!(hundredths(typed), meant, "{typed}");
        }
    }
}
