//! For managers: a team is asked to fill in a month, until a day.

use axum::extract::{Path, State};
use chrono::{NaiveDate, NaiveTime};
use sqlx::PgConnection;

use super::month_in;
use super::team::{Typed, render, today};
use crate::audit;
use crate::availability::model::check_closing;
use crate::availability::store;
use crate::error::{Answer, AppError};
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::state::AppState;
use crate::vocab::{Month, local_instant};
use crate::web::{Flash, Form, Membership, SignedIn};

/// `POST /teams/{slug}/rounds`: asks the team to fill in a month until a day.
pub async fn open(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let month = month_in(&form)?;
    form.call("closes_on", "Open until");
    let closes_on = form.day("closes_on");
    if let Some(day) = closes_on
        && let Err(message) = check_closing(month, day, today(team, &user))
    {
        form.refuse("closes_on", message);
    }
    let Some(closes_on) = closes_on.filter(|_| form.is_good()) else {
        return render(&state, &user, team, month, Typed::opening(form)).await;
    };
    let mut tx = state.db.begin().await?;
    store::open_round(&mut tx, team.team, month, closes_on, user.id, user.now).await?;
    tell(&mut tx, team, month, closes_on, &user).await?;
    let said = format!(
        "{} is open until {}",
        month.title(),
        closes_on.format("%A, %-d %B")
    );
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        Some(team.team),
        "opened round",
        &said,
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/availability?month={month}"),
        &format!("{said}. Who has not answered sees it on every visit."),
    ))
}

/// Tells the team's engineers that a month is open, but not who has answered or opened it; and the
/// team's webhooks.
async fn tell(
    conn: &mut PgConnection,
    team: &Membership,
    month: Month,
    closes_on: NaiveDate,
    user: &SignedIn,
) -> sqlx::Result<()> {
    let day = closes_on.format("%a %-d %b");
    let title = month.title();
    let end = closes_on
        .succ_opt()
        .unwrap_or(closes_on)
        .and_time(NaiveTime::MIN);
    let notice = Notice {
        to: To::Team(team.team),
        topic: Topic::RoundOpen,
        key: format!("round:{}:{month}:{closes_on}:team", team.team),
        lane: format!("team:{}:round:{month}", team.team),
        title: format!("Until {day}: say when you can be on call in {title}"),
        lines: vec![format!(
            "{} opened {title} for {}. {day} is the last day ({}).",
            user.name,
            team.name,
            team.zone.name()
        )],
        actions: vec![Action {
            label: format!("Fill in {title}"),
            path: format!("/availability?month={month}"),
        }],
        until: Some(local_instant(team.zone, end)),
    };
    jobs::notify(conn, user.now, &notice).await?;
    let people = store::unanswered(conn, team.team, month).await?;
    for person in people.into_iter().filter(|person| *person != user.id) {
        let notice = Notice {
            to: To::Person(person),
            topic: Topic::RoundOpen,
            key: format!("round:{}:{month}:{closes_on}:{person}", team.team),
            lane: format!("person:{person}:round:{}:{month}", team.team),
            title: format!("Until {day}: say when you can be on call in {title}"),
            lines: vec![format!(
                "{} opened {title} for {}. Mark when you would rather be on call and when you can't, then say that the \
                 month is complete; {day} is the last day ({}).",
                user.name,
                team.name,
                team.zone.name()
            )],
            actions: vec![Action {
                label: format!("Fill in {title}"),
                path: format!("/availability?month={month}"),
            }],
            until: Some(local_instant(team.zone, end)),
        };
        jobs::notify(conn, user.now, &notice).await?;
    }
    Ok(())
}

/// `POST /teams/{slug}/rounds/removal`: nobody is asked any more.
pub async fn close(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let month = month_in(&form)?;
    let mut tx = state.db.begin().await?;
    if !store::close_round(&mut tx, team.team, month).await? {
        return Err(AppError::NotFound);
    }
    let (by, title) = (Some(user.id), month.title());
    audit::record(
        &mut tx,
        user.now,
        by,
        Some(team.team),
        "closed round",
        &title,
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/availability?month={month}"),
        &format!("Nobody is asked for {title} any more. What was entered stays."),
    ))
}
