//! Shifts by mail: invitations and their taking back (iMIP, RFC 6047), written to the outbox in the
//! same transaction as the ledger.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::picture::Desired;
use super::words;
use crate::calendars::model::{Entry, Guest, Held, Single, Standing};
use crate::calendars::store::{self, Channel, Delivery, Fresh, Person, Put};
use crate::jobs::{self, Invitation, Method, Notice};

/// Writes invitations in one transaction.
pub struct Secretary<'a> {
    /// The address that mails come from.
    pub organizer: &'a str,
    /// Whom they are about.
    pub person: &'a Person,
    /// Now (UTC).
    pub now: DateTime<Utc>,
}

impl Secretary<'_> {
    /// Invites to a shift for the so manieth time.
    pub async fn invite(
        &self,
        conn: &mut PgConnection,
        channel: &Channel,
        (entry, time): (&Entry, usize),
        desired: &Desired,
    ) -> sqlx::Result<()> {
        let uid = format!("mail-{}.{time}@{}", entry.key, desired.host);
        let fresh = Fresh {
            channel: channel.id,
            key: &entry.key,
            uid: &uid,
            href: "",
            interval: entry.interval,
            summary: &entry.summary(),
        };
        store::add(conn, fresh, &delivered(entry), self.now).await?;
        self.request(conn, channel, entry, &uid, 0).await
    }

    /// Sends what has changed.
    pub async fn change(
        &self,
        conn: &mut PgConnection,
        channel: &Channel,
        delivery: &Delivery,
        entry: &Entry,
    ) -> sqlx::Result<()> {
        let sequence = delivery.sequence.saturating_add(1);
        let put = Put {
            sequence,
            standing: Standing::There,
            held: &delivered(entry),
            theirs: None,
            says: (entry.interval, &entry.summary()),
        };
        store::put(conn, delivery.known.id, put, self.now).await?;
        self.request(conn, channel, entry, &delivery.uid, sequence)
            .await
    }

    /// Takes an invitation back.
    pub async fn take_back(
        &self,
        conn: &mut PgConnection,
        channel: &Channel,
        delivery: &Delivery,
    ) -> sqlx::Result<()> {
        let sequence = delivery.sequence.saturating_add(1);
        let put = Put {
            sequence,
            standing: Standing::Gone,
            held: &Held::default(),
            theirs: None,
            says: (delivery.interval, &delivery.summary),
        };
        store::put(conn, delivery.known.id, put, self.now).await?;
        let ics = self.single(&delivery.uid, sequence).cancel(
            self.guest(channel),
            delivery.interval,
            &delivery.summary,
        );
        let notice = words::taken_back(self.person, &channel.target, delivery, sequence);
        self.send(conn, &notice, Method::Cancel, &delivery.uid, ics)
            .await
    }

    async fn request(
        &self,
        conn: &mut PgConnection,
        channel: &Channel,
        entry: &Entry,
        uid: &str,
        sequence: i32,
    ) -> sqlx::Result<()> {
        let ics = self
            .single(uid, sequence)
            .request(self.guest(channel), entry);
        let notice = words::invited(self.person, &channel.target, entry, uid, sequence);
        self.send(conn, &notice, Method::Request, uid, ics).await
    }

    async fn send(
        &self,
        conn: &mut PgConnection,
        notice: &Notice,
        method: Method,
        uid: &str,
        ics: String,
    ) -> sqlx::Result<()> {
        let invitation = Invitation {
            method,
            uid: uid.to_owned(),
            ics,
        };
        jobs::invite(conn, self.now, notice, &invitation).await
    }

    fn single<'b>(&self, uid: &'b str, sequence: i32) -> Single<'b> {
        Single {
            uid,
            sequence,
            at: self.now,
        }
    }

    fn guest<'b>(&'b self, channel: &'b Channel) -> Guest<'b> {
        Guest {
            organizer: self.organizer,
            attendee: &channel.target,
            name: &self.person.name,
        }
    }
}

/// What the ledger knows of a mail: it is in the outbox.
fn delivered(entry: &Entry) -> Held {
    Held {
        digest: Some(entry.digest()),
        ..Held::default()
    }
}
