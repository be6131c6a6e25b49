//! At the same moment, over real connections: one outcome, always consistent.

use std::pin::Pin;
use std::sync::Arc;

use chrono::TimeDelta;
use fairshift::jobs;
use tokio::sync::Barrier;

use super::{Crew, deadlines, send};
use crate::fixtures;
use crate::support::visitor::Visitor;

/// Runs all of these at once.
async fn at_once<T, F>(work: Vec<F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(work.len()));
    let tasks: Vec<_> = work
        .into_iter()
        .map(|future| {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move {
                gate.wait().await;
                future.await
            })
        })
        .collect();
    let mut out = Vec::new();
    for task in tasks {
        out.push(task.await.unwrap());
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_agree_at_once_and_one_takes_it() {
    let crew = Crew::new().await;
    for n in 0..50 {
        let name = format!("Extra {n}");
        let person =
            fixtures::person(&crew.app.db, &format!("extra{n}"), &name, chrono_tz::UTC).await;
        fixtures::join(&crew.app.db, &crew.team, &person, false, true).await;
        sqlx::query("insert into leg_members (leg_id, person_id) values ($1, $2)")
            .bind(crew.rotation.leg)
            .bind(person.id)
            .execute(&crew.app.db)
            .await
            .unwrap();
    }
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-11-17", 0, &[]).await;
    crew.later(TimeDelta::hours(12)).await;
    let links: Vec<(String, String)> = crew.links().await;
    let links = links[links.len() - 50..].to_vec();
    let work = links
        .iter()
        .map(|(_, link)| {
            let (visitor, path) = (crew.app.visitor(), format!("{link}/answer"));
            async move { send(&visitor, &path, "agree").await.status }
        })
        .collect();
    let statuses = at_once(work).await;
    assert!(statuses.iter().all(|s| *s == 303), "{statuses:?}");
    assert_eq!(crew.state(id).await, "covered");
    let winner = crew.holder("2026-11-17", 0).await;
    crew.consistent().await;
    // One is told that they take it; everybody else gets a clear word, on the page and by mail.
    let (mut take, mut thanks) = (0, 0);
    for (name, link) in &links {
        let text = crew.app.visitor().get(link).await.text();
        if text.contains("You take it") {
            assert_eq!(name, &winner);
            take += 1;
        } else {
            assert!(
                text.contains(&format!("covered already: {winner} takes it")),
                "{text}"
            );
            thanks += 1;
        }
    }
    assert_eq!((take, thanks), (1, 49));
    let told = crew.told().await;
    let thanked = told
        .iter()
        .filter(|(_, t)| t.starts_with("Already covered"))
        .count();
    // All but the winner and the first, whose time to answer was over.
    assert_eq!(thanked, crew.offers(id).await.len() - 2);
}

/// Holds the rotation until both wait for it, the first before the second; what they answered.
async fn in_order<F>(crew: &Crew, first: F, second: F) -> (u16, u16)
where
    F: Future<Output = u16> + Send + 'static,
{
    let mut hold = crew.app.db.begin().await.unwrap();
    sqlx::query("select id from rotations where id = $1 for update")
        .bind(crew.rotation.id)
        .execute(&mut *hold)
        .await
        .unwrap();
    let first = tokio::spawn(first);
    waiting(crew, 1).await;
    let second = tokio::spawn(second);
    waiting(crew, 2).await;
    hold.commit().await.unwrap();
    (first.await.unwrap(), second.await.unwrap())
}

/// Until so many wait for a lock of this database.
async fn waiting(crew: &Crew, wanted: i64) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let reached = async {
        while crew.count(sql).await != wanted {
            tokio::task::yield_now().await;
        }
    };
    let most = std::time::Duration::from_mins(1);
    tokio::time::timeout(most, reached).await.unwrap();
}

/// A form of a visitor's, to be sent later; its status.
fn form(
    visitor: &Visitor,
    path: String,
    fields: &[(&str, &str)],
) -> Pin<Box<dyn Future<Output = u16> + Send>> {
    let visitor = visitor.clone();
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let fields: Vec<(String, String)> = fields.iter().map(own).collect();
    Box::pin(async move {
        let fields = fields.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let fields: Vec<(&str, &str)> = fields.collect();
        visitor.post_form(&path, &fields).await.status
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn agreement_against_withdrawal() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    for is_agreed_first in [true, false] {
        let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
        let (name, link) = crew.link().await;
        let nobody = crew.app.visitor();
        let agree = form(&nobody, format!("{link}/answer"), &[("choice", "agree")]);
        let withdraw = form(&ayse, format!("/covers/{id}/withdrawal"), &[]);
        let answers = if is_agreed_first {
            in_order(&crew, agree, withdraw).await
        } else {
            in_order(&crew, withdraw, agree).await
        };
        assert_eq!(answers, (303, 303));
        crew.consistent().await;
        let outcome = (crew.state(id).await, crew.holder("2026-12-09", 0).await);
        let page = nobody.get(&link).await.text();
        if is_agreed_first {
            assert_eq!(outcome, ("covered".to_owned(), name));
            assert!(page.contains("You take it"), "{page}");
            ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
        } else {
            let stays = ("withdrawn".to_owned(), "Ayşe Demir".to_owned());
            assert_eq!(outcome, stays);
            assert!(page.contains("not needed any more"), "{page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agreement_against_the_deadline() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    for day in ["2026-12-09", "2026-12-17", "2026-12-25"] {
        let id = crew.request(&ayse, day, 0, &[]).await;
        let (name, link) = crew.link().await;
        let by: chrono::DateTime<chrono::Utc> =
            sqlx::query_scalar("select answer_by from cover_offers where request_id = $1")
                .bind(id)
                .fetch_one(&crew.app.db)
                .await
                .unwrap();
        crew.app.clock.set(by - TimeDelta::milliseconds(1));
        let (visitor, path) = (crew.app.visitor(), format!("{link}/answer"));
        let agree = tokio::spawn(async move { send(&visitor, &path, "agree").await.status });
        let (state, clock) = (crew.app.state.clone(), crew.app.clock.clone());
        let deadline = tokio::spawn(async move {
            clock.set(by);
            jobs::run_due(&state, &deadlines()).await.unwrap()
        });
        assert_eq!(agree.await.unwrap(), 303);
        deadline.await.unwrap();
        crew.consistent().await;
        let (state, holder) = (crew.state(id).await, crew.holder(day, 0).await);
        if state == "covered" {
            assert_eq!(holder, name);
        } else {
            assert_eq!((state.as_str(), holder.as_str()), ("open", "Ayşe Demir"));
            let asked = crew.asked(id).await;
            assert!(asked.len() == 1 && asked[0] != name, "{asked:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agreement_against_publication() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let plan = "/teams/payments/plan/2026-12";
    let rotation = crew.rotation.id.to_string();
    for (day, is_agreed_first) in [("2026-12-09", true), ("2026-12-17", false)] {
        let id = crew.request(&ayse, day, 0, &[]).await;
        let (name, link) = crew.link().await;
        // The manager has given the slot to somebody else in a draft.
        let other = if name.starts_with("Fay") {
            "gus"
        } else {
            "fay"
        };
        crew.draft(&carla, day, 0, other).await;
        let basis = crew.basis(&carla).await;
        let nobody = crew.app.visitor();
        let agree = form(&nobody, format!("{link}/answer"), &[("choice", "agree")]);
        let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
        let publish = form(&carla, format!("{plan}/publication"), &fields);
        let other = crew.person(other).name.clone();
        if is_agreed_first {
            assert_eq!(in_order(&crew, agree, publish).await, (303, 409));
            let outcome = (crew.state(id).await, crew.holder(day, 0).await);
            assert_eq!(outcome, ("covered".to_owned(), name));
        } else {
            assert_eq!(in_order(&crew, publish, agree).await, (303, 303));
            let outcome = (crew.state(id).await, crew.holder(day, 0).await);
            assert_eq!(outcome, ("closed".to_owned(), other));
            let page = nobody.get(&link).await.text();
            assert!(page.contains("The request is closed"), "{page}");
        }
        crew.consistent().await;
        // The draft that came too late goes.
        if is_agreed_first {
            let basis = crew.basis(&carla).await;
            let fields = [
                ("rotation", rotation.as_str()),
                ("basis", basis.as_str()),
                ("action", "discard"),
            ];
            carla.submit(&format!("{plan}/changes"), &fields).await;
        }
    }
}
