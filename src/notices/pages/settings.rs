//! What a person is told, and how.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use crate::audit;
use crate::error::Answer;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::notices::choices::OPTIONAL;
use crate::notices::store::{self, Choices};
use crate::state::AppState;
use crate::web::{Flash, Form, Frame, Section, SignedIn, page, page_with};

/// How long before a shift somebody may be told, in minutes.
const LEADS: [(i32, &str); 7] = [
    (30, "30 minutes before"),
    (60, "1 hour before"),
    (180, "3 hours before"),
    (720, "12 hours before"),
    (1440, "1 day before"),
    (2880, "2 days before"),
    (10080, "1 week before"),
];

#[derive(Template)]
#[template(path = "notices/settings.html")]
struct Show {
    frame: Frame,
    form: Form,
    user: SignedIn,
    is_set_up: bool,
}

impl Show {
    fn topics() -> impl Iterator<Item = (&'static str, &'static str)> {
        OPTIONAL.into_iter().map(|(_, name, label)| (name, label))
    }

    fn hours() -> Vec<(String, String)> {
        let at_once = (String::new(), "At once, each by itself".to_owned());
        let daily = (0..24).map(|hour| (hour.to_string(), format!("Once a day at {hour:02}:00")));
        std::iter::once(at_once).chain(daily).collect()
    }

    fn leads() -> Vec<(String, String)> {
        let leads = LEADS.iter();
        leads
            .map(|(m, label)| (m.to_string(), (*label).to_owned()))
            .collect()
    }
}

fn show_with(state: &AppState, user: SignedIn, form: Form) -> Show {
    Show {
        frame: user.frame("Notifications", Section::Account),
        form,
        user,
        is_set_up: state.mailer.is_set_up(),
    }
}

/// `GET /notices`
pub async fn show(State(state): State<AppState>, user: SignedIn) -> Answer {
    let chosen = store::choices(&mut *state.db.acquire().await?, user.id).await?;
    let mut form = Form::default();
    if chosen.by_mail {
        form.set("by_mail", "yes");
    }
    for (_, name, _) in OPTIONAL {
        if !chosen.muted.iter().any(|muted| muted == name) {
            form.set("topic", name);
        }
    }
    form.set(
        "digest_hour",
        chosen
            .digest_hour
            .map_or(String::new(), |hour| hour.to_string()),
    );
    form.set("lead_minutes", chosen.lead_minutes.unwrap_or(1440));
    page(&show_with(&state, user, form))
}

/// `POST /notices`
pub async fn update(State(state): State<AppState>, user: SignedIn, mut form: Form) -> Answer {
    let hour = if form.value("digest_hour").is_empty() {
        Some(None)
    } else {
        form.number("digest_hour", 0, 23).map(Some)
    };
    let lead = form.number("lead_minutes", 5, 20160);
    let unknown = |name: &str| OPTIONAL.iter().all(|(_, known, _)| *known != name);
    if form.all("topic").any(unknown) {
        form.refuse("topic", "Choose among the topics of this page.");
    }
    let (Some(hour), Some(lead), true) = (hour, lead, form.is_good()) else {
        let show = show_with(&state, user, form);
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &show);
    };
    let muted = OPTIONAL.into_iter().map(|(_, name, _)| name);
    let choices = Choices {
        by_mail: form.ticked("by_mail"),
        muted: muted
            .filter(|name| !form.has("topic", name))
            .map(str::to_owned)
            .collect(),
        digest_hour: hour.and_then(|hour| hour.try_into().ok()),
        lead_minutes: lead.try_into().ok(),
    };
    let mut tx = state.db.begin().await?;
    store::choose(&mut tx, user.id, &choices).await?;
    let note = "what they are told";
    audit::by(&mut tx, &user, None, "changed notifications", note).await?;
    tx.commit().await?;
    Ok(Flash::redirect("/notices", "Your choices are saved."))
}

/// `POST /notices/test`: sends a mail to whoever asks.
pub async fn test(State(state): State<AppState>, user: SignedIn) -> Answer {
    let at = user.now.with_timezone(&user.zone);
    let notice = Notice {
        to: To::Person(user.id),
        topic: Topic::Test,
        // One a minute is plenty.
        key: format!("test:{}:{}", user.id, user.now.timestamp() / 60),
        lane: format!("person:{}:test", user.id),
        title: "This test arrived".to_owned(),
        lines: vec![format!(
            "You asked for it on {} ({}). Notifications reach you here.",
            at.format("%a %-d %b %H:%M"),
            user.zone.name()
        )],
        actions: vec![Action {
            label: "Open your notifications".to_owned(),
            path: "/notices".to_owned(),
        }],
        until: None,
    };
    let mut conn = state.db.acquire().await?;
    jobs::notify(&mut conn, user.now, &notice).await?;
    let said = if state.mailer.is_set_up() {
        "A test mail is on its way to you. If it does not come within minutes, look into your spam folder, then ask your administrator."
    } else if user.is_admin || user.sees_outbox {
        let said = "The test mail is in the outbox: no mail server is set up here.";
        return Ok(Flash::redirect_with("/notices", said, "See it", "/outbox"));
    } else {
        "No mail server is set up here, so the test mail was only written down. Administrators see it in the outbox; in a demo, managers do too."
    };
    Ok(Flash::redirect("/notices", said))
}
