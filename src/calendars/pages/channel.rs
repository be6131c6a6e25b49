//! The way shifts get into somebody's calendar: chosen, tried again, and asked about.

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::show::render;
use crate::audit;
use crate::calendars::model::{Standing, Theirs};
use crate::calendars::out;
use crate::calendars::store::{self, Channel, Choice, Kind, State as Health};
use crate::error::{Answer, AppError};
use crate::sources::{self, Writable};
use crate::state::AppState;
use crate::vocab::PersonId;
use crate::web::{Flash, Form, SignedIn, token};

/// A calendar that can be chosen.
pub(super) struct Calendar(Writable);

impl Calendar {
    /// Its value in the form.
    pub fn value(&self) -> String {
        format!("{} {}", self.0.source, self.0.href)
    }

    /// Its name in the form.
    pub fn title(&self) -> String {
        format!("{} ({})", self.0.name, self.0.account)
    }
}

/// Calendars that this person's shifts can be written into.
pub(super) async fn calendars(
    conn: &mut PgConnection,
    person: PersonId,
) -> sqlx::Result<Vec<Calendar>> {
    let calendars = sources::writable(conn, person).await?;
    Ok(calendars.into_iter().map(Calendar).collect())
}

/// What somebody chooses.
pub(super) enum Way {
    /// Feeds only.
    Feed,
    /// Invitations by mail.
    Mail,
    /// Written into a calendar: its place among those that can be chosen.
    Push(usize),
}

impl Way {
    /// Whether this installation can send invitations.
    pub fn can_mail(state: &AppState) -> bool {
        out::organizer(state).is_some()
    }

    /// The form as it is chosen now.
    pub fn filled(channel: Option<&Channel>, calendars: &[Calendar]) -> Form {
        let way = match channel.map(|c| c.kind) {
            None => "feed",
            Some(Kind::Mail) => "mail",
            Some(Kind::Push) => "push",
        };
        let mut form = Form::of([("channel", way)]);
        let Some(channel) = channel else { return form };
        if channel.busy {
            form.set("busy", "yes");
        }
        let chosen = calendars
            .iter()
            .find(|c| Some(c.0.source.0) == channel.source && channel.target.ends_with(&c.0.href));
        if let Some(calendar) = chosen {
            form.set("calendar", calendar.value());
        }
        form
    }

    /// What the form says; otherwise messages in it.
    fn read(form: &mut Form, calendars: &[Calendar], can_mail: bool) -> Option<Self> {
        match form.value("channel") {
            "feed" => Some(Self::Feed),
            "mail" if can_mail => Some(Self::Mail),
            "mail" => {
                form.refuse(
                    "channel",
                    "This installation sends no mail. Choose another way.",
                );
                None
            }
            "push" if calendars.is_empty() => {
                form.refuse(
                    "channel",
                    "Connect the account that your calendar is in first.",
                );
                None
            }
            "push" => {
                let chosen = calendars
                    .iter()
                    .position(|c| c.value() == form.value("calendar"));
                if chosen.is_none() {
                    form.refuse("calendar", "Choose the calendar that your shifts go into.");
                }
                chosen.map(Self::Push)
            }
            _ => {
                form.refuse("channel", "Choose one of the ways.");
                None
            }
        }
    }
}

/// How the chosen way does.
pub(super) struct Status {
    /// The calendar's name; none for mail.
    pub calendar: Option<String>,
    /// What is wrong; empty where nothing is.
    pub problem: String,
    /// When it is tried again, in words; none where only its owner can help.
    pub again: Option<String>,
    /// When all was last delivered, in words.
    pub done: Option<String>,
    /// Shifts to come that stand in the calendar.
    pub there: usize,
    /// Entries that their owner has made their own.
    pub entries: Vec<Owned>,
}

/// An entry that its owner has made their own.
pub(super) struct Owned {
    /// Its id.
    pub id: i64,
    /// What it is called.
    pub summary: String,
    /// When it is.
    pub when: String,
    /// Whether they still have to say whose version counts.
    pub is_open: bool,
    /// Whether they removed it, rather than changed it.
    pub is_removed: bool,
}

/// How the channel of this person does; none for feeds that have nothing left to be said.
pub(super) async fn status(
    conn: &mut PgConnection,
    user: &SignedIn,
    channel: Option<Channel>,
) -> sqlx::Result<Option<Status>> {
    let ledger = store::ledger(conn, user.id, user.now).await?;
    let entries: Vec<Owned> = ledger
        .iter()
        .filter(|d| matches!(d.known.standing, Standing::Conflict | Standing::Kept))
        .map(|d| Owned {
            id: d.known.id,
            summary: d.summary.clone(),
            when: out::when(d.interval, user.zone),
            is_open: d.known.standing == Standing::Conflict,
            is_removed: d.theirs == Some(Theirs::Removed),
        })
        .collect();
    let Some(channel) = channel else {
        let none = Status {
            calendar: None,
            problem: String::new(),
            again: None,
            done: None,
            there: 0,
            entries,
        };
        return Ok((!none.entries.is_empty()).then_some(none));
    };
    let at = |at: DateTime<Utc>| {
        let local = at.with_timezone(&user.zone);
        format!("{} ({})", local.format("%a %-d %b %H:%M"), user.zone)
    };
    let there = ledger.iter().filter(|d| {
        d.known.channel == channel.id
            && d.known.standing == Standing::There
            && d.known.digest.is_some()
    });
    Ok(Some(Status {
        calendar: (channel.kind == Kind::Push).then(|| channel.name.clone()),
        again: channel
            .retry_at
            .filter(|_| channel.state == Health::Failing)
            .map(at),
        problem: channel.problem,
        done: channel.done_at.map(at),
        there: there.count(),
        entries,
    }))
}

/// `POST /calendar/channel`: one way, and the one before ends.
pub async fn choose(State(state): State<AppState>, user: SignedIn, mut form: Form) -> Answer {
    let mut tx = state.db.begin().await?;
    let calendars = calendars(&mut tx, user.id).await?;
    let Some(way) = Way::read(&mut form, &calendars, Way::can_mail(&state)) else {
        drop(tx);
        return render(&state, &user, None, Some(form)).await;
    };
    store::hold(&mut tx, user.id).await?;
    let busy = form.ticked("busy");
    let said = match way {
        Way::Feed => {
            store::end(&mut tx, user.id, user.now).await?;
            "From now on your shifts come by your links only."
        }
        Way::Mail => {
            let choice = Choice {
                kind: Kind::Mail,
                target: &user.email,
                name: "",
                source: None,
                busy,
            };
            store::choose(&mut tx, user.id, choice, user.now).await?;
            "From now on your shifts come as invitations by mail."
        }
        Way::Push(place) => {
            let chosen = calendars.get(place).ok_or(AppError::NotFound)?;
            let account = sources::open_account(&mut tx, &state, chosen.0.source).await?;
            let target = account.and_then(|account| {
                let address = account.address_of(&chosen.0.href);
                address.ok_or("It is on another server than its account: the password must not be sent there.")
            });
            let target = match target {
                Ok(target) => target,
                Err(problem) => {
                    form.refuse("calendar", problem);
                    drop(tx);
                    return render(&state, &user, None, Some(form)).await;
                }
            };
            let choice = Choice {
                kind: Kind::Push,
                target: target.as_str(),
                name: &chosen.0.name,
                source: Some(chosen.0.source.0),
                busy,
            };
            store::choose(&mut tx, user.id, choice, user.now).await?;
            "From now on your shifts are written into your calendar. The first ones appear in a moment."
        }
    };
    let summary = format!("{}: {}", user.name, form.value("channel"));
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        None,
        "chose calendar channel",
        &summary,
    )
    .await?;
    wish(&mut tx, &user, "chosen").await?;
    tx.commit().await?;
    Ok(Flash::redirect("/calendar", said))
}

/// `POST /calendar/channel/attempt`: tried again at once.
pub async fn attempt(State(state): State<AppState>, user: SignedIn) -> Answer {
    let mut tx = state.db.begin().await?;
    wish(&mut tx, &user, "asked").await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        "/calendar",
        "It is being tried again. Look at this page in a moment.",
    ))
}

/// `POST /calendar/entries/{id}`: whose version of an entry counts.
pub async fn decide(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<i64>,
    form: Form,
) -> Answer<Response> {
    let ours = match form.value("version") {
        "ours" => true,
        "mine" => false,
        _ => return Err(AppError::BadRequest("Say which version counts.".into())),
    };
    let mut tx = state.db.begin().await?;
    store::hold(&mut tx, user.id).await?;
    if !store::decide(&mut tx, user.id, id, ours, user.now).await? {
        return Err(AppError::NotFound);
    }
    wish(&mut tx, &user, &format!("decided:{id}")).await?;
    tx.commit().await?;
    let said = if ours {
        "The entry becomes what Fairshift says of the shift."
    } else {
        "The entry stays as you made it."
    };
    Ok(Flash::redirect("/calendar", said))
}

async fn wish(conn: &mut PgConnection, user: &SignedIn, what: &str) -> sqlx::Result<()> {
    // Each wish is one of its own.
    let cause = format!("{what}:{}", token::fresh());
    out::wish(conn, user.id, &cause, user.now).await
}
