//! One sentence that says whether a person may go on duty.

use std::collections::BTreeSet;

use super::{Board, Engineer, Need, RoleState, Standing};
use crate::vocab::RequirementId;

/// How many texts a summary has at most.
const MOST_TEXTS: usize = 3;

/// What a person still owes before they can be on duty, for their home page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Whether they take shifts in any team; otherwise the rest says nothing.
    pub applies: bool,
    /// Never held or taken away, and not asked for.
    pub missing: usize,
    /// Held once, and not asked for again.
    pub expired: usize,
    /// Not held, and waiting for a manager.
    pub pending: usize,
    /// Held, and lapsing within 30 days.
    pub lapsing: usize,
    /// "You're ready for Primary, Secondary" or "2 things missing for Primary in Payments".
    pub headline: String,
    /// The most urgent ones, like "Production access is missing"; at most three.
    pub texts: Vec<String>,
}

impl Summary {
    /// Whether everything is held.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.missing + self.expired + self.pending == 0
    }
}

/// What a person still owes, over all engineers of the board: their memberships.
#[must_use]
pub fn summary(board: &Board) -> Summary {
    let of = |e| board.needs_of(e).into_iter().map(move |need| (e, need));
    let mut all: Vec<(&Engineer, Need<'_>)> = board.engineers.iter().flat_map(of).collect();
    all.sort_by_key(|(_, n)| n.place.urgency());
    let count =
        |test: fn(&Standing) -> bool| all.iter().filter(|(_, n)| test(&n.place.standing)).count();
    let texts = all
        .iter()
        .filter_map(|(engineer, need)| {
            let title = &need.requirement.title;
            match need.place.standing {
                Standing::Missing => Some(format!("{title} is missing")),
                Standing::Expired(_) => Some(format!("{title} has expired")),
                Standing::Pending => Some(format!("{title} waits for sign-off")),
                Standing::Held(_) if need.place.lapses_soon() => {
                    let roles: Vec<&str> = need.roles.iter().map(|(r, _)| r.as_str()).collect();
                    Some(format!(
                        "{title} {}: you need it for {} in {}",
                        need.place.lapses_in(),
                        roles.join(", "),
                        engineer.team_name
                    ))
                }
                Standing::Held(_) => None,
            }
        })
        .take(MOST_TEXTS)
        .collect();
    Summary {
        applies: !board.engineers.is_empty(),
        missing: count(|s| matches!(s, Standing::Missing)),
        expired: count(|s| matches!(s, Standing::Expired(_))),
        pending: count(|s| matches!(s, Standing::Pending)),
        lapsing: all.iter().filter(|(_, n)| n.place.lapses_soon()).count(),
        headline: headline(board),
        texts,
    }
}

/// The sentence.
fn headline(board: &Board) -> String {
    let teams: Vec<(&Engineer, Vec<RoleState>)> = board
        .engineers
        .iter()
        .map(|e| (e, board.roles_of(e)))
        .collect();
    if teams.is_empty() {
        return "Nothing is required of you: you take shifts in no team".into();
    }
    if teams.iter().all(|(_, roles)| roles.is_empty()) {
        return "Nothing is required of you: your team has no rotation yet".into();
    }
    let short: Vec<String> = teams
        .iter()
        .filter_map(|(engineer, roles)| gap(board, engineer, roles))
        .collect();
    if !short.is_empty() {
        return short.join(", ");
    }
    let several = teams.len() > 1;
    let ready: Vec<String> = teams
        .iter()
        .filter(|(_, roles)| !roles.is_empty())
        .map(|(engineer, roles)| {
            let names = labels(roles.iter());
            if several {
                format!("{names} in {}", engineer.team_name)
            } else {
                names
            }
        })
        .collect();
    format!("You're ready for {}", ready.join(" and "))
}

fn gap(board: &Board, engineer: &Engineer, roles: &[RoleState]) -> Option<String> {
    let lacking: BTreeSet<RequirementId> = roles.iter().flat_map(|r| r.lacking.clone()).collect();
    if lacking.is_empty() {
        return None;
    }
    let all_wait = lacking
        .iter()
        .all(|r| board.place(engineer.id, *r).pending.is_some());
    let what = match (lacking.len(), all_wait) {
        (1, false) => "1 thing missing".to_owned(),
        (n, false) => format!("{n} things missing"),
        (1, true) => "1 sign-off awaited".to_owned(),
        (n, true) => format!("{n} sign-offs awaited"),
    };
    let names = labels(roles.iter().filter(|r| !r.lacking.is_empty()));
    Some(format!("{what} for {names} in {}", engineer.team_name))
}

fn labels<'a>(roles: impl Iterator<Item = &'a RoleState>) -> String {
    let labels: Vec<&str> = roles.map(|r| r.label.as_str()).collect();
    labels.join(", ")
}

#[cfg(test)]
#[path = "headline_tests.rs"]
mod tests;
