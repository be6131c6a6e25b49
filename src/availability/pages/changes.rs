//! What changes a person's availability: each one transaction, then the page again.

use axum::extract::State;
use axum::response::Response;
use sqlx::PgConnection;

use super::forms::{self, Painting};
use super::person::{self, Typed};
use super::{Subject, UNDO, month_in};
use crate::availability::model::{Choice, NewEntry, Percent, Source, Stroke, describe};
use crate::availability::store;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Interval, Month, Note};
use crate::web::{Flash, Form, SignedIn};

/// `POST .../days`: the chosen days get a level, or a part of each does.
pub async fn set_days(State(state): State<AppState>, subject: Subject, mut form: Form) -> Answer {
    let month = month_in(&form)?;
    let Some(painting) = forms::days(&mut form, subject.zone) else {
        let days = Some(form);
        let typed = Typed {
            days,
            ..Typed::default()
        };
        return person::render(&state, subject, month, typed).await;
    };
    let what = match painting.intervals.as_slice() {
        [one] => describe(*one, subject.zone),
        many => format!("{} days", many.len()),
    };
    let done = paint(&state, &subject, month, &painting, true, &what).await?;
    done.map_err(|_| AppError::Internal("painting over entries was refused".into()))
}

/// `POST .../range`: everything from one day (and time) to another. What is there already is only
/// replaced when asked to.
pub async fn set_range(State(state): State<AppState>, subject: Subject, mut form: Form) -> Answer {
    let month = month_in(&form)?;
    if let Some(painting) = forms::range(&mut form, subject.zone) {
        let replace = form.ticked("replace");
        let what = painting.intervals.first();
        let what = what.map_or_else(String::new, |i| describe(*i, subject.zone));
        let to = painting.intervals.first().map_or(month, |i| {
            Month::of(i.start.with_timezone(&subject.zone).date_naive())
        });
        match paint(&state, &subject, to, &painting, replace, &what).await? {
            Ok(answer) => return Ok(answer),
            Err(message) => form.refuse("replace", message),
        }
    }
    let range = Some(form);
    let typed = Typed {
        range,
        ..Typed::default()
    };
    person::render(&state, subject, month, typed).await
}

/// Paints in one transaction. Inside: the answer, or what is in the way.
async fn paint(
    state: &AppState,
    subject: &Subject,
    month: Month,
    painting: &Painting,
    replace: bool,
    what: &str,
) -> Answer<Result<Response, String>> {
    let (by, now) = (subject.user.id, subject.user.now);
    let mut tx = state.db.begin().await?;
    let strokes = painting.strokes(subject);
    let done = store::repaint(&mut tx, subject.person, strokes, replace, by, now).await?;
    if let Err(taken) = done {
        let note = if taken.note.is_empty() {
            String::new()
        } else {
            format!(" (“{}”)", taken.note.chars().take(80).collect::<String>())
        };
        let when = describe(taken.interval, subject.zone);
        return Ok(Err(format!(
            "{when} is entered already, as {}{note}. Tick this to replace what is there, or choose other days.",
            taken.level
        )));
    }
    let said = match painting.choice {
        Choice(Some(level)) => format!("{what}: {level}"),
        Choice(None) => format!("{what}: as in the usual week"),
    };
    subject.record(&mut tx, "set availability", &said).await?;
    let hull = painting.intervals.iter().copied().reduce(|a, b| Interval {
        start: a.start.min(b.start),
        end: a.end.max(b.end),
    });
    let clashes = match hull {
        Some(hull) => person::clashes_within(&mut tx, subject.person, hull, now).await?,
        None => Vec::new(),
    };
    tx.commit().await?;
    let clashes = person::clash_words(&clashes, subject);
    Ok(Ok(Flash::redirect(
        &subject.page(month),
        &format!("{said}.{clashes}"),
    )))
}

/// `POST .../undo`: takes the last change back.
pub async fn undo(State(state): State<AppState>, subject: Subject, form: Form) -> Answer {
    let month = month_in(&form)?;
    let (by, now) = (subject.user.id, subject.user.now);
    let mut tx = state.db.begin().await?;
    let said = match store::undo(&mut tx, subject.person, by, now - UNDO, now).await? {
        Some(interval) => {
            let when = describe(interval, subject.zone);
            subject
                .record(&mut tx, "took back availability", &when)
                .await?;
            format!("Taken back: {when} is as it was before.")
        }
        None => "There is no change of yours to take back any more.".to_owned(),
    };
    tx.commit().await?;
    Ok(Flash::redirect(&subject.page(month), &said))
}

/// What to say of an entry that is not this person's: nothing where it is somebody else's; where it
/// was changed or removed in another window, what was wanted and what is there now.
async fn changed_meanwhile(
    conn: &mut PgConnection,
    subject: &Subject,
    month: Month,
    wanted: &str,
) -> Result<AppError, AppError> {
    if store::is_taken(conn, subject.entry).await? {
        return Ok(AppError::NotFound);
    }
    let entries = store::month_entries(conn, subject.person, month.interval(subject.zone)).await?;
    let entries: Vec<String> = entries
        .iter()
        .map(|row| {
            format!(
                "{}, {}",
                describe(row.entry.interval, subject.zone),
                row.entry.level
            )
        })
        .collect();
    let now = if entries.is_empty() {
        "nothing".to_owned()
    } else {
        entries.join("; ")
    };
    Ok(AppError::Conflict(format!(
        "{wanted} The entry was changed or removed in another window meanwhile, so nothing was saved. Entered for {} now: \
         {now}. Open the month again and choose from what is there.",
        month.title()
    )))
}

/// `POST .../entries/{entry}`: another note.
pub async fn update_note(
    State(state): State<AppState>,
    subject: Subject,
    mut form: Form,
) -> Answer {
    let month = month_in(&form)?;
    let mut tx = state.db.begin().await?;
    let Some(entry) = store::entry(&mut tx, subject.person, subject.entry).await? else {
        let wanted = format!("You wanted the note “{}”.", form.value("note").trim());
        return Err(changed_meanwhile(&mut tx, &subject, month, &wanted).await?);
    };
    let Some(note) = form.parse::<Note>("note") else {
        drop(tx);
        let typed = Typed {
            noted: Some((subject.entry, form)),
            ..Typed::default()
        };
        return person::render(&state, subject, month, typed).await;
    };
    let when = describe(entry.interval, subject.zone);
    let (by, now) = (subject.user.id, subject.user.now);
    let noted = NewEntry {
        note: note.as_str().to_owned(),
        entered_by: Some(by),
        entered_at: now,
        ..NewEntry::from(&entry)
    };
    let strokes = vec![Stroke::Set(noted)];
    let _ = store::repaint(&mut tx, subject.person, strokes, true, by, now).await?;
    subject.record(&mut tx, "noted availability", &when).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &subject.page(month),
        &format!("The note of {when} is saved."),
    ))
}

/// `POST .../entries/{entry}/removal`: the weekly pattern shows again.
pub async fn remove_entry(State(state): State<AppState>, subject: Subject, form: Form) -> Answer {
    let month = month_in(&form)?;
    let mut tx = state.db.begin().await?;
    let Some(entry) = store::entry(&mut tx, subject.person, subject.entry).await? else {
        let wanted = "You wanted to remove an entry.";
        return Err(changed_meanwhile(&mut tx, &subject, month, wanted).await?);
    };
    let (by, now) = (subject.user.id, subject.user.now);
    let strokes = vec![Stroke::Clear(entry.interval)];
    let _ = store::repaint(&mut tx, subject.person, strokes, true, by, now).await?;
    let what = format!(
        "{}, {}",
        describe(entry.interval, subject.zone),
        entry.level
    );
    subject
        .record(&mut tx, "removed availability", &what)
        .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &subject.page(month),
        &format!("Removed: {what}."),
    ))
}

/// `POST .../pattern`: what the week is like from a day on.
pub async fn set_pattern(
    State(state): State<AppState>,
    subject: Subject,
    mut form: Form,
) -> Answer {
    let month = month_in(&form)?;
    let Some(pattern) = forms::pattern(&mut form) else {
        let pattern = Some(form);
        let typed = Typed {
            pattern,
            ..Typed::default()
        };
        return person::render(&state, subject, month, typed).await;
    };
    let mut tx = state.db.begin().await?;
    store::set_pattern(&mut tx, subject.person, pattern.from, &pattern.week).await?;
    store::recount(&mut tx, subject.person, subject.user.now).await?;
    let from = pattern.from.format("%-d %b %Y");
    subject
        .record(
            &mut tx,
            "set weekly pattern",
            &format!("from {from}: {}", pattern.week),
        )
        .await?;
    let shown = month.interval(subject.zone);
    let clashes = person::clashes_within(&mut tx, subject.person, shown, subject.user.now).await?;
    tx.commit().await?;
    let clashes = person::clash_words(&clashes, &subject);
    Ok(Flash::redirect(
        &subject.page(month),
        &format!("The week is set from {from} on.{clashes}"),
    ))
}

/// `POST .../pattern/removal`: the pattern before it holds on.
pub async fn remove_pattern(
    State(state): State<AppState>,
    subject: Subject,
    mut form: Form,
) -> Answer {
    let month = month_in(&form)?;
    let from = form.day("from").ok_or(AppError::NotFound)?;
    let mut tx = state.db.begin().await?;
    if !store::remove_pattern(&mut tx, subject.person, from).await? {
        return Err(AppError::NotFound);
    }
    store::recount(&mut tx, subject.person, subject.user.now).await?;
    let what = format!("from {}", from.format("%-d %b %Y"));
    subject
        .record(&mut tx, "removed weekly pattern", &what)
        .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &subject.page(month),
        &format!("The week {what} is removed; the one before it holds on."),
    ))
}

/// `POST /availability/working-hours`: when the person works.
pub async fn set_working_hours(
    State(state): State<AppState>,
    subject: Subject,
    mut form: Form,
) -> Answer {
    let month = month_in(&form)?;
    let Some(hours) = forms::hours(&mut form) else {
        let hours = Some(form);
        let typed = Typed {
            hours,
            ..Typed::default()
        };
        return person::render(&state, subject, month, typed).await;
    };
    let mut tx = state.db.begin().await?;
    store::set_working_hours(&mut tx, subject.person, &hours).await?;
    store::recount(&mut tx, subject.person, subject.user.now).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &subject.page(month),
        &format!("You work {hours}. What your calendars book is counted within that."),
    ))
}

/// `POST .../utilisation`: how booked the month is; nothing typed takes it away.
pub async fn set_utilisation(
    State(state): State<AppState>,
    subject: Subject,
    mut form: Form,
) -> Answer {
    let month = month_in(&form)?;
    let Some(percent) = form.optional::<Percent>("percent") else {
        let booked = Some(form);
        let typed = Typed {
            booked,
            ..Typed::default()
        };
        return person::render(&state, subject, month, typed).await;
    };
    let (by, now) = (subject.user.id, subject.user.now);
    let source = if subject.is_own() {
        Source::Engineer
    } else {
        Source::Manager
    };
    let mut tx = state.db.begin().await?;
    let said = if let Some(percent) = percent {
        store::set_utilisation(&mut tx, subject.person, month, percent, source, by, now).await?;
        format!("{}: {} % booked", month.title(), percent.get())
    } else {
        store::clear_utilisation(&mut tx, subject.person, month).await?;
        format!("{}: no number entered", month.title())
    };
    subject.record(&mut tx, "set utilisation", &said).await?;
    tx.commit().await?;
    Ok(Flash::redirect(&subject.page(month), &format!("{said}.")))
}

/// `POST /availability/answer`: my month is complete.
pub async fn answer(State(state): State<AppState>, user: SignedIn, form: Form) -> Answer {
    let month = month_in(&form)?;
    let mut tx = state.db.begin().await?;
    store::answer(&mut tx, user.id, month, user.now).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/availability?month={month}"),
        &format!(
            "Thank you: your managers see that your {} is complete. You can still change it.",
            month.title()
        ),
    ))
}

/// `POST /availability/answer/removal`: it is not.
pub async fn withdraw_answer(State(state): State<AppState>, user: SignedIn, form: Form) -> Answer {
    let month = month_in(&form)?;
    let mut tx = state.db.begin().await?;
    store::withdraw_answer(&mut tx, user.id, month).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/availability?month={month}"),
        &format!("Your {} is open again.", month.title()),
    ))
}
