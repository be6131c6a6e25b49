//! One shift of one person, as a calendar shows it.

use chrono::{DateTime, Utc};

use super::feed::Namespace;
use super::text::{Lines, one_line};
use super::timezone::{Zone, utc};
use crate::vocab::Interval;

/// An assignment, with all that its entry in a calendar says. Texts may be anything; what a
/// calendar can't hold is left out of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names the assignment for ever, whatever happens to it; unique within a feed.
    pub key: String,
    /// When the shift is (UTC).
    pub interval: Interval,
    /// Rises with every visible change, those of partners and escalation contacts included.
    pub sequence: u32,
    /// When the last visible change was made (UTC).
    pub changed_at: DateTime<Utc>,
    /// The role's name.
    pub role: String,
    /// The team's name.
    pub team: String,
    /// The rotation's name.
    pub rotation: String,
    /// The leg's name; empty where the rotation has but one.
    pub leg: String,
    /// Who is on call, in a feed that shows more than one person.
    pub person: Option<String>,
    /// Who else serves this shift, by escalation order of their roles.
    pub partners: Vec<Partner>,
    /// Whom to escalate to.
    pub escalation: Vec<Contact>,
    /// Who they take over from and hand over to; may have lines, may be empty.
    pub handover: String,
    /// Address of the page on which they say that they can't make it.
    pub cant_url: String,
    /// Whether the time shows as busy: only for who asked for that.
    pub busy: bool,
}

/// Another role of the same shift, and who serves in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Their role's name.
    pub role: String,
    /// Their name; none while nobody serves.
    pub name: Option<String>,
}

/// Somebody to turn to when one needs help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Whom to try first: the smallest. Equal ones stand as they were given.
    pub order: u32,
    /// What they are: a role's name, or "manager".
    pub role: String,
    /// Their name.
    pub name: String,
    /// How to reach them, the best way first.
    pub reach: Vec<String>,
}

impl Entry {
    /// The VEVENT.
    pub(super) fn write(&self, zone: &Zone, namespace: Namespace, host: &str) -> Lines {
        let mut out = Lines::default();
        out.raw("BEGIN:VEVENT");
        out.text(
            "UID",
            &one_line(&format!("{}-{}@{host}", namespace.key(), self.key)),
        );
        out.raw(&format!("DTSTAMP:{}", utc(self.changed_at)));
        out.raw(&format!("LAST-MODIFIED:{}", utc(self.changed_at)));
        out.raw(&format!("SEQUENCE:{}", self.sequence));
        zone.write(self.interval, &mut out);
        self.say(&mut out);
        out.raw("END:VEVENT");
        out
    }

    /// All that is said of it but when it is and which change this is.
    pub(super) fn say(&self, out: &mut Lines) {
        out.text("SUMMARY", &self.summary());
        out.text("DESCRIPTION", &self.description());
        out.uri("URL", &self.cant_url);
        out.raw("STATUS:CONFIRMED");
        let (transparency, status) = if self.busy {
            ("OPAQUE", "BUSY")
        } else {
            ("TRANSPARENT", "FREE")
        };
        out.raw(&format!("TRANSP:{transparency}"));
        out.raw(&format!("X-MICROSOFT-CDO-BUSYSTATUS:{status}"));
    }

    /// Who and what. Two people's shifts never have the same, since some apps merge those.
    #[must_use]
    pub fn summary(&self) -> String {
        let who = self
            .person
            .as_deref()
            .map_or_else(|| "On call".to_owned(), one_line);
        format!("{who}: {}, {}", one_line(&self.role), one_line(&self.team))
    }

    /// What somebody wants to know at night, the most urgent first.
    #[must_use]
    pub fn description(&self) -> String {
        let mut parts = vec![self.place()];
        parts.push(self.contacts());
        let handover = self.handover.trim();
        if !handover.is_empty() {
            parts.push(format!("Handover:\n{handover}"));
        }
        parts.push(format!(
            "Can't make it? Say so here:\n{}",
            one_line(&self.cant_url)
        ));
        parts.join("\n\n")
    }

    fn place(&self) -> String {
        let mut lines = Vec::new();
        if let Some(person) = &self.person {
            lines.push(format!("On call: {}", one_line(person)));
        }
        lines.push(format!("Role: {}", one_line(&self.role)));
        for Partner { role, name } in &self.partners {
            lines.push(match name {
                Some(name) => format!("With: {} ({})", one_line(name), one_line(role)),
                None => format!("{}: nobody yet", one_line(role)),
            });
        }
        let place = [&self.team, &self.rotation, &self.leg].map(|t| one_line(t));
        let place: Vec<_> = place.into_iter().filter(|t| !t.is_empty()).collect();
        lines.push(format!("For: {}", place.join(" / ")));
        lines.join("\n")
    }

    fn contacts(&self) -> String {
        if self.escalation.is_empty() {
            return "Nobody to escalate to is named.".to_owned();
        }
        let mut contacts: Vec<_> = self.escalation.iter().collect();
        contacts.sort_by_key(|c| c.order);
        let mut lines = vec!["If you need help, in this order:".to_owned()];
        for (
            place,
            Contact {
                role, name, reach, ..
            },
        ) in (1..).zip(contacts)
        {
            let reach: Vec<_> = reach
                .iter()
                .map(|r| one_line(r))
                .filter(|r| !r.is_empty())
                .collect();
            let reach = if reach.is_empty() {
                "no way to reach them is shown".to_owned()
            } else {
                reach.join(", ")
            };
            lines.push(format!(
                "{place}. {} ({}): {reach}",
                one_line(name),
                one_line(role)
            ));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A shift with everything a shift can have.
    pub(in super::super) fn entry() -> Entry {
        let contact = |order, role: &str, name: &str, reach: &[&str]| Contact {
            order,
            role: role.into(),
            name: name.into(),
            reach: reach.iter().map(ToString::to_string).collect(),
        };
        Entry {
            key: "7".into(),
            interval: Interval {
                start: "2026-12-04T15:00:00Z".parse().unwrap(),
                end: "2026-12-05T15:00:00Z".parse().unwrap(),
            },
            sequence: 3,
            changed_at: "2026-11-20T10:11:12Z".parse().unwrap(),
            role: "Primary".into(),
            team: "Payments, EU".into(),
            rotation: "Weekdays".into(),
            leg: "Istanbul".into(),
            person: None,
            partners: vec![Partner {
                role: "Secondary".into(),
                name: Some("Ben Okafor".into()),
            }],
            escalation: vec![
                contact(1, "Secondary", "Ben Okafor", &["+49 30 1234; ring twice"]),
                contact(2, "Manager", "Carla Díaz", &[]),
            ],
            handover: "You take over from Chen Wei.\nYou hand over to Ben Okafor.".into(),
            cant_url: "https://fairshift.example/shifts/7".into(),
            busy: false,
        }
    }

    #[test]
    fn a_role_that_nobody_serves_is_said() {
        let mut entry = entry();
        let told = entry.description();
        assert!(told.contains("\nWith: Ben Okafor (Secondary)\n"), "{told}");
        entry.partners[0].name = None;
        let told = entry.description();
        assert!(
            told.contains("Role: Primary\nSecondary: nobody yet\nFor:"),
            "{told}"
        );
    }
}
