//! What is being asked for and who is being asked, through the views of covering.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::vocab::{CoverId, Interval, PersonId, RoleId, ShiftId, TeamId};

/// What somebody wants with a shift of theirs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// That somebody is found.
    Cover,
    /// That one colleague takes it.
    Give,
    /// That one colleague takes it and gives theirs in return.
    Swap,
}

/// Somebody looks for a replacement.
#[derive(Clone, Debug)]
pub struct Cover {
    /// The request.
    pub request: CoverId,
    /// The shift.
    pub shift: ShiftId,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// From when to when (UTC).
    pub interval: Interval,
    /// The team.
    pub team: TeamId,
    /// Its name.
    pub team_name: String,
    /// Whose it is.
    pub name: String,
    /// What they want.
    pub wish: Wish,
    /// With whom, where it is one colleague.
    pub colleague: Option<String>,
    /// Somebody agreed, and a manager's approval is missing.
    pub is_agreed: bool,
    /// Nobody is left to be asked.
    pub is_exhausted: bool,
    /// How many are being asked.
    pub asked: i64,
    /// Until when the reader can answer, where they are being asked (UTC).
    pub answer_by: Option<DateTime<Utc>>,
}

impl Cover {
    /// What they want, after their name.
    #[must_use]
    pub fn wants(&self) -> &'static str {
        match self.wish {
            Wish::Cover => "can't make it",
            Wish::Give => "wants to give it away",
            Wish::Swap => "wants to swap it",
        }
    }

    /// The same for whom they ask.
    #[must_use]
    pub fn wants_of_you(&self) -> &'static str {
        match self.wish {
            Wish::Cover => "can't make it",
            Wish::Give => "would like you to take it",
            Wish::Swap => "would like to swap it with one of yours",
        }
    }

    /// Where it stands, for whoever asked.
    #[must_use]
    pub fn stands(&self) -> String {
        let colleague = self.colleague.as_deref().unwrap_or("Somebody");
        match (self.is_agreed, self.wish) {
            (true, _) => {
                format!("{colleague} agreed; a manager's approval is missing. Until then it is yours.")
            }
            (false, Wish::Give) => format!(
                "You want to give it to {colleague}, who is being asked. It stays yours unless they agree."
            ),
            (false, Wish::Swap) => format!(
                "You want to swap it with {colleague}, who is being asked. It stays yours unless they agree."
            ),
            (false, Wish::Cover) if self.is_exhausted => {
                "You asked to be covered, and everybody who could was asked. It is still yours; your managers know."
                    .to_owned()
            }
            (false, Wish::Cover) => format!(
                "You asked to be covered: {} being asked. Until someone agrees it is yours.",
                match self.asked {
                    0 => "nobody is".to_owned(),
                    1 => "1 person is".to_owned(),
                    n => format!("{n} people are"),
                }
            ),
        }
    }
}

macro_rules! covers {
    ($conn:expr, $query:literal, $($arg:expr),*) => {
        sqlx::query!($query, $($arg),*)
            .map(|r| Cover {
                request: CoverId(r.request_id),
                shift: ShiftId(r.shift_id),
                role: RoleId(r.role_id),
                role_name: r.role_name,
                interval: Interval { start: r.starts_at, end: r.ends_at },
                team: TeamId(r.team_id),
                team_name: r.team_name,
                name: r.person_name,
                is_agreed: r.state == "agreed",
                wish: match r.kind.as_str() {
                    "give" => Wish::Give,
                    "swap" => Wish::Swap,
                    _ => Wish::Cover,
                },
                colleague: r.colleague_name,
                is_exhausted: r.is_exhausted,
                asked: r.asked,
                answer_by: r.answer_by,
            })
            .fetch_all($conn)
            .await
    };
}

/// What a person is being asked to take, the most urgent first; at most 20.
///
/// # Errors
/// Where the database fails.
pub async fn asked(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Cover>> {
    covers!(
        conn,
        r#"select request_id as "request_id!", shift_id as "shift_id!", role_id as "role_id!", role_name as "role_name!",
            starts_at as "starts_at!", ends_at as "ends_at!", team_id as "team_id!", team_name as "team_name!",
            person_name as "person_name!", state as "state!", kind as "kind!",
            is_exhausted as "is_exhausted!", asked as "asked!", answer_by, null::text as colleague_name
        from covers_asked where asked_id = $1 order by answer_by, request_id limit 20"#,
        person.0
    )
}

/// A person's requests that are not settled, the next first; at most 20.
///
/// # Errors
/// Where the database fails.
pub async fn requested(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Cover>> {
    covers!(
        conn,
        r#"select request_id as "request_id!", shift_id as "shift_id!", role_id as "role_id!", role_name as "role_name!",
            starts_at as "starts_at!", ends_at as "ends_at!", team_id as "team_id!", team_name as "team_name!",
            person_name as "person_name!", state as "state!", kind as "kind!",
            is_exhausted as "is_exhausted!", asked as "asked!", null::timestamptz as answer_by,
            colleague_name
        from covers_open where person_id = $1 order by starts_at, request_id limit 20"#,
        person.0
    )
}

/// Requests of these teams that are not settled, the next first; at most 200.
///
/// # Errors
/// Where the database fails.
pub async fn of_teams(conn: &mut PgConnection, teams: &[TeamId]) -> sqlx::Result<Vec<Cover>> {
    let teams: Vec<i64> = teams.iter().map(|t| t.0).collect();
    covers!(
        conn,
        r#"select request_id as "request_id!", shift_id as "shift_id!", role_id as "role_id!", role_name as "role_name!",
            starts_at as "starts_at!", ends_at as "ends_at!", team_id as "team_id!", team_name as "team_name!",
            person_name as "person_name!", state as "state!", kind as "kind!",
            is_exhausted as "is_exhausted!", asked as "asked!", null::timestamptz as answer_by,
            colleague_name
        from covers_open where team_id = any ($1) order by starts_at, request_id limit 200"#,
        &teams
    )
}

/// Requests for a shift that are not settled, in time; at most 100.
///
/// # Errors
/// Where the database fails.
pub async fn of_shift(conn: &mut PgConnection, shift: ShiftId) -> sqlx::Result<Vec<Cover>> {
    covers!(
        conn,
        r#"select request_id as "request_id!", shift_id as "shift_id!", role_id as "role_id!", role_name as "role_name!",
            starts_at as "starts_at!", ends_at as "ends_at!", team_id as "team_id!", team_name as "team_name!",
            person_name as "person_name!", state as "state!", kind as "kind!",
            is_exhausted as "is_exhausted!", asked as "asked!", null::timestamptz as answer_by,
            colleague_name
        from covers_open where shift_id = $1 order by starts_at, request_id limit 100"#,
        shift.0
    )
}
