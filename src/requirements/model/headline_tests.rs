use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Duty, Record, Requirement, State};
use super::*;
use crate::vocab::{PersonId, RequirementId, RoleId, RotationId, TeamId};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn requirement(id: i64, team: i64) -> Requirement {
    Requirement {
        id: RequirementId(id),
        team: TeamId(team),
        title: format!("Thing {id}"),
        why: String::new(),
        how: String::new(),
        link: String::new(),
        needs_sign_off: true,
        valid_days: None,
        is_retired: false,
        revision: 1,
    }
}

fn duty(rotation: i64, team: i64, role: &str, order: i16, requirement: Option<i64>) -> Duty {
    Duty {
        role: RoleId(rotation * 10 + i64::from(order)),
        rotation: RotationId(rotation),
        team: TeamId(team),
        role_name: role.into(),
        rotation_name: format!("R{rotation}"),
        escalation_order: order,
        requirement: requirement.map(RequirementId),
    }
}

fn engineer(team: i64, name: &str, rotations: &[i64]) -> Engineer {
    Engineer {
        id: PersonId(1),
        name: "Ayşe".into(),
        team: TeamId(team),
        team_name: name.into(),
        rotations: rotations.to_vec(),
    }
}

fn record(id: i64, state: State, until: Option<DateTime<Utc>>) -> Record {
    Record {
        id,
        requirement: RequirementId(id),
        person: PersonId(1),
        state,
        asked_at: now(),
        request_note: String::new(),
        decided_at: None,
        decided_by: None,
        is_own: false,
        note: String::new(),
        held_from: (state == State::Held).then(|| now() - TimeDelta::days(9)),
        held_until: until,
        revoked_at: None,
        revoked_by: None,
        revoke_note: String::new(),
    }
}

fn board(duties: Vec<Duty>, engineers: Vec<Engineer>, records: Vec<Record>) -> Board {
    let requirements = (1..=4).map(|id| requirement(id, 1)).collect();
    Board::new(now(), requirements, duties, engineers, records)
}

#[test]
fn one_team() {
    let duties = || {
        vec![
            duty(1, 1, "Primary", 1, Some(1)),
            duty(1, 1, "Primary", 1, Some(2)),
            duty(1, 1, "Secondary", 2, None),
        ]
    };
    let say = |records| {
        headline(&board(
            duties(),
            vec![engineer(1, "Payments", &[1])],
            records,
        ))
    };
    assert_eq!(say(vec![]), "2 things missing for Primary in Payments");
    let held = record(1, State::Held, None);
    assert_eq!(
        say(vec![held.clone()]),
        "1 thing missing for Primary in Payments"
    );
    assert_eq!(
        say(vec![held.clone(), record(2, State::Pending, None)]),
        "1 sign-off awaited for Primary in Payments"
    );
    assert_eq!(
        say(vec![held, record(2, State::Held, None)]),
        "You're ready for Primary, Secondary"
    );
}

#[test]
fn several_teams_and_rotations() {
    let duties = vec![
        duty(1, 1, "Primary", 1, Some(1)),
        duty(2, 1, "Primary", 1, Some(2)),
        duty(3, 2, "Primary", 1, None),
    ];
    let two = |rotations: &[i64]| {
        vec![
            engineer(1, "Payments", rotations),
            engineer(2, "Ledger", &[]),
        ]
    };
    let held = vec![record(1, State::Held, None)];
    // Only the rotations one is on count; on none, all do.
    assert_eq!(
        headline(&board(duties.clone(), two(&[1]), held.clone())),
        "You're ready for R1: Primary in Payments and Primary in Ledger"
    );
    assert_eq!(
        headline(&board(duties.clone(), two(&[]), held)),
        "1 thing missing for R2: Primary in Payments"
    );
    assert!(headline(&board(duties, vec![], vec![])).contains("in no team"));
    let none = board(vec![], two(&[]), vec![]);
    assert!(headline(&none).contains("no rotation"));
}

#[test]
fn the_summary_counts_and_names_the_most_urgent() {
    let duties = (1..=4).map(|q| duty(1, 1, "Primary", 1, Some(q))).collect();
    let records = vec![
        record(1, State::Held, Some(now() + TimeDelta::days(3))),
        record(2, State::Pending, None),
        record(3, State::Held, Some(now() - TimeDelta::days(1))),
    ];
    let summary = summary(&board(duties, vec![engineer(1, "Payments", &[])], records));
    let counts = (
        summary.missing,
        summary.expired,
        summary.pending,
        summary.lapsing,
    );
    assert_eq!(counts, (1, 1, 1, 1));
    assert!(!summary.is_ready() && summary.applies);
    assert_eq!(
        summary.texts,
        [
            "Thing 4 is missing",
            "Thing 3 has expired",
            "Thing 1 lapses in 3 days: you need it for Primary in Payments"
        ]
    );
}
