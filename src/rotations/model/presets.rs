//! Ways to start: what most teams want, to be changed from there.

use chrono::{NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;

use super::{BurdenRules, Cadence, Definition, HardRules, Holidays, Leg, RoleRule, Weekdays};
use crate::vocab::{LegId, RoleId};

/// A kind of rotation to start from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// A shift of 24 hours each day.
    Daily,
    /// A shift of a week.
    Weekly,
    /// Monday to Friday in one shift, the weekend in another.
    WeekdaysAndWeekend,
    /// Two shifts of 12 hours a day.
    DayAndNight,
    /// Three sites with a working day of 8 hours each.
    FollowTheSun,
    /// Nine hours each weekday.
    BusinessHours,
}

impl Preset {
    /// All of them, in the order of a form.
    pub const ALL: [Self; 6] = [
        Self::Daily,
        Self::Weekly,
        Self::WeekdaysAndWeekend,
        Self::DayAndNight,
        Self::FollowTheSun,
        Self::BusinessHours,
    ];

    /// The name in forms' values.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::WeekdaysAndWeekend => "weekdays_and_weekend",
            Self::DayAndNight => "day_and_night",
            Self::FollowTheSun => "follow_the_sun",
            Self::BusinessHours => "business_hours",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Daily => "Daily, 24 hours each",
            Self::Weekly => "Weekly, Monday to Monday",
            Self::WeekdaysAndWeekend => "Weekdays and weekend apart",
            Self::DayAndNight => "Day and night, 12 hours each",
            Self::FollowTheSun => "Follow the sun, three sites",
            Self::BusinessHours => "Business hours on weekdays",
        }
    }

    /// The preset with that key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.key() == key)
    }

    /// Sound rules of this kind, with a primary and a secondary. The ids of legs and roles count
    /// from 1 and only tell them apart: give them real ones before keeping the rules. Follow the
    /// sun has sites of its own and takes no notice of `zone`.
    #[must_use]
    pub fn definition(self, zone: Tz, effective_from: NaiveDate) -> Definition {
        let hours = |coverage_minutes, shift_minutes| Cadence::Hours {
            coverage_minutes,
            shift_minutes,
        };
        let legs = match self {
            Self::Daily => vec![leg(1, "Everyone", zone, 9, Weekdays::ALL, Cadence::DAILY)],
            Self::Weekly => {
                let monday = Weekdays::from_iter([Weekday::Mon]);
                vec![leg(1, "Everyone", zone, 9, monday, Cadence::Weekly)]
            }
            Self::WeekdaysAndWeekend => {
                let cadence = Cadence::WeekdaysAndWeekend {
                    weekend_from: Weekday::Fri,
                };
                vec![leg(1, "Everyone", zone, 17, Weekdays::ALL, cadence)]
            }
            Self::DayAndNight => {
                vec![leg(
                    1,
                    "Everyone",
                    zone,
                    8,
                    Weekdays::ALL,
                    Cadence::DAY_AND_NIGHT,
                )]
            }
            Self::FollowTheSun => {
                let site = |id, name, zone, hour| {
                    leg(id, name, zone, hour, Weekdays::ALL, hours(480, 480))
                };
                vec![
                    site(1, "Sydney", chrono_tz::Australia::Sydney, 9),
                    site(2, "London", chrono_tz::Europe::London, 7),
                    site(3, "New York", chrono_tz::America::New_York, 10),
                ]
            }
            Self::BusinessHours => {
                vec![leg(
                    1,
                    "Everyone",
                    zone,
                    9,
                    Weekdays::WORKING,
                    hours(540, 540),
                )]
            }
        };
        let legs: Vec<Leg> = legs.into_iter().flatten().collect();
        let roles = [role(1, "Primary", 100), role(2, "Secondary", 50)];
        let roles = roles.into_iter().flatten().collect();
        let cadence = legs.first().map_or(Cadence::DAILY, |l| l.cadence);
        Definition {
            effective_from,
            legs,
            roles,
            burden: BurdenRules::default(),
            rules: HardRules::starting(cadence),
        }
    }
}

/// `None` only if the name were no line of text.
fn leg(
    id: i64,
    name: &str,
    zone: Tz,
    hour: u32,
    weekdays: Weekdays,
    cadence: Cadence,
) -> Option<Leg> {
    Some(Leg {
        id: LegId(id),
        name: name.parse().ok()?,
        zone,
        handover: NaiveTime::from_hms_opt(hour, 0, 0)?,
        weekdays,
        cadence,
        holidays: Holidays::default(),
    })
}

fn role(order: u8, name: &str, burden_percent: u32) -> Option<RoleRule> {
    Some(RoleRule {
        id: RoleId(order.into()),
        name: name.parse().ok()?,
        order,
        burden_percent,
        shadow: false,
    })
}
