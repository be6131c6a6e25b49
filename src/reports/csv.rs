//! Reports as CSV (RFC 4180), for spreadsheets.

use chrono_tz::Tz;

use super::sums::{Load, Report};
use crate::cover::Answers;
use crate::error::AppError;
use crate::oncall::{Carried, KINDS};
use crate::vocab::Points;

/// A text that no spreadsheet takes for a formula.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Hundredths of something with two decimals, as spreadsheets read it.
fn decimal(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn hours(minutes: i64) -> String {
    decimal((minutes * 100 + 30) / 60)
}

fn points(points: Points) -> String {
    decimal(points.0)
}

fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, AppError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let broken = |error: csv::Error| AppError::Internal(error.to_string());
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| safe(cell)))
            .map_err(broken)?;
    }
    writer
        .into_inner()
        .map_err(|error| AppError::Internal(error.to_string()))
}

/// One row per person: all sums, then shifts and hours by role, then partners.
pub fn people(report: &Report) -> Result<Vec<u8>, AppError> {
    let mut head: Vec<String> = ["Person", "Shifts", "Hours", "Points"]
        .map(str::to_owned)
        .into();
    for unit in ["hours", "points"] {
        head.extend(KINDS.map(|(_, label)| format!("{label} {unit}")));
    }
    for role in &report.roles {
        for unit in ["shifts", "hours", "points"] {
            head.push(format!("{} / {} {unit}", role.rotation, role.name));
        }
    }
    head.push("Served with".to_owned());
    let rows = report.rows.iter().map(|row| {
        let mut cells = vec![row.who.name.clone()];
        cells.extend(sums(&row.load));
        cells.extend(row.load.minutes.map(hours));
        cells.extend(row.load.points.map(points));
        cells.extend(row.by_role.iter().flat_map(sums));
        let partners = row.partners.iter().map(|(name, n)| format!("{name}: {n}"));
        cells.push(partners.collect::<Vec<_>>().join("; "));
        cells
    });
    table(std::iter::once(head).chain(rows))
}

fn sums(load: &Load) -> [String; 3] {
    [
        load.shifts.to_string(),
        hours(load.all_minutes()),
        points(load.all_points()),
    ]
}

/// One row per slot, by start. Times with their offset, by the team's clocks.
pub fn shifts(carried: &[Carried], zone: Tz) -> Result<Vec<u8>, AppError> {
    let mut head: Vec<String> = [
        "Start", "End", "Rotation", "Role", "Person", "Hours", "Points",
    ]
    .map(str::to_owned)
    .into();
    for unit in ["hours", "points"] {
        head.extend(KINDS.map(|(_, label)| format!("{label} {unit}")));
    }
    head.push("Source".to_owned());
    let rows = carried.iter().map(|slot| {
        let time = |t: chrono::DateTime<chrono::Utc>| t.with_timezone(&zone).to_rfc3339();
        let mut cells = vec![
            time(slot.interval.start),
            time(slot.interval.end),
            slot.rotation_name.clone(),
            slot.role_name.clone(),
            slot.who.name.clone(),
            hours(slot.minutes.iter().sum()),
            points(slot.total()),
        ];
        cells.extend(slot.minutes.map(hours));
        cells.extend(slot.points.map(points));
        let source = slot.shift.map_or("imported", |_| "published");
        cells.push(source.to_owned());
        cells
    });
    table(std::iter::once(head).chain(rows))
}

/// One row per person: how they were asked to cover, and answered.
pub fn covers(answers: &[Answers]) -> Result<Vec<u8>, AppError> {
    let head = [
        "Person",
        "Asked",
        "Taken",
        "Said no",
        "No answer",
        "Taken back",
        "Asked for cover",
    ];
    let rows = answers.iter().map(|a| {
        let numbers = [
            a.asked,
            a.taken,
            a.declined,
            a.lapsed,
            a.undone,
            a.requested,
        ];
        let numbers = numbers.iter().map(ToString::to_string);
        std::iter::once(a.name.clone()).chain(numbers).collect()
    });
    table(std::iter::once(head.map(str::to_owned).into()).chain(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        let rows = [
            "=1+1",
            "+1",
            "-1",
            "@x",
            "\tx",
            "a \"b\", c",
            "1.50",
            "日本",
        ];
        let body = table([rows.map(str::to_owned).to_vec()]).unwrap();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "'=1+1,'+1,'-1,'@x,'\tx,\"a \"\"b\"\", c\",1.50,日本\r\n"
        );
        assert_eq!(hours(450), "7.50");
        assert_eq!(points(Points(5)), "0.05");
    }
}
