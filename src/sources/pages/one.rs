//! One of one's calendars: how it is doing, which calendars of an account count, and its end.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};

use super::connect::{account_in, field_of, file_in, key, may_try, owner};
use super::list::state as state_words;
use super::{own, to_read};
use crate::availability::ago;
use crate::error::{Answer, AppError};
use crate::secret::SecretKey;
use crate::sources::dav::Dav;
use crate::sources::model::{
    AccountCalendar, CalendarAddress, Counts, Kind, Source, SourceId, Target,
};
use crate::sources::store::Pushes;
use crate::sources::work_out::Got;
use crate::sources::{read, settle, store};
use crate::state::AppState;
use crate::vocab::Line;
use crate::web::{Flash, Form, Frame, Section, SignedIn, page_with};

/// The button reads again only after so long.
const REST: TimeDelta = TimeDelta::seconds(20);

/// Where the page of a calendar is.
pub fn path(id: SourceId) -> String {
    format!("/availability/calendars/{id}")
}

#[derive(Template)]
#[template(path = "sources/one.html")]
struct Show {
    frame: Frame,
    user: SignedIn,
    source: Source,
    calendars: Vec<AccountCalendar>,
    /// Calendars that shifts are written into by this account.
    pushes: Vec<Pushes>,
    counts: [(&'static str, &'static str); 2],
    state: (&'static str, String),
    naming: Form,
    secret: Form,
    file: Form,
}

impl Show {
    fn at(&self, at: &DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.user.zone);
        local.format("%a %-d %b %H:%M").to_string()
    }

    fn ago(&self, at: &DateTime<Utc>) -> String {
        ago(*at, self.user.now)
    }

    fn is_due(&self) -> bool {
        self.source.is_due(self.user.now)
    }

    fn has_chosen(&self) -> bool {
        self.calendars.iter().any(|c| c.is_chosen)
    }
}

/// Which of the page's forms is shown again, as typed.
#[derive(Default)]
struct Typed {
    naming: Option<Form>,
    secret: Option<Form>,
    file: Option<Form>,
}

/// `GET /availability/calendars/{id}`
pub async fn show(State(state): State<AppState>, user: SignedIn, Path(id): Path<String>) -> Answer {
    render(&state, user, &id, Typed::default()).await
}

async fn render(state: &AppState, user: SignedIn, id: &str, typed: Typed) -> Answer {
    let mut conn = state.db.acquire().await?;
    let source = own(&mut conn, &user, id).await?;
    let calendars = store::calendars(&mut conn, source.id).await?;
    let pushes = store::pushes(&mut conn, source.id).await?;
    drop(conn);
    let page = Show {
        frame: user.frame(
            format!("{} · Your calendars", source.name),
            Section::Availability,
        ),
        naming: typed.naming.unwrap_or_else(|| {
            Form::of([
                ("name", source.name.as_str()),
                ("counts", source.counts.key()),
            ])
        }),
        secret: typed.secret.unwrap_or_default(),
        file: typed.file.unwrap_or_default(),
        state: state_words(&source, user.now),
        counts: Counts::OPTIONS,
        calendars,
        pushes,
        source,
        user,
    };
    let status = Form::status_of(&[&page.naming, &page.secret, &page.file]);
    page_with(status, &page)
}

/// `POST /availability/calendars/{id}`: its name, and what it counts for.
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let mut tx = state.db.begin().await?;
    let source = own(&mut tx, &user, &id).await?;
    let (name, counts) = (form.parse::<Line>("name"), form.parse::<Counts>("counts"));
    let (Some(name), Some(counts)) = (name, counts) else {
        drop(tx);
        let naming = Some(form);
        let typed = Typed {
            naming,
            ..Typed::default()
        };
        return render(&state, user, &id, typed).await;
    };
    store::update(&mut tx, user.id, source.id, name.as_str(), counts).await?;
    if counts != source.counts {
        settle::consequences(&mut tx, user.id, &user.name, user.zone, user.now).await?;
    }
    tx.commit().await?;
    let said = format!("{name} is saved: {}.", counts.label());
    Ok(Flash::redirect(&path(source.id), &said))
}

/// `POST /availability/calendars/{id}/reading`: read it now.
pub async fn read_now(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
) -> Answer {
    let mut tx = state.db.begin().await?;
    let source = own(&mut tx, &user, &id).await?;
    let back = path(source.id);
    if source.next_at.is_none() {
        let said = if source.kind == Kind::File {
            "A file is not read again. Upload the calendar anew."
        } else {
            "Choose which calendars count first."
        };
        return Ok(Flash::redirect(&back, said));
    }
    let rested = source.read_at.is_none_or(|at| user.now - at >= REST);
    if !rested || source.is_due(user.now) {
        let said =
            "It was read a moment ago, or is being read. Open the page again in half a minute.";
        return Ok(Flash::redirect(&back, said));
    }
    read::plan(&mut tx, user.now, source.id, user.now, None).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &back,
        "It is being read. Open the page again in a few seconds to see what came of it.",
    ))
}

/// `POST /availability/calendars/{id}/calendars`: which calendars of an account count.
pub async fn choose(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let mut tx = state.db.begin().await?;
    let source = own(&mut tx, &user, &id).await?;
    if source.kind != Kind::Account {
        return Err(AppError::NotFound);
    }
    let chosen: Vec<String> = form.all("calendar").map(str::to_owned).collect();
    let chosen = store::choose(&mut tx, source.id, &chosen).await?;
    let said = if chosen == 0 {
        // What was read of calendars that no longer count must not count.
        store::replace_spans(&mut tx, source.id, &[]).await?;
        store::schedule(&mut tx, source.id, None, None).await?;
        settle::consequences(&mut tx, user.id, &user.name, user.zone, user.now).await?;
        "No calendar of this account counts now.".to_owned()
    } else {
        read::plan(&mut tx, user.now, source.id, user.now, None).await?;
        let calendars = if chosen == 1 {
            "calendar counts"
        } else {
            "calendars count"
        };
        format!("{chosen} {calendars}. Reading begins now: open the page again in a few seconds.")
    };
    tx.commit().await?;
    Ok(Flash::redirect(&path(source.id), &said))
}

/// `POST /availability/calendars/{id}/secret`: another address, or another password.
pub async fn secret(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    mut form: Form,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let source = own(&mut conn, &user, &id).await?;
    drop(conn);
    let tried = match source.kind {
        Kind::File => return Err(AppError::NotFound),
        Kind::Address => address_again(&state, &user, &mut form).await?,
        Kind::Account => account_again(&state, &user, &mut form).await?,
    };
    let Some((target, key, found, got)) = tried else {
        let secret = Some(form);
        let typed = Typed {
            secret,
            ..Typed::default()
        };
        return render(&state, user, &id, typed).await;
    };
    let mut tx = state.db.begin().await?;
    store::reconnect(&mut tx, source.id, &target, &key).await?;
    if let Some(got) = got {
        let reading = to_read(&mut tx, source.id).await?;
        settle::settle(&mut tx, user.now, &reading, Ok(Some(got)), None).await?;
    } else {
        store::set_calendars(&mut tx, source.id, &found).await?;
        if store::calendars(&mut tx, source.id)
            .await?
            .iter()
            .any(|c| c.is_chosen)
        {
            read::plan(&mut tx, user.now, source.id, user.now, None).await?;
        }
    }
    tx.commit().await?;
    let said = format!("{} is connected anew.", source.name);
    Ok(Flash::redirect(&path(source.id), &said))
}

/// What works, to be kept: where, with which key, an account's calendars, and what an address gave.
type Tried = (Target, SecretKey, Vec<(String, String)>, Option<Got>);

async fn address_again(
    state: &AppState,
    user: &SignedIn,
    form: &mut Form,
) -> Result<Option<Tried>, AppError> {
    let address = form.parse::<CalendarAddress>("address");
    let key = key(state, form, "address").cloned();
    let (Some(address), Some(key)) = (address, key) else {
        return Ok(None);
    };
    if !may_try(state, user, form, "address").await? {
        return Ok(None);
    }
    let target = Target::Address(address);
    Ok(match read::look_at(state, &target, &owner(user)).await {
        Ok(got) => Some((target, key, Vec::new(), got)),
        Err(problem) => {
            form.refuse("address", problem);
            None
        }
    })
}

async fn account_again(
    state: &AppState,
    user: &SignedIn,
    form: &mut Form,
) -> Result<Option<Tried>, AppError> {
    let account = account_in(form);
    let key = key(state, form, "server").cloned();
    let (Some(account), Some(key)) = (account, key) else {
        return Ok(None);
    };
    if !may_try(state, user, form, "server").await? {
        return Ok(None);
    }
    let dav = Dav {
        fetcher: &state.fetcher,
        account: &account,
    };
    Ok(match dav.calendars().await {
        Ok(found) => Some((Target::Account(account), key, found, None)),
        Err(problem) => {
            form.refuse(field_of(&problem), problem);
            None
        }
    })
}

/// `POST /availability/calendars/{id}/file`: a file uploaded anew.
pub async fn file(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let source = own(&mut conn, &user, &id).await?;
    drop(conn);
    if source.kind != Kind::File {
        return Err(AppError::NotFound);
    }
    let (mut form, _, bytes) = file_in(&headers, &body)?;
    if form.is_good() && may_try(&state, &user, &mut form, "file").await? {
        match read::read_file(&state, owner(&user), bytes).await {
            Ok(got) => {
                let mut tx = state.db.begin().await?;
                let reading = to_read(&mut tx, source.id).await?;
                settle::settle(&mut tx, user.now, &reading, Ok(Some(got)), None).await?;
                tx.commit().await?;
                let said = format!("{} is as in the new file.", source.name);
                return Ok(Flash::redirect(&path(source.id), &said));
            }
            Err(problem) => form.refuse("file", problem),
        }
    }
    let file = Some(form);
    let typed = Typed {
        file,
        ..Typed::default()
    };
    render(&state, user, &id, typed).await
}

/// `POST /availability/calendars/{id}/removal`: it goes, with all that was read from it.
pub async fn remove(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
) -> Answer {
    let mut tx = state.db.begin().await?;
    let source = own(&mut tx, &user, &id).await?;
    let pushes = store::pushes(&mut tx, source.id).await?;
    store::disconnect(&mut tx, user.id, source.id).await?;
    settle::consequences(&mut tx, user.id, &user.name, user.zone, user.now).await?;
    tx.commit().await?;
    let mut said = format!(
        "{} is removed, with all that was read from it. Leave that you accepted stays.",
        source.name
    );
    if pushes.iter().any(|p| p.entries > 0) {
        said += " Your shifts to come are being taken out of its calendars; its password is forgotten then.";
    }
    if pushes.iter().any(|p| p.is_chosen) {
        said += " Your shifts come by your links only now: choose another way under Shifts in your calendar.";
    }
    Ok(Flash::redirect("/availability/calendars", &said))
}
