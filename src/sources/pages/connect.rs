//! Connecting a calendar. What is typed is tried before it is kept, so that a mistake is told at its
//! field.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use sqlx::PgConnection;

use super::list::{self, Typed};
use super::to_read;
use crate::error::{Answer, AppError};
use crate::secret::{Secret, SecretKey};
use crate::sources::ask::{Problem, Why};
use crate::sources::dav::Dav;
use crate::sources::model::{
    Account, CalendarAddress, Counts, Kind, ServerAddress, SourceId, Target, upload,
};
use crate::sources::read;
use crate::sources::settle;
use crate::sources::store::{self, NewSource};
use crate::sources::words;
use crate::sources::work_out::{Got, Owner};
use crate::state::AppState;
use crate::vocab::{Line, hidden};
use crate::web::{Flash, Form, SignedIn};

const TOO_MANY: &str = "You have 20 calendars connected, which is the most. Remove one first.";

/// Whose calendar is being connected.
pub fn owner(user: &SignedIn) -> Owner {
    Owner {
        emails: user.email.parse().into_iter().collect(),
        zone: user.zone,
    }
}

/// The key, or at the field what the administrator must do.
pub fn key<'a>(state: &'a AppState, form: &mut Form, field: &str) -> Option<&'a SecretKey> {
    let key = state.site.secret_key.as_ref();
    if key.is_none() {
        form.refuse(field, words::NO_KEY);
    }
    key
}

/// Counts an attempt to connect or upload; after too many, says so at the field.
pub async fn may_try(
    state: &AppState,
    user: &SignedIn,
    form: &mut Form,
    field: &str,
) -> Result<bool, AppError> {
    let mut conn = state.db.acquire().await?;
    let may = store::may_try(&mut conn, user.id, user.now).await?;
    if !may {
        form.refuse(field, words::TOO_OFTEN);
    }
    Ok(may)
}

/// A name that was typed, or what else it is called.
fn named(form: &mut Form, field: &str, else_called: &str) -> Option<String> {
    let name = form.optional::<Line>(field)?;
    let name = name.map_or_else(|| else_called.to_owned(), |name| name.to_string());
    let name: String = name.chars().filter(|c| !hidden(*c)).take(120).collect();
    Some(if name.trim().is_empty() {
        "Calendar".to_owned()
    } else {
        name
    })
}

/// `POST /availability/calendars/addresses`: a secret address.
pub async fn address(State(state): State<AppState>, user: SignedIn, mut form: Form) -> Answer {
    let address = form.parse::<CalendarAddress>("address");
    let counts = form.parse_or("address_counts", Counts::Busy);
    let host = address.as_ref().map(CalendarAddress::host);
    let name = named(&mut form, "address_name", &host.unwrap_or_default());
    let key = key(&state, &mut form, "address");
    if let (Some(address), Some(counts), Some(name), Some(key)) = (address, counts, name, key)
        && form.is_good()
        && may_try(&state, &user, &mut form, "address").await?
    {
        let target = Target::Address(address);
        match read::look_at(&state, &target, &owner(&user)).await {
            Err(problem) => form.refuse("address", problem),
            // Nothing is known of it, so it can't be as it was.
            Ok(got) => {
                let new = NewSource {
                    person: user.id,
                    name: &name,
                    kind: Kind::Address,
                    counts,
                    place: &target.place(),
                    secret: Some((&target, key)),
                };
                match keep(&state, &user, &new, got).await? {
                    Some((_, said)) => {
                        return Ok(Flash::redirect("/availability/calendars", &said));
                    }
                    None => form.refuse("address", TOO_MANY),
                }
            }
        }
    }
    let address = Some(form);
    let typed = Typed {
        address,
        ..Typed::default()
    };
    list::render(&state, user, typed).await
}

/// Keeps a calendar with what was read of it, in one transaction.
async fn keep(
    state: &AppState,
    user: &SignedIn,
    new: &NewSource<'_>,
    got: Option<Got>,
) -> Result<Option<(SourceId, String)>, AppError> {
    let mut tx = state.db.begin().await?;
    let Some(id) = store::connect(&mut tx, new, user.now).await? else {
        return Ok(None);
    };
    let said = said(new.name, got.as_ref());
    keep_reading(&mut tx, user, id, got).await?;
    tx.commit().await?;
    Ok(Some((id, said)))
}

async fn keep_reading(
    conn: &mut PgConnection,
    user: &SignedIn,
    id: SourceId,
    got: Option<Got>,
) -> Result<(), AppError> {
    let source = to_read(conn, id).await?;
    settle::settle(conn, user.now, &source, Ok(got), None).await?;
    Ok(())
}

fn said(name: &str, got: Option<&Got>) -> String {
    let entries = got.map_or(0, |got| got.entries);
    let entries = match entries {
        1 => "1 entry".to_owned(),
        n => format!("{n} entries"),
    };
    let warned = got.is_some_and(|got| !got.warnings.is_empty());
    let warned = if warned {
        " Something in it could not be read as it should: see its page."
    } else {
        ""
    };
    format!("{name} is connected: {entries} read.{warned}")
}

/// An account as it is typed into `server`, `user` and `password`.
pub fn account_in(form: &mut Form) -> Option<Account> {
    let server = form.parse::<ServerAddress>("server");
    let user = form.parse::<Line>("user");
    let password = form.value("password").to_owned();
    if password.is_empty() {
        form.refuse("password", "can't be empty");
    } else if password.chars().count() > 500 {
        form.refuse("password", "is too long: at most 500 characters");
    }
    Some(Account {
        server: server?,
        user: user?.to_string(),
        password: Secret::new(password),
    })
    .filter(|_| form.is_good())
}

/// Where a message about an account belongs.
pub fn field_of(problem: &Problem) -> &'static str {
    match problem.why {
        Why::Password | Why::Forbidden => "password",
        _ => "server",
    }
}

/// `POST /availability/calendars/accounts`: an account, whose calendars are chosen next.
pub async fn account(State(state): State<AppState>, user: SignedIn, mut form: Form) -> Answer {
    let account = account_in(&mut form);
    let counts = form.parse_or("account_counts", Counts::Busy);
    let host = account.as_ref().map(|a| a.server.host());
    let name = named(&mut form, "account_name", &host.unwrap_or_default());
    let key = key(&state, &mut form, "server");
    if let (Some(account), Some(counts), Some(name), Some(key)) = (account, counts, name, key)
        && form.is_good()
        && may_try(&state, &user, &mut form, "server").await?
    {
        let dav = Dav {
            fetcher: &state.fetcher,
            account: &account,
        };
        match dav.calendars().await {
            Err(problem) => form.refuse(field_of(&problem), problem),
            Ok(found) => {
                let target = Target::Account(account);
                let new = NewSource {
                    person: user.id,
                    name: &name,
                    kind: Kind::Account,
                    counts,
                    place: &target.place(),
                    secret: Some((&target, key)),
                };
                let mut tx = state.db.begin().await?;
                if let Some(id) = store::connect(&mut tx, &new, user.now).await? {
                    store::set_calendars(&mut tx, id, &found).await?;
                    tx.commit().await?;
                    let said = format!("{name} is connected. Choose which of its calendars count.");
                    return Ok(Flash::redirect(&super::one::path(id), &said));
                }
                form.refuse("server", TOO_MANY);
            }
        }
    }
    let account = Some(form);
    let typed = Typed {
        account,
        ..Typed::default()
    };
    list::render(&state, user, typed).await
}

/// A form with a file: its fields, the file's name and its bytes, or the pasted text.
pub fn file_in(headers: &HeaderMap, body: &Bytes) -> Result<(Form, String, Vec<u8>), AppError> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|k| k.to_str().ok()).unwrap_or_default();
    let sent = upload(kind, body).ok_or_else(|| {
        AppError::BadRequest("The file could not be read. Go back and send it again.".into())
    })?;
    let mut form = Form::of(sent.fields);
    if sent.file.is_empty() {
        let text = form.value("text").trim().to_owned();
        if text.is_empty() {
            form.refuse(
                "file",
                "Choose a file that ends in .ics, or paste its text.",
            );
        }
        return Ok((form, "pasted text".to_owned(), text.into_bytes()));
    }
    let name = sent.file_name.chars().filter(|c| !hidden(*c));
    Ok((form, name.take(200).collect(), sent.file))
}

/// `POST /availability/calendars/files`: an uploaded file. Only the times in it are kept.
pub async fn file(
    State(state): State<AppState>,
    user: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (mut form, file_name, bytes) = file_in(&headers, &body)?;
    let counts = form.parse_or("file_counts", Counts::Busy);
    let name = named(&mut form, "file_name", &file_name);
    if let (Some(counts), Some(name)) = (counts, name)
        && form.is_good()
        && may_try(&state, &user, &mut form, "file").await?
    {
        match read::read_file(&state, owner(&user), bytes).await {
            Err(problem) => form.refuse("file", problem),
            Ok(got) => {
                let new = NewSource {
                    person: user.id,
                    name: &name,
                    kind: Kind::File,
                    counts,
                    place: &file_name,
                    secret: None,
                };
                match keep(&state, &user, &new, Some(got)).await? {
                    Some((_, said)) => {
                        return Ok(Flash::redirect("/availability/calendars", &said));
                    }
                    None => form.refuse("file", TOO_MANY),
                }
            }
        }
    }
    let file = Some(form);
    let typed = Typed {
        file,
        ..Typed::default()
    };
    list::render(&state, user, typed).await
}
