//! A webhook.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::secret::{Secret, Unreadable};
use crate::vocab::TeamId;

/// Webhooks a team may have.
pub const MOST: i64 = 10;

/// Names a webhook.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct WebhookId(pub i64);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is posted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Shape {
    /// JSON of our own, signed.
    Json,
    /// What Slack and its like show as a message.
    Slack,
}

impl Shape {
    /// For forms: value and label.
    pub const OPTIONS: [(&'static str, &'static str); 2] =
        [("slack", "A message"), ("json", "Signed JSON")];

    /// In a few words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Json => "signed JSON",
            Self::Slack => "message",
        }
    }
}

impl FromStr for Shape {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "slack" => Ok(Self::Slack),
            _ => Err("Choose what is posted."),
        }
    }
}

/// A webhook as its managers see it.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Names it.
    pub id: WebhookId,
    /// What managers call it.
    pub name: String,
    /// What is posted.
    pub shape: Shape,
    /// The host.
    pub place: String,
    /// When something last arrived (UTC).
    pub delivered_at: Option<DateTime<Utc>>,
    /// Since when nothing arrives (UTC).
    pub failing_since: Option<DateTime<Utc>>,
    /// Why not.
    pub problem: String,
    /// Since when nothing is posted (UTC).
    pub disabled_at: Option<DateTime<Utc>>,
}

/// A webhook as it is posted to.
#[derive(Debug)]
pub struct Target {
    /// Names it.
    pub id: WebhookId,
    /// What managers call it.
    pub name: String,
    /// The team.
    pub team: TeamId,
    /// The team's name in addresses.
    pub slug: String,
    /// The team's name.
    pub team_name: String,
    /// The team's zone.
    pub zone: Tz,
    /// What is posted.
    pub shape: Shape,
    /// Where to.
    pub address: Result<Secret, Unreadable>,
    /// What JSON is signed with.
    pub secret: Option<Result<Secret, Unreadable>>,
    /// The other side wants to be left alone until then (UTC).
    pub quiet_until: Option<DateTime<Utc>>,
    /// Nothing is posted.
    pub is_disabled: bool,
}
