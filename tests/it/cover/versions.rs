//! New versions of the schedule: who is told what, and what becomes of requests and agreements.

use chrono::TimeDelta;

use super::{Crew, send};
use crate::fixtures;
use crate::support::visitor::{Page, Visitor};

const PLAN: &str = "/teams/payments/plan/2026-12";

impl Crew {
    /// What the planner's page was made from.
    pub async fn basis(&self, manager: &Visitor) -> String {
        let page = manager.get(PLAN).await;
        page.attributes("[name=basis]", "value")[0].clone()
    }

    /// Gives a slot of December to somebody, in the draft.
    pub async fn draft(&self, manager: &Visitor, day: &str, role: usize, name: &str) {
        let start = fixtures::day_shift(&self.rotation, day.parse().unwrap()).start;
        let slot = format!(
            "{}.{}.{}",
            self.rotation.leg,
            start.timestamp(),
            self.rotation.roles[role]
        );
        let fields = [
            ("rotation", self.rotation.id.to_string()),
            ("basis", self.basis(manager).await),
            ("action", "assign".to_owned()),
            ("slot", slot),
            ("person", self.person(name).id.to_string()),
            ("reason", "It must be".to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let done = manager.post_form(&format!("{PLAN}/changes"), &fields).await;
        assert_eq!(done.status, 303, "{}", done.text());
    }

    /// Publishes December, from a page that was made from `basis`.
    pub async fn publish(&self, manager: &Visitor, basis: &str) -> Page {
        let rotation = self.rotation.id.to_string();
        let fields = [("rotation", rotation.as_str()), ("basis", basis)];
        manager
            .post_form(&format!("{PLAN}/publication"), &fields)
            .await
    }

    /// What publications told people: name, subject and text, by name.
    async fn published(&self) -> Vec<(String, String, String)> {
        sqlx::query_as(
            "select p.name, j.payload ->> 'title',
                (select string_agg(line, ' | ') from jsonb_array_elements_text(j.payload -> 'lines') line)
            from jobs j join people p on p.id = (j.payload -> 'to' ->> 'person')::bigint
            where j.key like 'notice:published:%' order by p.name, j.id",
        )
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_tells_each_what_changed_for_them_alone() {
    let crew = Crew::new().await;
    let carla = crew.visitor("carla").await;
    // 9 December: Ayşe Primary, Emil Secondary.
    crew.draft(&carla, "2026-12-09", 0, "ines").await;
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    let told = crew.published().await;
    let names: Vec<&str> = told.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        names,
        ["Ayşe Demir", "Emil Novak", "Ines Costa"],
        "{told:?}"
    );
    let [ayse, emil, ines] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(ayse.1, "Your shifts: 1 given away (Main, December 2026)");
    assert_eq!(
        ayse.2.lines().take(2).collect::<Vec<_>>()[0],
        "No longer yours:"
    );
    assert!(
        ayse.2
            .contains("\nPrimary, Wed 9 Dec 09:00 to Thu 10 Dec 09:00 |"),
        "{ayse:?}"
    );
    assert_eq!(
        emil.1,
        "Your shifts: 1 with another partner (Main, December 2026)"
    );
    assert!(
        emil.2
            .contains("Secondary, Wed 9 Dec 09:00 to Thu 10 Dec 09:00, with Ines Costa (Primary)"),
        "{emil:?}"
    );
    assert_eq!(ines.1, "Your shifts: 1 new (Main, December 2026)");
    assert!(
        ines.2
            .contains("Primary, Wed 9 Dec 09:00 to Thu 10 Dec 09:00, with Emil Novak (Secondary)"),
        "{ines:?}"
    );
    // Each lists that one shift.
    for (name, _, text) in &told {
        assert_eq!(text.matches(" Dec 09:00 to ").count(), 1, "{name}: {text}");
    }
    // Nothing changes: nobody is told.
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    assert_eq!(crew.published().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_a_part_is_told_of_it() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    // Who covers 18:00 to 22:00 of the 9th.
    let part = [("from", "2026-12-09T18:00"), ("to", "2026-12-09T22:00")];
    crew.request(&ayse, "2026-12-09", 0, &part).await;
    let (taker, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.serving("2026-12-09", 0).await.len(), 3);
    // Published as it is: nothing new for anybody.
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    assert_eq!(crew.published().await, []);
    // All of it goes to somebody else.
    let other = if taker.starts_with("Ines") {
        "jon"
    } else {
        "ines"
    };
    crew.draft(&carla, "2026-12-09", 0, other).await;
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    let told = crew.published().await;
    let of = |name: &str| {
        let found = told.iter().find(|(who, ..)| who == name);
        found
            .unwrap_or_else(|| panic!("{name}: {told:?}"))
            .2
            .clone()
    };
    let gone = of(&taker);
    assert!(
        gone.starts_with("No longer yours:\nPrimary, Wed 9 Dec 18:00 to Wed 9 Dec 22:00 |"),
        "{gone}"
    );
    let hers = of("Ayşe Demir");
    assert!(
        hers.contains("\nPrimary, Wed 9 Dec 09:00 to Wed 9 Dec 18:00\nPrimary, Wed 9 Dec 22:00 to Thu 10 Dec 09:00 |"),
        "{hers}"
    );
    let new = of(&crew.person(other).name);
    assert!(
        new.contains("Primary, Wed 9 Dec 09:00 to Thu 10 Dec 09:00, with Emil Novak (Secondary)"),
        "{new}"
    );
    assert!(of("Emil Novak").contains("Yours as before, with somebody else:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_within_a_day_waits_for_no_digest() {
    let crew = Crew::new().await;
    let topics = async || -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, j.payload ->> 'topic' from jobs j
            join people p on p.id = (j.payload -> 'to' ->> 'person')::bigint
            where j.key like 'notice:published:%' order by 1",
        )
        .fetch_all(&crew.app.db)
        .await
        .unwrap()
    };
    // The shift of the 9th begins in 20 hours; it ends after any digest.
    crew.app.clock.set("2026-12-08T10:00:00Z".parse().unwrap());
    let carla = crew.visitor("carla").await;
    crew.draft(&carla, "2026-12-09", 0, "ines").await;
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    let urgent = |name: &str| (name.to_owned(), "assigned".to_owned());
    assert_eq!(
        topics().await,
        [
            urgent("Ayşe Demir"),
            ("Emil Novak".to_owned(), "published".to_owned()),
            urgent("Ines Costa")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_makes_an_older_page_of_the_draft_old() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    // In the draft somebody else holds the slot.
    let other = if name.starts_with("Fay") {
        "gus"
    } else {
        "fay"
    };
    crew.draft(&carla, "2026-12-09", 0, other).await;
    let seen = crew.basis(&carla).await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "covered");
    let page = crew.publish(&carla, &seen).await;
    assert_eq!(page.status, 409, "{}", page.text());
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    // Looked at again, it is her decision.
    let seen = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &seen).await.status, 303);
    assert_eq!(
        crew.holder("2026-12-09", 0).await,
        crew.person(other).name.clone()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shifts_that_move_close_a_request_and_say_so() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, _) = crew.link().await;
    // The handover is an hour later: other shifts, the same people.
    let mut tx = crew.app.db.begin().await.unwrap();
    for sql in [
        "insert into shifts (rotation_id, leg_id, starts_at, ends_at, time_zone, changed_at)
            select rotation_id, leg_id, starts_at + interval '1 hour', ends_at + interval '1 hour', time_zone, changed_at
            from shifts where starts_at >= '2026-12-01'",
        "update schedules set state = 'superseded' where month = '2026-12-01'",
        "insert into schedules (rotation_id, month, state, version, created_at, updated_at, published_at)
            select rotation_id, month, 'published', 2, created_at, updated_at, published_at from schedules where month = '2026-12-01'",
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, weekday_minutes,
                night_minutes, weekend_minutes, holiday_minutes, points, escalation_order)
            select n.id, 'published', x.id, a.role_id, a.person_id, x.starts_at, x.ends_at, a.weekday_minutes, a.night_minutes,
                a.weekend_minutes, a.holiday_minutes, a.points, a.escalation_order
            from assignments a join schedules s on s.id = a.schedule_id and s.month = '2026-12-01' and s.state = 'superseded'
            join schedules n on n.month = s.month and n.state = 'published'
            join shifts x on x.starts_at = a.starts_at + interval '1 hour' and x.leg_id = (select leg_id from shifts where id = a.shift_id)",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(crew.state(id).await, "closed");
    crew.later(TimeDelta::hours(1)).await;
    assert!(crew.was_told(&name, "Closed: Primary").await);
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text().contains(
            "The shifts have other times now. Whoever can't make the new ones asks again."
        ),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("belongs to somebody else"));
}
