//! Shifts as their entries say them: the same in a feed, an invitation and a pushed entry.

use chrono::{DateTime, Utc};

use super::model::{Contact, Entry, Partner};
use crate::config::PublicUrl;
use crate::oncall::{self, Duty};

/// For whom entries are written.
pub struct Reader<'a> {
    /// Whether they are their own shifts, or a team's.
    pub own: bool,
    /// Whether being on call paints the day busy.
    pub busy: bool,
    /// Counts changes of the reader's own choices, and when the last one was made (UTC).
    pub revision: (i32, Option<DateTime<Utc>>),
    /// Where people reach this service.
    pub public_url: &'a PublicUrl,
}

impl Reader<'_> {
    /// The entries of slots, by start. Open slots have none.
    pub fn entries(&self, duties: &[Duty]) -> Vec<Entry> {
        duties.iter().filter_map(|d| self.entry(d)).collect()
    }

    fn entry(&self, duty: &Duty) -> Option<Entry> {
        let slot = &duty.slot;
        let who = slot.who.as_ref()?;
        let reach = |contact: &oncall::Contact| {
            let ways = contact.reach.iter();
            ways.map(|r| format!("{} {}", r.kind, r.value)).collect()
        };
        let (revision, changed_at) = self.revision;
        Some(Entry {
            key: key(duty, who),
            interval: slot.interval,
            sequence: u32::try_from(duty.revision.saturating_add(revision)).unwrap_or(0),
            changed_at: changed_at.map_or(duty.changed_at, |t| t.max(duty.changed_at)),
            role: slot.role_name.clone(),
            team: duty.team_name.clone(),
            rotation: slot.rotation_name.clone(),
            leg: duty.leg.clone(),
            person: (!self.own).then(|| who.name.clone()),
            partners: duty
                .partners
                .iter()
                // That nobody watches is nothing to know.
                .filter(|p| p.who.is_some() || !p.is_shadow)
                .map(|p| Partner {
                    role: p.role.clone(),
                    name: p.who.as_ref().map(|who| who.name.clone()),
                })
                .collect(),
            escalation: (1..)
                .zip(&duty.escalation)
                .map(|(order, contact)| Contact {
                    order,
                    role: contact.role.clone(),
                    name: contact.who.name.clone(),
                    reach: reach(contact),
                })
                .collect(),
            handover: duty.handover_lines(self.own).join("\n"),
            cant_url: format!("{}/shifts/{}", self.public_url, slot.shift),
            busy: self.busy,
        })
    }
}

/// What names an entry for ever: shift, role and person; of what somebody serves later in the same
/// shift, also since when.
fn key(duty: &Duty, who: &oncall::Who) -> String {
    let slot = &duty.slot;
    let key = format!("{}-{}-{}", slot.shift, slot.role, who.id);
    if duty.is_later_part {
        format!("{key}-{}", slot.interval.start.timestamp())
    } else {
        key
    }
}
