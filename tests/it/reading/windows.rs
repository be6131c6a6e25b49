//! The names that Windows and Outlook have for zones: all that CLDR knows.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{calendar, read_as_ayse, window};
use crate::clients::windows_zones;

#[test]
fn every_windows_name_means_its_zone() {
    let zones = windows_zones();
    assert!(zones.len() > 130, "{}", zones.len());
    let year = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
    for (name, iana) in zones {
        let zone: Tz = iana.parse().unwrap();
        let noons = [1, 7].map(|month| {
            let day = NaiveDate::from_ymd_opt(2026, month, 15).unwrap();
            day.and_hms_opt(12, 0, 0).unwrap()
        });
        let events = noons.map(|noon| {
            let local = noon.format("%Y%m%dT%H%M%S");
            format!("BEGIN:VEVENT\nDTSTART;TZID=\"{name}\":{local}\nDURATION:PT1H\nEND:VEVENT\n")
        });
        let reading = read_as_ayse(
            calendar(&events.concat()).as_bytes(),
            Tz::Asia__Kathmandu,
            year,
        );
        let reading = reading.unwrap();
        assert_eq!(reading.warnings, [], "{name}");
        let starts: Vec<_> = reading
            .spans
            .iter()
            .map(|span| span.interval.start)
            .collect();
        let expected = noons.map(|noon| noon.and_local_timezone(zone).unwrap().to_utc());
        assert_eq!(starts, expected, "{name}");
    }
}
