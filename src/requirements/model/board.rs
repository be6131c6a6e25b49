//! Who needs what, and where everybody stands: what both pages are made of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Place, Record, Requirement};
use crate::vocab::{PersonId, RequirementId, RoleId, RotationId, TeamId};

/// A role that somebody is needed for, and one requirement of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duty {
    /// The role.
    pub role: RoleId,
    /// Its rotation.
    pub rotation: RotationId,
    /// Its team.
    pub team: TeamId,
    /// The role's name.
    pub role_name: String,
    /// The rotation's name.
    pub rotation_name: String,
    /// Who is called first has 1.
    pub escalation_order: i16,
    /// What it needs; none where it needs nothing.
    pub requirement: Option<RequirementId>,
}

/// A person who takes shifts in a team.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Engineer {
    /// The person.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// The team.
    pub team: TeamId,
    /// The team's name.
    pub team_name: String,
    /// The rotations they are on; empty for who is on none yet and may come to be on any.
    pub rotations: Vec<i64>,
}

impl Engineer {
    fn may_serve(&self, duty: &Duty) -> bool {
        duty.team == self.team
            && (self.rotations.is_empty() || self.rotations.contains(&duty.rotation.0))
    }
}

/// A role, and what a person lacks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleState {
    /// The role.
    pub role: RoleId,
    /// Its name; with the rotation's where the team has several.
    pub label: String,
    /// Who is called first has 1.
    pub order: i16,
    /// What isn't held now.
    pub lacking: Vec<RequirementId>,
}

/// A requirement that a person needs, and where they stand.
#[derive(Clone, Debug)]
pub struct Need<'a> {
    /// What they need.
    pub requirement: &'a Requirement,
    /// Labels and escalation orders of the roles it is for.
    pub roles: Vec<(String, i16)>,
    /// Where they stand.
    pub place: Place<'a>,
}

/// Teams' requirements and where their engineers stand, at an instant.
#[derive(Clone, Debug)]
pub struct Board {
    /// The instant (UTC).
    pub now: DateTime<Utc>,
    /// Requirements that are not retired, by title.
    pub requirements: Vec<Requirement>,
    /// Who is needed for what, by rotation and escalation order.
    pub duties: Vec<Duty>,
    /// Engineers, by name; who is in several teams is there several times.
    pub engineers: Vec<Engineer>,
    records: BTreeMap<(PersonId, RequirementId), Vec<Record>>,
}

impl Board {
    /// Puts together what was read.
    #[must_use]
    pub fn new(
        now: DateTime<Utc>,
        requirements: Vec<Requirement>,
        duties: Vec<Duty>,
        engineers: Vec<Engineer>,
        rows: Vec<Record>,
    ) -> Self {
        let mut records: BTreeMap<_, Vec<Record>> = BTreeMap::new();
        for row in rows {
            let key = (row.person, row.requirement);
            records.entry(key).or_default().push(row);
        }
        Self {
            now,
            requirements,
            duties,
            engineers,
            records,
        }
    }

    /// Where a person stands with a requirement.
    #[must_use]
    pub fn place(&self, person: PersonId, requirement: RequirementId) -> Place<'_> {
        let records = self.records.get(&(person, requirement));
        Place::of(records.map_or(&[], Vec::as_slice), self.now)
    }

    /// A role's name; with the rotation's where the team has several.
    #[must_use]
    pub fn label(&self, duty: &Duty) -> String {
        let of_team = || self.duties.iter().filter(|d| d.team == duty.team);
        if of_team().any(|d| d.rotation != duty.rotation) {
            format!("{}: {}", duty.rotation_name, duty.role_name)
        } else {
            duty.role_name.clone()
        }
    }

    /// The roles a person may serve, and what they lack for each.
    #[must_use]
    pub fn roles_of(&self, engineer: &Engineer) -> Vec<RoleState> {
        let mut roles: Vec<RoleState> = Vec::new();
        for duty in self.duties.iter().filter(|d| engineer.may_serve(d)) {
            let lacking = duty
                .requirement
                .filter(|r| !self.place(engineer.id, *r).is_held());
            match roles.iter_mut().find(|r| r.role == duty.role) {
                Some(role) => role.lacking.extend(lacking),
                None => roles.push(RoleState {
                    role: duty.role,
                    label: self.label(duty),
                    order: duty.escalation_order,
                    lacking: lacking.into_iter().collect(),
                }),
            }
        }
        roles
    }

    /// What a person needs, what to do first before the rest.
    #[must_use]
    pub fn needs_of(&self, engineer: &Engineer) -> Vec<Need<'_>> {
        let mut needs: Vec<Need<'_>> = self
            .requirements
            .iter()
            .filter_map(|requirement| {
                let duties = self.duties.iter().filter(|d| engineer.may_serve(d));
                let roles: Vec<(String, i16)> = duties
                    .filter(|d| d.requirement == Some(requirement.id))
                    .map(|d| (self.label(d), d.escalation_order))
                    .collect();
                (!roles.is_empty()).then(|| Need {
                    requirement,
                    roles,
                    place: self.place(engineer.id, requirement.id),
                })
            })
            .collect();
        needs.sort_by_key(|n| n.place.urgency());
        needs
    }

    /// Whether a person needs a requirement for any role they may serve.
    #[must_use]
    pub fn is_needed(&self, engineer: &Engineer, requirement: RequirementId) -> bool {
        self.duties
            .iter()
            .any(|d| d.requirement == Some(requirement) && engineer.may_serve(d))
    }

    /// Labels and escalation orders of the roles that need a requirement.
    #[must_use]
    pub fn roles_needing(&self, requirement: &Requirement) -> Vec<(String, i16)> {
        self.duties
            .iter()
            .filter(|d| d.requirement == Some(requirement.id))
            .map(|d| (self.label(d), d.escalation_order))
            .collect()
    }

    /// A team's roles with their labels, each once.
    #[must_use]
    pub fn roles(&self) -> Vec<(RoleId, String)> {
        let mut seen = BTreeSet::new();
        self.duties
            .iter()
            .filter(|d| seen.insert(d.role))
            .map(|d| (d.role, self.label(d)))
            .collect()
    }

    /// Requests that wait for a manager, the oldest first: who asks, for what, and the request.
    #[must_use]
    pub fn queue(&self) -> Vec<(&Engineer, &Requirement, Place<'_>, &Record)> {
        let mut queue: Vec<_> = self
            .engineers
            .iter()
            .flat_map(|e| self.requirements.iter().map(move |r| (e, r)))
            .filter(|(e, r)| e.team == r.team)
            .filter_map(|(e, r)| {
                let place = self.place(e.id, r.id);
                Some((e, r, place, place.pending?))
            })
            .collect();
        queue.sort_by_key(|(.., record)| (record.asked_at, record.id));
        queue
    }
}
