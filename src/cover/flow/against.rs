//! What speaks against somebody's taking a part: one check for what is offered and for what is done.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::cover::model::Return;
use crate::error::AppError;
use crate::planning::{self, SlotPart, Take, Taken};
use crate::vocab::PersonId;

/// What is said of somebody whom the rotation does not know.
pub(super) const OUTSIDE: &str = "does not belong to the rotation";

/// What speaks against somebody's taking a part.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Against {
    /// The rules, in words for everybody.
    pub broken: Vec<String>,
    /// The same with what people wrote of themselves, for their managers.
    pub why: Vec<String>,
    /// No manager can overrule it.
    pub is_final: bool,
}

/// What speaks against `taker` taking a part, and against its holder taking what is given in return.
/// `None` where one of the two is not theirs any more.
pub(super) async fn speaks_against(
    conn: &mut PgConnection,
    part: &SlotPart,
    taker: PersonId,
    in_return: Option<Return>,
    now: DateTime<Utc>,
) -> Result<Option<Against>, AppError> {
    let asked = questions(part, taker, in_return);
    Ok(Against::both(
        &planning::could_take(conn, &asked, now).await?,
    ))
}

/// What speaks against swaps of a part for each of these, in their order; `None` as in
/// [`speaks_against`].
///
/// # Errors
/// Where the database fails.
pub async fn swaps(
    conn: &mut PgConnection,
    part: &SlotPart,
    returns: &[(PersonId, Return)],
    now: DateTime<Utc>,
) -> Result<Vec<Option<Against>>, AppError> {
    let both = |(taker, back): &(PersonId, Return)| questions(part, *taker, Some(*back));
    let asked: Vec<Take> = returns.iter().flat_map(both).collect();
    let found = planning::could_take(conn, &asked, now).await?;
    Ok(found.chunks(2).map(Against::both).collect())
}

/// What is asked of the rules: that `taker` takes the part, and its holder what is given in return.
fn questions(part: &SlotPart, taker: PersonId, in_return: Option<Return>) -> Vec<Take> {
    let mut asked = vec![Take {
        part: *part,
        person: taker,
        freed: in_return.map(|back| back.interval),
    }];
    if let Some((back, holder)) = in_return.zip(part.person) {
        asked.push(Take {
            part: SlotPart {
                shift: back.shift,
                role: back.role,
                person: Some(taker),
                interval: back.interval,
            },
            person: holder,
            freed: Some(part.interval),
        });
    }
    asked
}

impl Against {
    /// What speaks against the taker, and against whoever takes something in return.
    fn both(found: &[Taken]) -> Option<Self> {
        let mut against = Self::default();
        for (index, taken) in found.iter().enumerate() {
            against.add(taken, index > 0)?;
        }
        Some(against)
    }

    /// Adds the rules that somebody would break, by name where it is whoever takes something in return.
    fn add(&mut self, taken: &Taken, is_holder: bool) -> Option<()> {
        match taken {
            Taken::Gone => return None,
            Taken::Outside => {
                let who = if is_holder { "Whoever asks " } else { "" };
                let words = format!("{who}{OUTSIDE}");
                self.why.push(words.clone());
                self.broken.push(words);
                self.is_final = true;
            }
            Taken::By(found) => {
                let before = if is_holder {
                    format!("{}: ", found.name)
                } else {
                    String::new()
                };
                let broken = found.broken.iter();
                self.broken
                    .extend(broken.map(|rule| format!("{before}{rule}")));
                let why = found.broken_and_why();
                if !why.is_empty() {
                    self.why.push(format!("{before}{why}"));
                }
                self.is_final |= found.is_final;
            }
        }
        Some(())
    }
}
