//! All of one's calendars, and the forms that connect another.

use askama::Template;
use axum::extract::State;

use crate::availability::ago;
use crate::error::Answer;
use crate::sources::model::{Counts, GUIDES, Guide, Kind, Source};
use crate::sources::{store, words};
use crate::state::AppState;
use crate::web::{Form, Frame, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "sources/list.html")]
struct Show {
    frame: Frame,
    user: SignedIn,
    sources: Vec<Source>,
    /// Why addresses and accounts can't be connected, if so.
    no_key: Option<&'static str>,
    guides: &'static [Guide],
    counts: [(&'static str, &'static str); 2],
    address: Form,
    account: Form,
    file: Form,
}

impl Show {
    fn state(&self, source: &Source) -> (&'static str, String) {
        state(source, self.user.now)
    }
}

/// Style and words for how a calendar is doing.
pub fn state(source: &Source, now: chrono::DateTime<chrono::Utc>) -> (&'static str, String) {
    let read = source.good_at.map(|at| ago(at, now));
    match (source.kind, source.is_failing(), read) {
        (_, true, Some(read)) => ("bad", format!("can't be read; last good data {read}")),
        (_, true, None) => ("bad", "can't be read".to_owned()),
        (Kind::File, false, Some(read)) => ("good", format!("uploaded {read}")),
        (Kind::Account, false, None) if source.next_at.is_none() => {
            ("warn", "choose its calendars".to_owned())
        }
        (_, false, _) if source.is_due(now) => ("accent", "being read".to_owned()),
        (_, false, Some(read)) => ("good", format!("read {read}")),
        (_, false, None) => ("warn", "not read yet".to_owned()),
    }
}

/// Which of the page's forms is shown again, as typed.
#[derive(Default)]
pub struct Typed {
    pub address: Option<Form>,
    pub account: Option<Form>,
    pub file: Option<Form>,
}

/// `GET /availability/calendars`
pub async fn show(State(state): State<AppState>, user: SignedIn) -> Answer {
    render(&state, user, Typed::default()).await
}

/// The page, with a form as it was typed where one failed.
pub async fn render(state: &AppState, user: SignedIn, typed: Typed) -> Answer {
    let mut conn = state.db.acquire().await?;
    let page = Show {
        frame: user.frame("Your calendars", Section::Availability),
        sources: store::of_person(&mut conn, user.id).await?,
        no_key: state.site.secret_key.is_none().then_some(words::NO_KEY),
        guides: &GUIDES,
        counts: Counts::OPTIONS,
        address: typed.address.unwrap_or_default(),
        account: typed.account.unwrap_or_default(),
        file: typed.file.unwrap_or_default(),
        user,
    };
    let status = Form::status_of(&[&page.address, &page.account, &page.file]);
    page_with(status, &page)
}
