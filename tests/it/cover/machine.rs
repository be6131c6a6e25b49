//! The state machine: PostgreSQL holds the same table as the code, and nothing that people do in any
//! order breaks what must hold.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use fairshift::cover::model::{OfferState, State};

use super::{Crew, TAKE_BACK, send};

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_knows_the_same_transitions_of_a_request() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    for from in State::ALL {
        for to in State::ALL {
            let mut tx = crew.app.db.begin().await.unwrap();
            // As if it were there; triggers sleep.
            sqlx::raw_sql("set local session_replication_role = replica")
                .execute(&mut *tx)
                .await
                .unwrap();
            put(&mut tx, id, from).await.unwrap();
            sqlx::raw_sql("set local session_replication_role = origin")
                .execute(&mut *tx)
                .await
                .unwrap();
            let done = put(&mut tx, id, to).await;
            let expected = from == to || from.may_become(to);
            assert_eq!(done.is_ok(), expected, "{from:?} to {to:?}: {done:?}");
            tx.rollback().await.unwrap();
        }
    }
    // Nothing begins settled.
    let born = sqlx::query(
        "insert into cover_requests (shift_id, role_id, starts_at, ends_at, person_id, kind, state, needs_approval, made_by,
            made_at, open_until, ended_at)
        select shift_id, role_id, starts_at + interval '60 days', ends_at + interval '60 days', person_id, kind, 'closed',
            false, made_by, made_at, open_until, made_at from cover_requests",
    )
    .execute(&crew.app.db)
    .await;
    assert!(
        born.unwrap_err()
            .to_string()
            .contains("from nothing to closed")
    );
}

/// Puts a request into a state, with the columns that go with it.
async fn put(conn: &mut sqlx::PgConnection, id: i64, state: State) -> sqlx::Result<()> {
    sqlx::query(
        "update cover_requests set state = $2, undo_until = null,
            taker_id = case when $2 in ('agreed', 'covered') then (select max(id) from people) end,
            agreed_at = case when $2 in ('agreed', 'covered') then made_at end,
            ended_at = case when $2 not in ('open', 'agreed') then made_at end
        where id = $1",
    )
    .bind(id)
    .bind(state.key())
    .execute(conn)
    .await
    .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_knows_the_same_transitions_of_an_offer() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    for from in OfferState::ALL {
        for to in OfferState::ALL {
            let mut tx = crew.app.db.begin().await.unwrap();
            let set = "update cover_offers set state = $2 where request_id = $1";
            sqlx::raw_sql("set local session_replication_role = replica")
                .execute(&mut *tx)
                .await
                .unwrap();
            let put = sqlx::query(set).bind(id).bind(from.key());
            put.execute(&mut *tx).await.unwrap();
            sqlx::raw_sql("set local session_replication_role = origin")
                .execute(&mut *tx)
                .await
                .unwrap();
            let done = sqlx::query(set)
                .bind(id)
                .bind(to.key())
                .execute(&mut *tx)
                .await;
            let expected = from == to || from.may_become(to);
            assert_eq!(done.is_ok(), expected, "{from:?} to {to:?}: {done:?}");
            tx.rollback().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_refuses_what_the_code_would_never_do() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let attempts = [
        // An overlapping request for the same slot.
        "insert into cover_requests (shift_id, role_id, starts_at, ends_at, person_id, kind, needs_approval, made_by, made_at, open_until)
            select shift_id, role_id, starts_at + interval '1 hour', ends_at, person_id, kind, false, made_by, made_at, open_until
            from cover_requests",
        // The same person asked twice.
        "insert into cover_offers (request_id, person_id, origin, state, asked_at)
            select request_id, person_id, origin, 'agreed', asked_at from cover_offers",
        // Covered without a winner.
        "update cover_requests set state = 'covered', ended_at = made_at, taker_id = (select max(id) from people), agreed_at = made_at",
        // Settled while somebody is being asked.
        "update cover_requests set state = 'withdrawn', ended_at = made_at",
        // Somebody agreed and the request knows nothing of it.
        "update cover_offers set state = 'agreed'",
        // Two people in one slot at a time.
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, weekday_minutes,
            night_minutes, weekend_minutes, holiday_minutes, points, escalation_order)
            select a.schedule_id, a.schedule_state, a.shift_id, a.role_id, null, a.starts_at + interval '1 hour', a.ends_at, 0, 0, 0, 0, 0, 1
            from assignments a join cover_requests r on r.shift_id = a.shift_id and r.role_id = a.role_id",
    ];
    for sql in attempts {
        let mut tx = crew.app.db.begin().await.unwrap();
        let done = sqlx::raw_sql(sql).execute(&mut *tx).await;
        let outcome = match done {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        };
        let error = outcome.expect_err(sql);
        let code = match error.as_database_error() {
            Some(error) => error.code().unwrap_or_default().to_string(),
            None => String::new(),
        };
        // Check, unique or exclusion.
        assert!(
            ["23514", "23505", "23P01"].contains(&code.as_str()),
            "{sql}: {error}"
        );
    }
    assert_eq!(crew.state(id).await, "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_only_ever_added_to() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    for sql in [
        "update cover_events set note = 'otherwise'",
        "delete from cover_events",
        "truncate cover_events",
    ] {
        let done = sqlx::raw_sql(sql).execute(&crew.app.db).await;
        let error = done.expect_err(sql).to_string();
        assert!(error.contains("only ever added"), "{sql}: {error}");
    }
    // It goes with its request, and then its deadlines are about nothing.
    sqlx::query("delete from cover_requests where id = $1")
        .bind(id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    assert_eq!(crew.count("select count(*) from cover_events").await, 0);
    crew.later(TimeDelta::days(3)).await;
    let left = "select count(*) from jobs where kind = 'cover.deadline' and state <> 'done'";
    assert_eq!(crew.count(left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_tables_are_those_of_the_code() {
    let text = include_str!("../../../src/cover/model/state.rs");
    let mut tables: Vec<Vec<(String, String)>> = Vec::new();
    for line in text.lines().take_while(|line| line.starts_with("//!")) {
        let cells: Vec<&str> = line.trim_start_matches("//!").split('|').collect();
        let [_, from, to, ..] = cells[..] else {
            continue;
        };
        match from.trim() {
            "from" => tables.push(Vec::new()),
            "---" => {}
            _ => {
                for from in from.split(',') {
                    for to in to.split(',') {
                        let way = (from.trim().to_owned(), to.trim().to_owned());
                        tables.last_mut().unwrap().push(way);
                    }
                }
            }
        }
    }
    let [requests, offers] = &tables[..] else {
        panic!("{tables:?}")
    };
    let documented = |table: &[(String, String)]| {
        let mut ways: Vec<_> = table
            .iter()
            .filter(|(from, _)| from != "(nothing)")
            .cloned()
            .collect();
        let all = ways.len();
        ways.sort();
        ways.dedup();
        assert_eq!(ways.len(), all, "nothing is said twice");
        ways
    };
    let way = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let mut coded = Vec::new();
    for from in State::ALL {
        let next = State::ALL.into_iter().filter(|to| from.may_become(*to));
        coded.extend(next.map(|to| way(from.key(), to.key())));
    }
    coded.sort();
    assert_eq!(documented(requests), coded);
    let mut coded = Vec::new();
    for from in OfferState::ALL {
        let next = OfferState::ALL
            .into_iter()
            .filter(|to| from.may_become(*to));
        coded.extend(next.map(|to| way(from.key(), to.key())));
    }
    coded.sort();
    assert_eq!(documented(offers), coded);
}

/// Notes every step of a request and of an offer, as the database sees it.
const NOTE_STEPS: &str = "
    create table steps (what text, was text, becomes text);
    create function note_step() returns trigger language plpgsql as $$
    begin
        insert into steps values (tg_table_name, case tg_op when 'UPDATE' then old.state end, new.state);
        return null;
    end $$;
    create trigger steps after insert or update of state on cover_requests
        for each row execute function note_step();
    create trigger steps after insert or update of state on cover_offers
        for each row execute function note_step();";

#[tokio::test(flavor = "multi_thread")]
async fn every_step_of_the_tables_is_taken_by_what_people_do() {
    let crew = Crew::new().await;
    sqlx::raw_sql(NOTE_STEPS)
        .execute(&crew.app.db)
        .await
        .unwrap();
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let nobody = crew.app.visitor();
    // What whoever was asked last says by their link; who they are.
    let say = async |choice: &str| -> String {
        let (name, link) = crew.link().await;
        let done = send(&nobody, &format!("{link}/answer"), choice).await;
        assert_eq!(done.status, 303, "{}", done.text());
        name
    };
    let does = async |name: &str, id: i64, what: &str| {
        let person = crew.visitor_of(name).await;
        person.submit(&format!("/covers/{id}/{what}"), &[]).await;
    };
    let approval = async |id: i64, choice: &str| {
        let fields = [("approval", choice)];
        carla
            .submit(&format!("/covers/{id}/approval"), &fields)
            .await;
    };
    // A no, a yes that is taken back, a no that becomes a yes, and she serves after all.
    let id = crew.request(&ayse, "2026-12-05", 1, &[]).await;
    let no = say("disagree").await;
    let yes = say("agree").await;
    does(&yes, id, "undo").await;
    does(&no, id, "agreement").await;
    ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert_eq!(crew.state(id).await, "withdrawn");
    // She serves before anybody answers.
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    // Too late, and taken all the same; twice, for it is taken back in between.
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let late = crew.link().await.0;
    crew.later(TimeDelta::hours(50)).await;
    for what in ["agreement", "undo", "agreement"] {
        does(&late, id, what).await;
    }
    assert_eq!(crew.state(id).await, "covered");
    // A volunteer, who takes it back; then the manager closes it.
    let id = crew.request(&ayse, "2026-12-13", 1, &[]).await;
    let asked = crew.link().await.0;
    let volunteer = ["Chen Wei", "Gus Larsen"];
    let volunteer = volunteer.into_iter().find(|name| *name != asked).unwrap();
    does(volunteer, id, "agreement").await;
    does(volunteer, id, "undo").await;
    carla.submit(&format!("/covers/{id}/closure"), &[]).await;
    // Nobody answers until it begins.
    let lapsing = crew.request(&ayse, "2026-11-25", 0, &[]).await;
    // The same where a manager approves.
    let fields = [("approval", "1")];
    carla
        .submit("/teams/payments/covers/settings", &fields)
        .await;
    let id = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    say("agree").await;
    approval(id, "yes").await;
    let id = crew.request(&ayse, "2026-12-25", 0, &[]).await;
    let refused = say("agree").await;
    approval(id, "no").await;
    does(&refused, id, "agreement").await;
    ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    let id = crew.request(&ayse, "2026-12-25", 0, &[]).await;
    say("agree").await;
    carla.submit(&format!("/covers/{id}/closure"), &[]).await;
    let unapproved = crew.request(&ayse, "2026-12-21", 1, &[]).await;
    say("agree").await;
    for _ in 0..40 {
        crew.later(TimeDelta::days(1)).await;
    }
    assert_eq!(crew.state(lapsing).await, "lapsed");
    assert_eq!(crew.state(unapproved).await, "lapsed");
    crew.consistent().await;
    let taken: BTreeSet<(String, String, String)> = sqlx::query_as(
        "select distinct what, coalesce(was, '(nothing)'), becomes from steps where was is distinct from becomes",
    )
    .fetch_all(&crew.app.db)
    .await
    .unwrap()
    .into_iter()
    .collect();
    let mut all = BTreeSet::new();
    let mut add = |what: &str, from: &str, to: &str| {
        all.insert((what.to_owned(), from.to_owned(), to.to_owned()));
    };
    add("cover_requests", "(nothing)", "open");
    add("cover_offers", "(nothing)", "asked");
    add("cover_offers", "(nothing)", "agreed");
    for from in State::ALL {
        let next = State::ALL.into_iter().filter(|to| from.may_become(*to));
        next.for_each(|to| add("cover_requests", from.key(), to.key()));
    }
    for from in OfferState::ALL {
        let next = OfferState::ALL.into_iter();
        let next = next.filter(|to| from.may_become(*to));
        next.for_each(|to| add("cover_offers", from.key(), to.key()));
    }
    let missing: Vec<_> = all.difference(&taken).collect();
    assert!(missing.is_empty(), "never taken: {missing:#?}");
    assert_eq!(taken, all);
}

/// A generator that gives the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_do_in_any_order_it_stays_consistent() {
    in_any_order(false, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_does_where_managers_approve() {
    let seen = in_any_order(true, 11).await;
    assert!(seen.contains("agreed"), "{seen:?}");
}

/// Random steps; the states that requests were in.
async fn in_any_order(with_approval: bool, first: u64) -> BTreeSet<String> {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let fay = crew.visitor("fay").await;
    let nobody = crew.app.visitor();
    if with_approval {
        let approval = [("approval", "1")];
        carla
            .submit("/teams/payments/covers/settings", &approval)
            .await;
    }
    let mut dice = Dice(first);
    let mut seen = BTreeSet::new();
    // Ayşe's shifts: as Primary on the 9th, 17th and 25th, as Secondary on the 5th, 13th and 21st.
    for (day, role) in [
        ("2026-12-05", 1),
        ("2026-12-09", 0),
        ("2026-12-13", 1),
        ("2026-12-17", 0),
        ("2026-12-21", 1),
        ("2026-12-25", 0),
    ] {
        let part = [
            ("from", format!("{day}T12:00")),
            ("to", format!("{day}T18:00")),
        ];
        let part: Vec<(&str, &str)> = part.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let more = if dice.roll(2) == 0 { &[][..] } else { &part };
        let id = crew.request(&ayse, day, role, more).await;
        let path = format!("/covers/{id}");
        for _ in 0..10 {
            let action = dice.roll(if with_approval { 13 } else { 11 });
            let person = crew.engineers[dice.roll(8)].id.to_string();
            let link = crew.link().await.1;
            let answer = match action {
                0 | 1 => send(&nobody, &format!("{link}/answer"), "disagree").await,
                2 => send(&nobody, &format!("{link}/answer"), "agree").await,
                3 => nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await,
                4 => fay.post_form(&format!("{path}/agreement"), &[]).await,
                5 => {
                    let whom = [("person", person.as_str())];
                    carla.post_form(&format!("{path}/asks"), &whom).await
                }
                6 => {
                    let fields = [("assignee", person.as_str()), ("override", "It must be")];
                    carla
                        .post_form(&format!("{path}/assignment"), &fields)
                        .await
                }
                7 => ayse.post_form(&format!("{path}/undo"), &[]).await,
                11 | 12 => {
                    let choice = ["yes", "no"][dice.roll(2)];
                    carla
                        .post_form(&format!("{path}/approval"), &[("approval", choice)])
                        .await
                }
                8 if dice.roll(3) == 0 => ayse.post_form(&format!("{path}/withdrawal"), &[]).await,
                _ => {
                    let hours = i64::try_from(dice.roll(30)).unwrap();
                    crew.later(TimeDelta::hours(hours)).await;
                    carla.get(&path).await
                }
            };
            assert!(
                [200, 303, 403, 409, 422].contains(&answer.status),
                "{action}: {} {}",
                answer.status,
                answer.text()
            );
            crew.consistent().await;
            seen.insert(crew.state(id).await);
        }
    }
    // The dice made something of it.
    assert!(seen.len() >= 3, "{seen:?}");
    let burden = "select count(*) from (select shift_id, role_id, sum(points) as p, sum(weekday_minutes + night_minutes
        + weekend_minutes + holiday_minutes) as m from assignments where schedule_state = 'published' group by 1, 2) a
        join shifts s on s.id = a.shift_id where a.m <> extract(epoch from s.ends_at - s.starts_at) / 60";
    assert_eq!(crew.count(burden).await, 0, "no minute is lost");
    seen
}
