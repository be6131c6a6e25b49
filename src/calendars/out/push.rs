//! Shifts written into a calendar on a server.

use std::time::Instant;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::dav::{Calendar, Trouble, trouble};
use super::picture::{Picture, Task};
use super::{BUDGET, IN_ALL, words};
use crate::calendars::model::{
    Answer, Entry, Held, Known, Move, Next, Seen, Single, Standing, Theirs, answered, intended,
    merged, next,
};
use crate::calendars::store::{self, Channel, Delivery, Fresh, Person, Put};
use crate::jobs;
use crate::sources::{self, Account, SourceId};
use crate::state::AppState;

/// Questions to the server about one entry, until it must be at rest.
const MOST_TURNS: usize = 8;

/// Entries in a row from the first that a server doesn't take, until it is no matter of single ones.
const MOST_REFUSED: usize = 5;

/// Why a run ends early.
pub enum Stop {
    /// The server.
    Trouble(Trouble),
    /// The database.
    Database(sqlx::Error),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Writes entries into one calendar.
pub struct Courier<'a> {
    state: &'a AppState,
    person: &'a Person,
    channel: &'a Channel,
    host: &'a str,
    account: Account,
    /// Whether the calendar has ever taken an entry.
    has_taken: bool,
    begun: Instant,
    now: DateTime<Utc>,
}

/// How far a run came.
pub enum Ran {
    /// All is as it should be.
    All,
    /// There was no time for all of it.
    Part,
    /// All but what the server doesn't take: why, in words that name the entries.
    Without(String),
}

impl<'a> Courier<'a> {
    /// With the user and password of the account that the calendar belongs to.
    pub async fn open(
        state: &'a AppState,
        picture: &'a Picture,
        channel: &'a Channel,
        begun: Instant,
        now: DateTime<Utc>,
    ) -> Result<Self, Stop> {
        let account = match (channel.source, &channel.sealed) {
            (Some(source), _) => {
                let mut conn = state.db.acquire().await?;
                sources::open_account(&mut conn, state, SourceId(source)).await?
            }
            (None, Some((source, sealed))) => {
                sources::open_sealed(state, SourceId(*source), sealed)
            }
            (None, None) => return Err(Trouble::Gone.into()),
        };
        let account = account.map_err(Trouble::Refused)?;
        let is_plain = account.server.is_plain() && !state.fetcher.allows_private();
        if is_plain || account.address_of(&channel.target).is_none() {
            return Err(Trouble::Refused(
                "The calendar is on another server than the account, or its address does not begin with https://. Choose one of the account's own.",
            )
            .into());
        }
        Ok(Self {
            state,
            person: &picture.person,
            channel,
            host: &picture.desired.host,
            has_taken: picture
                .ledger
                .iter()
                .any(|d| d.known.channel == channel.id && d.held.digest.is_some()),
            account,
            begun,
            now,
        })
    }

    /// Does as much as fits in the time. `check`: asks the server also where there is nothing to do.
    pub async fn run(&self, tasks: &[Task<'_>], check: bool) -> Result<Ran, Stop> {
        if check && tasks.is_empty() {
            self.calendar().must_be_there().await?;
        }
        let mut takes = false;
        let mut refused: Vec<(String, StatusCode)> = vec![];
        for task in tasks {
            if self.begun.elapsed() > BUDGET {
                return Ok(Ran::Part);
            }
            let brought = match task {
                Task::Create(entry, time) => {
                    let delivery = self.begin(entry, *time).await?;
                    self.bring(&delivery, Some(entry)).await
                }
                Task::Change(delivery, entry) => self.bring(delivery, Some(entry)).await,
                Task::Remove(delivery) => self.bring(delivery, None).await,
            };
            match brought {
                Err(Stop::Trouble(Trouble::Entry(status))) => {
                    refused.push((self.named(task), status));
                    // Where nothing was ever taken, or nothing of several is, it is no matter of one entry.
                    if !takes && refused.len() >= MOST_REFUSED {
                        return Err(trouble(status).into());
                    }
                }
                brought => {
                    brought?;
                    takes = true;
                }
            }
        }
        match refused.first() {
            None => Ok(Ran::All),
            Some((_, status)) if !takes && !self.has_taken => Err(trouble(*status).into()),
            Some(_) => Ok(Ran::Without(words::refused(&refused))),
        }
    }

    fn named(&self, task: &Task<'_>) -> String {
        let (summary, interval) = match task {
            Task::Create(entry, _) | Task::Change(_, entry) => (entry.summary(), entry.interval),
            Task::Remove(delivery) => (delivery.summary.clone(), delivery.interval),
        };
        format!("{summary}, {}", words::when(interval, self.person.zone))
    }

    fn calendar(&self) -> Calendar<'_> {
        Calendar {
            fetcher: &self.state.fetcher,
            user: &self.account.user,
            password: self.account.password.expose(),
            url: &self.channel.target,
            deadline: self.begun + IN_ALL,
        }
    }

    /// A new entry in the ledger, of which nothing is known to have arrived.
    async fn begin(&self, entry: &Entry, time: usize) -> sqlx::Result<Delivery> {
        let uid = format!("push-{}.{time}@{}", entry.key, self.host);
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '-'
            }
        };
        let file: String = uid.chars().map(safe).collect();
        let href = format!("{}/{file}.ics", self.channel.target.trim_end_matches('/'));
        let summary = entry.summary();
        let fresh = Fresh {
            channel: self.channel.id,
            key: &entry.key,
            uid: &uid,
            href: &href,
            interval: entry.interval,
            summary: &summary,
        };
        let held = Held::default();
        let mut conn = self.state.db.acquire().await?;
        let id = store::add(&mut conn, fresh, &held, self.now).await?;
        Ok(Delivery {
            known: Known {
                id,
                channel: self.channel.id,
                key: entry.key.clone(),
                standing: Standing::There,
                digest: None,
                unsettled: false,
            },
            uid,
            sequence: 0,
            href,
            held,
            theirs: None,
            interval: entry.interval,
            summary,
        })
    }

    /// Brings one entry to what it should show; none: to not being there.
    async fn bring(&self, delivery: &Delivery, entry: Option<&Entry>) -> Result<(), Stop> {
        let calendar = self.calendar();
        let goal = entry.map(Entry::digest);
        let mut now = delivery.clone();
        // What is there, with all that its owner added to it.
        let mut there: Option<String> = None;
        for _ in 0..MOST_TURNS {
            let action = match next(&now.held, goal) {
                Move::Overwrite(_) if there.is_none() => Move::Read,
                action => action,
            };
            if let Some(intent) = intended(&action, goal) {
                now.held.intent = Some(intent);
                if matches!(action, Move::Overwrite(_)) {
                    now.sequence = now.sequence.saturating_add(1);
                }
                self.save(&now, Standing::There, None).await?;
            }
            let answer = match (action, entry) {
                (Move::Read, _) => match calendar.read(&now.href).await? {
                    Some(file) => {
                        let shown = Seen::read(&file.text).digest();
                        there = Some(file.text);
                        Answer::Found(file.etag, shown)
                    }
                    None => Answer::Missing,
                },
                (Move::Create, Some(entry)) => {
                    let text = self.single(&now).pushed(entry);
                    calendar.create(&now.href, text).await?
                }
                (Move::Overwrite(etag), Some(entry)) => {
                    let ours = self.single(&now).pushed(entry);
                    let text = merged(&ours, there.as_deref().unwrap_or_default());
                    calendar.overwrite(&now.href, &etag, text).await?
                }
                (Move::Delete(etag), _) => calendar.delete(&now.href, &etag).await?,
                (Move::Done | Move::Create | Move::Overwrite(_), _) => {
                    return self.settle(now, entry).await;
                }
            };
            match answered(now.held.clone(), goal, answer) {
                Next::With(held) => now.held = held,
                Next::Conflict(theirs, held) => {
                    now.held = held;
                    return self.leave(now, entry, theirs).await;
                }
            }
            self.save(&now, Standing::There, None).await?;
        }
        // It changes again and again while it is written, or the server says so without end.
        Err(Trouble::Entry(StatusCode::CONFLICT).into())
    }

    /// It is as it should be.
    async fn settle(&self, mut now: Delivery, entry: Option<&Entry>) -> Result<(), Stop> {
        let standing = match entry {
            Some(entry) => {
                (now.interval, now.summary) = (entry.interval, entry.summary());
                Standing::There
            }
            None => Standing::Gone,
        };
        Ok(self.save(&now, standing, None).await?)
    }

    /// Its owner has made it their own: they are asked.
    async fn leave(
        &self,
        mut now: Delivery,
        entry: Option<&Entry>,
        theirs: Theirs,
    ) -> Result<(), Stop> {
        if let Some(entry) = entry {
            (now.interval, now.summary) = (entry.interval, entry.summary());
        }
        let mut tx = self.state.db.begin().await?;
        self.save_in(&mut tx, &now, Standing::Conflict, Some(theirs))
            .await?;
        let notice = words::edited(self.person, &now, theirs);
        jobs::notify(&mut tx, self.now, &notice).await?;
        Ok(tx.commit().await?)
    }

    /// Notes what is known. No connection to the database is held while the server is asked.
    async fn save(
        &self,
        delivery: &Delivery,
        standing: Standing,
        theirs: Option<Theirs>,
    ) -> sqlx::Result<()> {
        let mut conn = self.state.db.acquire().await?;
        self.save_in(&mut conn, delivery, standing, theirs).await
    }

    async fn save_in(
        &self,
        conn: &mut PgConnection,
        delivery: &Delivery,
        standing: Standing,
        theirs: Option<Theirs>,
    ) -> sqlx::Result<()> {
        let put = Put {
            sequence: delivery.sequence,
            standing,
            held: &delivery.held,
            theirs,
            says: (delivery.interval, &delivery.summary),
        };
        store::put(conn, delivery.known.id, put, self.now).await
    }

    fn single<'b>(&self, delivery: &'b Delivery) -> Single<'b> {
        Single {
            uid: &delivery.uid,
            sequence: delivery.sequence,
            at: self.now,
        }
    }
}
