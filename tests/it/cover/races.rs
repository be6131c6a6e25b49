//! At the same moment, over real connections: one outcome, always consistent.

use std::sync::Arc;

use chrono::TimeDelta;
use fairshift::jobs;
use tokio::sync::Barrier;

use super::{Crew, deadlines, send};
use crate::fixtures;

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

#[tokio::test(flavor = "multi_thread")]
async fn agreement_against_withdrawal() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let mut outcomes = std::collections::BTreeMap::new();
    for round in 0..8 {
        let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
        let (name, link) = crew.link().await;
        let (agree, withdraw) = (crew.app.visitor(), ayse.clone());
        let (answer, end) = (format!("{link}/answer"), format!("/covers/{id}/withdrawal"));
        let first = tokio::spawn(async move { send(&agree, &answer, "agree").await.status });
        let second = tokio::spawn(async move { withdraw.post_form(&end, &[]).await.status });
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (303, 303));
        crew.consistent().await;
        let (state, holder) = (crew.state(id).await, crew.holder("2026-12-09", 0).await);
        match state.as_str() {
            "covered" => {
                assert_eq!(holder, name, "round {round}");
                ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
            }
            "withdrawn" => assert_eq!(holder, "Ayşe Demir", "round {round}"),
            other => panic!("round {round}: {other}"),
        }
        *outcomes.entry(state).or_insert(0) += 1;
    }
    assert_eq!(outcomes.values().sum::<i32>(), 8, "{outcomes:?}");
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
    for day in ["2026-12-09", "2026-12-17", "2026-12-25"] {
        let id = crew.request(&ayse, day, 0, &[]).await;
        let (name, link) = crew.link().await;
        // The manager has given the slot to Fay in a draft.
        let page = carla.get(plan).await;
        let basis = page.attributes("[name=basis]", "value")[0].clone();
        let start = fixtures::day_shift(&crew.rotation, day.parse().unwrap()).start;
        let slot = format!(
            "{}.{}.{}",
            crew.rotation.leg,
            start.timestamp(),
            crew.rotation.roles[0]
        );
        let fay = crew.person("fay").id.to_string();
        let fields = [
            ("rotation", rotation.as_str()),
            ("basis", basis.as_str()),
            ("action", "assign"),
            ("slot", slot.as_str()),
            ("person", fay.as_str()),
            ("reason", "It must be"),
        ];
        let done = carla.post_form(&format!("{plan}/changes"), &fields).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let page = carla.get(plan).await;
        let basis = page.attributes("[name=basis]", "value")[0].clone();
        let (visitor, path) = (crew.app.visitor(), format!("{link}/answer"));
        let agree = tokio::spawn(async move { send(&visitor, &path, "agree").await.status });
        let (manager, rotation) = (carla.clone(), rotation.clone());
        let publish = tokio::spawn(async move {
            let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
            let page = manager
                .post_form(&format!("{plan}/publication"), &fields)
                .await;
            page.status
        });
        let (agreed, published) = (agree.await.unwrap(), publish.await.unwrap());
        assert!([303, 409].contains(&agreed), "{agreed}");
        assert!([303, 409].contains(&published), "{published}");
        let (state, holder) = (crew.state(id).await, crew.holder(day, 0).await);
        if published == 303 {
            // The manager's word came last, or the request was closed before anybody agreed.
            assert_eq!(holder, "Fay Adeyemi", "{state}");
            assert!(["closed", "covered"].contains(&state.as_str()), "{state}");
        } else {
            assert_eq!(
                (state.as_str(), holder.as_str()),
                ("covered", name.as_str())
            );
        }
        let dangling = "select count(*) from cover_requests r where r.state in ('open', 'agreed') and not exists (
            select from on_call a where a.shift_id = r.shift_id and a.role_id = r.role_id and a.person_id = r.person_id)";
        assert_eq!(crew.count(dangling).await, 0);
        carla
            .post_form(
                &format!("{plan}/changes"),
                &[
                    ("rotation", &crew.rotation.id.to_string()),
                    ("action", "discard"),
                ],
            )
            .await;
    }
}
