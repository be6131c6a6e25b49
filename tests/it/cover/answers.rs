//! Asking and answering: links, deadlines, everybody at once, nobody left.

use chrono::TimeDelta;
use fairshift::planning::{self, SlotPart};
use fairshift::rotations;
use fairshift::vocab::{Month, ShiftId};

use super::{Crew, send};
use crate::fixtures;

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_one_answer_of_one_person_in_time() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    let answer = format!("{link}/answer");
    let nobody = crew.app.visitor();
    // Wrong ones.
    for wrong in ["/offers/unknown", &link[..link.len() - 1], "/offers/%20"] {
        let page = nobody.get(wrong).await;
        assert_eq!(page.status, 400, "{wrong}: {}", page.text());
        assert_eq!(page.headers["referrer-policy"], "no-referrer", "{wrong}");
        assert_eq!(page.headers["cache-control"], "no-store", "{wrong}");
        let post = send(&nobody, &format!("{wrong}/answer"), "agree").await;
        assert_eq!(post.status, 400, "{wrong}");
    }
    // No answer, an odd one, a note that is too long: nothing happens.
    let long = "x".repeat(2001);
    for fields in [
        &[][..],
        &[("choice", "")],
        &[("choice", "maybe")],
        &[("choice", "agree"), ("note", &long)],
        &[("choice", "disagree"), ("note", "\u{202e}")],
    ] {
        let page = nobody.post_form(&answer, fields).await;
        assert_eq!(page.status, 422, "{fields:?}: {}", page.text());
        assert_eq!(crew.asked(id).await.join(","), name);
    }
    // No choice is made for anybody.
    let page = nobody.get(&link).await;
    assert_eq!(page.attributes("input[type=radio]", "checked"), [""; 0]);
    assert_eq!(page.attributes("input[type=radio]", "required").len(), 2);
    assert!(page.all("script:not([src])").is_empty());
    // Somebody else who is signed in is told whose it is.
    let other = if name.starts_with("Chen") {
        "dana"
    } else {
        "chen"
    };
    let other = crew.visitor(other).await;
    for page in [other.get(&link).await, send(&other, &answer, "agree").await] {
        assert_eq!(page.status, 403, "{}", page.text());
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert!(
            page.text().contains(&format!("sent to {name}")),
            "{}",
            page.text()
        );
    }
    // A browser that sends no referrer says that it comes from nowhere.
    let request = nobody.client().post(nobody.address(&answer));
    let from_nowhere = request
        .header("origin", "null")
        .form(&[("choice", "agree")])
        .send()
        .await
        .unwrap();
    assert_eq!(from_nowhere.status().as_u16(), 303);
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    // Used: it shows the outcome, and a second answer changes nothing.
    let page = nobody.get(&link).await;
    assert!(page.text().contains("You take it"), "{}", page.text());
    assert!(
        page.text().contains("take it back until"),
        "{}",
        page.text()
    );
    let again = send(&nobody, &answer, "disagree").await;
    assert_eq!(again.status, 303);
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_to_answer_runs_out_and_the_next_is_asked_at_any_delay() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    // 22 days ahead: 48 hours to answer.
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (first, link) = crew.link().await;
    crew.later(TimeDelta::hours(47)).await;
    assert_eq!(crew.asked(id).await.join(","), first);
    // The time is over, and nobody has looked yet: the answer comes too late all the same.
    crew.app.clock.advance(TimeDelta::hours(1));
    let nobody = crew.app.visitor();
    let late = send(&nobody, &format!("{link}/answer"), "agree").await;
    let page = nobody.get(&late.location()).await;
    assert!(
        page.text().contains("Your time to answer is over"),
        "{}",
        page.text()
    );
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    crew.later(TimeDelta::zero()).await;
    let second = crew.asked(id).await;
    assert_eq!(second.len(), 1);
    assert_ne!(second[0], first);
    // Asleep for a week: one more has let their time run out, one more is asked, nobody twice.
    crew.later(TimeDelta::days(7)).await;
    let offers = crew.offers(id).await;
    let states: Vec<&str> = offers.iter().map(|(_, s)| s.as_str()).collect();
    assert_eq!(states, ["lapsed", "lapsed", "asked"]);
    // Running the same jobs again does nothing.
    crew.later(TimeDelta::zero()).await;
    assert_eq!(crew.offers(id).await, offers);
    // Who has let it pass may still volunteer.
    let (name, _) = &offers[0];
    let person = crew.engineers.iter().find(|p| &p.name == name).unwrap();
    let address = person.email.split('@').next().unwrap();
    let visitor = crew.visitor(address).await;
    let page = visitor
        .submit(&format!("/covers/{id}/agreement"), &[])
        .await;
    assert!(
        page.text().contains("the shift has changed hands"),
        "{}",
        page.text()
    );
    assert_eq!(&crew.holder("2026-12-09", 0).await, name);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn near_the_shift_everybody_is_asked_at_once_and_then_nobody_is_left() {
    let crew = Crew::new().await;
    // Tuesday 17 November, day 16: Ayşe is Primary at 09:00, in 22 hours. Emil serves with her.
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-11-17", 0, &[]).await;
    assert_eq!(crew.asked(id).await.len(), 1);
    crew.later(TimeDelta::hours(10)).await;
    // Monday's and Wednesday's people need rest, Emil is on the same shift.
    let asked = crew.asked(id).await;
    assert!(asked.len() >= 2, "{asked:?}");
    let all = crew.offers(id).await.len();
    let page = crew
        .visitor("carla")
        .await
        .get(&format!("/covers/{id}"))
        .await;
    assert!(
        page.text().contains("needs 11 h of rest"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("is on another shift then"),
        "{}",
        page.text()
    );
    assert!(crew.was_told("Carla", "12 hours left").await);
    // All say no.
    let nobody = crew.app.visitor();
    for (_, link) in crew.links().await {
        send(&nobody, &format!("{link}/answer"), "disagree").await;
    }
    assert_eq!(crew.asked(id).await, [""; 0]);
    assert_eq!(crew.offers(id).await.len(), all);
    for name in ["Carla", "Ayşe", "Emil"] {
        assert!(crew.was_told(name, "Nobody left to ask").await, "{name}");
    }
    let page = ayse.get("/").await;
    assert!(
        page.text().contains("everybody who could was asked"),
        "{}",
        page.text()
    );
    // It starts: nobody was found.
    crew.later(TimeDelta::hours(12)).await;
    assert_eq!(crew.state(id).await, "lapsed");
    assert_eq!(crew.holder("2026-11-17", 0).await, "Ayşe Demir");
    assert!(crew.was_told("Carla", "Nobody was found").await);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_are_reminded_at_each_mark_once() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-25", 0, &[]).await;
    let mut told = 0;
    for day in 1..=38 {
        crew.later(TimeDelta::days(1)).await;
        // Twice on the same day: once is enough.
        crew.later(TimeDelta::minutes(1)).await;
        let subjects = crew.told().await;
        told = subjects
            .iter()
            .filter(|(who, title)| who.starts_with("Carla") && title.starts_with("Not covered"))
            .count();
        if day == 11 {
            // 24 November 09:00 in UTC + 11 days: 4 weeks before 25 December 06:00 are passed.
            assert_eq!(told, 1, "{subjects:?}");
        }
    }
    let titles: Vec<String> = crew.told().await.into_iter().map(|(_, t)| t).collect();
    for left in [
        "4 weeks", "3 weeks", "2 weeks", "1 week", "3 days", "2 days", "1 day",
    ] {
        let title =
            format!("Not covered, {left} left: Primary, Fri 25 Dec 09:00 to Sat 26 Dec 09:00");
        let times = titles.iter().filter(|t| **t == title).count();
        assert_eq!(times, 1, "{left}: {titles:?}");
    }
    assert!(told >= 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_schedule_costs_least_with_is_asked_first() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    for (day, role) in [("2026-12-09", 0), ("2026-12-13", 1), ("2026-11-25", 0)] {
        let id = crew.request(&ayse, day, role, &[]).await;
        let first = crew.asked(id).await;
        let part = SlotPart {
            shift: ShiftId(crew.shift(day).await),
            role: crew.rotation.roles[role],
            person: Some(crew.person("ayse").id),
            interval: fixtures::day_shift(&crew.rotation, day.parse().unwrap()),
        };
        let month = Month::of(day.parse().unwrap());
        let now = crew.app.clock.now();
        // As if each of them had taken it: what the month costs then.
        let mut costs = Vec::new();
        for person in &crew.engineers {
            let mut tx = crew.app.db.begin().await.unwrap();
            let found = planning::replacements(&mut tx, &part, now).await;
            let found = found.unwrap().unwrap().into_iter();
            let able = found.filter(|r| r.broken.is_empty()).map(|r| r.person);
            if !able.into_iter().any(|id| id == person.id) {
                continue;
            }
            let to = person.id;
            planning::hand_over(&mut tx, &part, to, ("", ""), now)
                .await
                .unwrap();
            let rotation = rotations::load(&mut tx, crew.rotation.id)
                .await
                .unwrap()
                .unwrap();
            let plan = planning::current(&mut tx, &rotation, month, now)
                .await
                .unwrap();
            costs.push((plan.score.total, person.name.clone()));
            tx.rollback().await.unwrap();
        }
        costs.sort();
        assert!(costs.len() > 2, "{costs:?}");
        assert!(costs[0].0 < costs.last().unwrap().0, "{costs:?}");
        assert_eq!(first, [costs[0].1.clone()], "{day}: {costs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_burden_goes_with_the_shift_and_the_next_one_follows() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let nobody = crew.app.visitor();
    let first = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (taker, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(first).await, "covered");
    // Whoever took it carries it, so somebody else is the best for the next.
    let second = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    let (next, _) = crew.link().await;
    assert_ne!(next, taker, "{:?}", crew.offers(second).await);
    let points = crew
        .count("select sum(points)::bigint from on_call where starts_at >= '2026-12-09' and starts_at < '2026-12-10'")
        .await;
    assert!(points > 0);
}
