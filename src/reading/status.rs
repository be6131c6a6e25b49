//! How an event counts: what its status, its owner's answer and Outlook's and Google's words say.

use calcard::icalendar::{
    ICalendarEntry, ICalendarParameterName, ICalendarParameterValue, ICalendarParticipationStatus,
    ICalendarProperty, ICalendarStatus, ICalendarTransparency, ICalendarValue, Uri,
};

use super::entry::{parameter, text};
use super::spans::BusyKind;
use crate::vocab::Email;

/// Whose calendar it is.
pub(super) struct Owner<'a> {
    pub(super) addresses: &'a [Email],
    /// Our own host, whose entries are shifts read back.
    pub(super) host: &'a str,
}

impl Owner<'_> {
    pub(super) fn is_us(&self, host: &str) -> bool {
        !self.host.is_empty() && host.trim().eq_ignore_ascii_case(self.host)
    }
}

/// Something that an event says about how it counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Cancelled,
    Tentative,
    Transparent,
    OutOfOffice,
    Ours,
    /// The answer of an address of the owner's that is invited.
    Answer(Answer),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Declined,
    Tentative,
    Other,
}

impl Says {
    pub(super) fn read(property: &ICalendarEntry, owner: &Owner<'_>) -> Option<Self> {
        match &property.name {
            ICalendarProperty::Status => match property.values.first()? {
                ICalendarValue::Status(ICalendarStatus::Cancelled) => Some(Self::Cancelled),
                ICalendarValue::Status(ICalendarStatus::Tentative) => Some(Self::Tentative),
                // With one L is how it is often spelt.
                _ if text(property).trim().eq_ignore_ascii_case("CANCELED") => {
                    Some(Self::Cancelled)
                }
                _ => None,
            },
            ICalendarProperty::Transp => {
                let transparent = ICalendarValue::Transparency(ICalendarTransparency::Transparent);
                (*property.values.first()? == transparent).then_some(Self::Transparent)
            }
            ICalendarProperty::Attendee => answer(property, owner).map(Self::Answer),
            ICalendarProperty::Url => {
                let (_, rest) = uri(property).split_once("://")?;
                let host = rest.split(['/', ':', '?', '#']).next()?;
                owner.is_us(host).then_some(Self::Ours)
            }
            ICalendarProperty::Other(name) => {
                let name = name.to_ascii_uppercase();
                let value = text(property).trim().to_ascii_uppercase();
                match (name.as_str(), value.as_str()) {
                    ("X-MICROSOFT-CDO-BUSYSTATUS", "FREE" | "WORKINGELSEWHERE") => {
                        Some(Self::Transparent)
                    }
                    ("X-MICROSOFT-CDO-BUSYSTATUS", "TENTATIVE") => Some(Self::Tentative),
                    ("X-MICROSOFT-CDO-BUSYSTATUS", "OOF")
                    | ("X-GOOGLE-EVENT-TYPE" | "X-GOOGLE-EVENTTYPE", "OUTOFOFFICE") => {
                        Some(Self::OutOfOffice)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// How an event counts that says all that.
pub(super) fn kind(says: &[Says]) -> Option<BusyKind> {
    let any = |what| says.contains(&what);
    // Somebody who is invited under two addresses has declined when both have.
    let answered = |wanted| {
        let mut answers = says
            .iter()
            .filter(|s| matches!(s, Says::Answer(_)))
            .peekable();
        answers.peek().is_some() && answers.all(|answer| *answer == Says::Answer(wanted))
    };
    if any(Says::Cancelled) || any(Says::Ours) || answered(Answer::Declined) {
        None
    } else if any(Says::OutOfOffice) {
        Some(BusyKind::OutOfOffice)
    } else if any(Says::Transparent) {
        None
    } else if any(Says::Tentative) || answered(Answer::Tentative) {
        Some(BusyKind::Tentative)
    } else {
        Some(BusyKind::Busy)
    }
}

/// The owner's answer, where the attendee is the owner.
fn answer(property: &ICalendarEntry, owner: &Owner<'_>) -> Option<Answer> {
    let value = uri(property).to_ascii_lowercase();
    let address = value.strip_prefix("mailto:").unwrap_or(&value).trim();
    let named = match parameter(property, &ICalendarParameterName::Email) {
        Some(ICalendarParameterValue::Text(email)) => email.to_ascii_lowercase(),
        _ => String::new(),
    };
    owner
        .addresses
        .iter()
        .any(|own| own.as_str() == address || own.as_str() == named)
        .then(
            || match parameter(property, &ICalendarParameterName::Partstat) {
                Some(ICalendarParameterValue::Partstat(ICalendarParticipationStatus::Declined)) => {
                    Answer::Declined
                }
                Some(ICalendarParameterValue::Partstat(
                    ICalendarParticipationStatus::Tentative,
                )) => Answer::Tentative,
                _ => Answer::Other,
            },
        )
}

fn uri(property: &ICalendarEntry) -> &str {
    match property.values.first() {
        Some(ICalendarValue::Uri(Uri::Location(text)) | ICalendarValue::Text(text)) => text,
        _ => "",
    }
}
