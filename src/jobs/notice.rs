//! What a person or a team is told, in the words of the slice that tells it. The slice `notices`
//! delivers it: it applies the person's choices, and renders it as mail, digest or webhook.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::model::Job;
use super::store;
use crate::vocab::{PersonId, TeamId};

/// The kind of the jobs that deliver notices.
pub const KIND: &str = "notice";

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// A person, by the channels they chose. Who has left is told nothing.
    Person(PersonId),
    /// An e-mail address that may belong to nobody yet.
    Address(String),
    /// A team, by its webhooks; nobody where it has none.
    Team(TeamId),
}

/// What it is about: people choose by topic what they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A link to join a team, or to choose a new password.
    Invitation,
    /// Availability of a month is open.
    RoundOpen,
    /// A schedule was published or changed.
    Published,
    /// Somebody is asked to take a shift. Can't be switched off, and never waits for a digest.
    CoverAsk,
    /// What they said by a link, without signing in. Can't be switched off, as [`Self::CoverAsk`].
    CoverReceipt,
    /// A shift became theirs, or ceased to be, by somebody else's word, or by a new schedule that
    /// begins to count before their next digest. Can't be switched off, and never waits for a digest.
    Assigned,
    /// A manager's approval is asked. Can't be switched off, and never waits for a digest.
    CoverApproval,
    /// What became of a cover request.
    CoverNews,
    /// Nobody has agreed yet, and the shift comes nearer. Never waits for a digest.
    CoverOverdue,
    /// A shift of theirs starts. Never waits for a digest: when they are told is theirs to choose.
    ShiftStarts,
    /// A requirement they hold lapses.
    RequirementLapses,
    /// A calendar of theirs can't be read or written.
    Calendar,
    /// A webhook of a team that they manage refuses what is posted, or is gone.
    Webhook,
    /// They asked for a test.
    Test,
}

/// A link in a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// What it does, as on a button: "Answer".
    pub label: String,
    /// Where it leads on this site, as in "/offers/...". The public URL is put in front at delivery.
    pub path: String,
}

/// What somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who is told.
    pub to: To,
    /// What it is about.
    pub topic: Topic,
    /// Its name: the same key is told once. Names the person, too, where several are told.
    pub key: String,
    /// Notices of one lane arrive in order: per person and subject.
    pub lane: String,
    /// The subject, which begins with what matters.
    pub title: String,
    /// Short paragraphs of plain text; times in the person's zone, with the zone named.
    pub lines: Vec<String>,
    /// Links.
    pub actions: Vec<Action>,
    /// Pointless from this moment on (UTC): not sent any more. See [`notify_by`] for what must be
    /// known earlier.
    pub until: Option<DateTime<Utc>>,
}

/// What a calendar part asks of the reader's calendar (iMIP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Enter or change the event.
    Request,
    /// Remove it.
    Cancel,
}

impl Method {
    /// As in the calendar and in the mail: "REQUEST".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// A calendar invitation that goes with a notice. Its ORGANIZER must be the address that mails come
/// from, its METHOD be `method`, and its only UID `uid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What it asks for.
    pub method: Method,
    /// The UID of its one event.
    pub uid: String,
    /// The calendar, as RFC 5545 wants it: UTF-8, CRLF.
    pub ics: String,
}

/// A notice as its job carries it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Letter {
    /// The notice.
    #[serde(flatten)]
    pub notice: Notice,
    /// The calendar part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    /// The first moment that matters (UTC): where a digest would come later, it is sent at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<DateTime<Utc>>,
}

/// Tells somebody something: call it in the transaction of the change. Nobody is told what they did
/// themselves; that is for the caller to see to.
///
/// # Errors
/// Where the database fails.
pub async fn notify(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    notice: &Notice,
) -> Result<(), sqlx::Error> {
    post(conn, now, notice, None, None).await
}

/// As [`notify`], for what must be known by an instant: where the person's digest would come later,
/// it is sent at once. With `now` for `by`, it never waits.
///
/// # Errors
/// Where the database fails.
pub async fn notify_by(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    notice: &Notice,
    by: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    post(conn, now, notice, None, Some(by)).await
}

/// As [`notify`], with a calendar part. Such a mail is sent at once, whatever the person chose about
/// topics and digests.
///
/// # Errors
/// Where the database fails.
pub async fn invite(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    notice: &Notice,
    invitation: &Invitation,
) -> Result<(), sqlx::Error> {
    post(conn, now, notice, Some(invitation), None).await
}

async fn post(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    notice: &Notice,
    invitation: Option<&Invitation>,
    by: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let letter = Letter {
        notice: notice.clone(),
        invitation: invitation.cloned(),
        by,
    };
    // Plain data with text keys: it can always be written as JSON.
    let payload =
        serde_json::to_value(&letter).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let job = Job {
        kind: KIND,
        key: format!("notice:{}", notice.key),
        lane: format!("notice:{}", notice.lane),
        run_at: now,
        payload,
    };
    store::enqueue(conn, now, &job).await
}
