//! New versions of the schedule: who is told what, and what becomes of requests and agreements.

use chrono::TimeDelta;

use super::told::swap;
use super::{Crew, send};
use crate::fixtures;
use crate::rotations::edit;
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
async fn what_changes_within_a_day_is_mailed_whatever_they_chose_and_the_rest_as_they_chose() {
    let crew = Crew::new().await;
    let choose = async |name: &str, by_mail: bool, muted: &[&str], digest: Option<i16>| {
        sqlx::query(
            "insert into notice_choices (person_id, by_mail, muted, digest_hour) values ($1, $2, $3, $4)",
        )
        .bind(crew.person(name).id)
        .bind(by_mail)
        .bind(muted)
        .bind(digest)
        .execute(&crew.app.db)
        .await
        .unwrap();
    };
    // Whom it is taken from, and whom it is given to.
    choose("ayse", true, &["published"], None).await;
    choose("ines", false, &[], None).await;
    choose("emil", true, &[], Some(8)).await;
    choose("jon", true, &["published"], Some(8)).await;
    choose("kim", true, &["published"], None).await;
    choose("lea", true, &[], Some(8)).await;
    // The shift of the 9th begins in 20 hours; those of the 17th and 25th are far.
    crew.app.clock.set("2026-12-08T10:00:00Z".parse().unwrap());
    let carla = crew.visitor("carla").await;
    for (day, role, to) in [
        ("2026-12-09", 0, "ines"),
        ("2026-12-09", 1, "jon"),
        ("2026-12-17", 0, "kim"),
        ("2026-12-25", 0, "lea"),
    ] {
        crew.draft(&carla, day, role, to).await;
    }
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    let mailed = async || -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, o.body_text from outbox o join people p on p.email = o.recipient
            where o.subject like 'Your shifts:%' order by 1",
        )
        .fetch_all(&crew.app.db)
        .await
        .unwrap()
    };
    let names = |mails: &[(String, String)]| -> Vec<String> {
        mails.iter().map(|(name, _)| name.clone()).collect()
    };
    crew.app.work().await;
    let now = mailed().await;
    assert_eq!(
        names(&now),
        ["Ayşe Demir", "Emil Novak", "Ines Costa", "Jon Bell"]
    );
    assert!(now[0].1.contains("No longer yours:"), "{}", now[0].1);
    assert!(now[2].1.contains("New for you:"), "{}", now[2].1);
    // Lea's digest comes at eight, long before her shift; Kim wanted to hear nothing.
    crew.app.clock.set("2026-12-09T05:00:00Z".parse().unwrap());
    crew.app.work().await;
    let then = mailed().await;
    assert_eq!(then.len(), 5, "{:?}", names(&then));
    assert!(names(&then).contains(&"Lea Roth".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_beside_somebody_is_told_before_that_shift_begins() {
    let crew = Crew::new().await;
    let digest = "insert into notice_choices (person_id, digest_hour) values ($1, 8)";
    let emil = crew.person("emil").id;
    let set = sqlx::query(digest).bind(emil).execute(&crew.app.db).await;
    set.unwrap();
    // An hour before the shift, and 22 before the digest.
    crew.app.clock.set("2026-12-09T05:00:00Z".parse().unwrap());
    let carla = crew.visitor("carla").await;
    crew.draft(&carla, "2026-12-09", 0, "ines").await;
    let basis = crew.basis(&carla).await;
    assert_eq!(crew.publish(&carla, &basis).await.status, 303);
    crew.app.work().await;
    let told = "select count(*) from outbox where recipient like 'emil@%' and subject like '%with another partner%'";
    assert_eq!(crew.count(told).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_was_split_counts_as_changed_though_the_same_person_holds_it() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let part = [("from", "2026-12-09T18:00"), ("to", "2026-12-09T22:00")];
    crew.request(&ayse, "2026-12-09", 0, &part).await;
    let (taker, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    // She who served most of it serves all of it again.
    crew.draft(&carla, "2026-12-09", 0, "ayse").await;
    let page = carla.get(&format!("{PLAN}/publication")).await;
    let split = format!("Ayşe Demir, then {taker}, then Ayşe Demir");
    assert!(page.text().contains(&split), "{}", page.text());
    let basis = crew.basis(&carla).await;
    let done = crew.publish(&carla, &basis).await;
    let page = carla.get(&done.location()).await;
    assert!(
        page.text().contains("1 slot is served by somebody else."),
        "{}",
        page.text()
    );
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    // Nothing changes any more.
    let basis = crew.basis(&carla).await;
    let done = crew.publish(&carla, &basis).await;
    let page = carla.get(&done.location()).await;
    assert!(
        page.text().contains("is published like this already"),
        "{}",
        page.text()
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

/// December anew, as after a change of the rules: the same people in shifts that begin and end so many
/// hours later.
async fn move_shifts(crew: &Crew, start: i32, end: i32) {
    let mut tx = crew.app.db.begin().await.unwrap();
    for sql in [
        "insert into shifts (rotation_id, leg_id, starts_at, ends_at, time_zone, changed_at)
            select rotation_id, leg_id, starts_at + make_interval(hours => $1), ends_at + make_interval(hours => $2), time_zone,
                changed_at
            from shifts where starts_at >= '2026-12-01'",
        "update schedules set state = 'superseded' where month = '2026-12-01' and ($1, $2) is not null",
        "insert into schedules (rotation_id, month, state, version, created_at, updated_at, published_at)
            select rotation_id, month, 'published', 2, created_at, updated_at, published_at from schedules
            where month = '2026-12-01' and ($1, $2) is not null",
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, weekday_minutes,
                night_minutes, weekend_minutes, holiday_minutes, points, escalation_order)
            select n.id, 'published', x.id, a.role_id, a.person_id, x.starts_at, x.ends_at,
                extract(epoch from x.ends_at - x.starts_at) / 60, 0, 0, 0, a.points, a.escalation_order
            from assignments a join schedules s on s.id = a.schedule_id and s.month = '2026-12-01' and s.state = 'superseded'
            join schedules n on n.month = s.month and n.state = 'published'
            join shifts x on x.leg_id = (select leg_id from shifts where id = a.shift_id)
                and x.starts_at = a.starts_at + make_interval(hours => $1)
                and x.ends_at = a.ends_at + make_interval(hours => $2)",
    ] {
        let step = sqlx::query(sql).bind(start).bind(end);
        step.execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn shifts_that_move_close_a_request_and_say_so() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    // She wants to hear as little as she can.
    sqlx::query("insert into notice_choices (person_id, by_mail) values ($1, false)")
        .bind(crew.person("ayse").id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    // The handover is an hour later: other shifts, the same people.
    move_shifts(&crew, 1, 1).await;
    assert_eq!(crew.state(id).await, "closed");
    crew.app.clock.advance(TimeDelta::hours(1));
    crew.app.work().await;
    let mails: Vec<(String, String, String)> =
        sqlx::query_as("select p.name, o.subject, o.body_text from outbox o join people p on p.email = o.recipient order by o.id")
            .fetch_all(&crew.app.db)
            .await
            .unwrap();
    // Whoever was asked and the manager hear that it is over.
    for who in [name.as_str(), "Carla Díaz"] {
        let closed = |mail: &&(String, String, String)| {
            mail.0 == who && mail.1.starts_with("Closed: Primary, Wed 9 Dec 09:00")
        };
        assert_eq!(mails.iter().filter(closed).count(), 1, "{who}: {mails:#?}");
    }
    // She hears what is hers now, whatever she chose, and has a link to ask again by.
    let hers: Vec<_> = mails.iter().filter(|mail| mail.0 == "Ayşe Demir").collect();
    let [(_, subject, text)] = hers[..] else {
        panic!("{hers:#?}")
    };
    let times = "Primary, Wed 9 Dec 10:00 to Thu 10 Dec 10:00";
    assert_eq!(*subject, format!("Still yours, at other times: {times}"));
    let path = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix(&format!("{}/covers/new", crew.app.url)))
        .unwrap_or_else(|| panic!("{text}"));
    let page = ayse.get(&format!("/covers/new{path}")).await;
    assert!(page.text().contains("10:00"), "{}", page.text());
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text().contains(
            "The shifts have other times now. Whoever can't make the new ones asks again."
        ),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("belongs to somebody else"));
    let late = send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(late.status, 303);
    assert_eq!(crew.state(id).await, "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_question_was_taken_back_before_hears_nothing_of_the_end() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (first, _) = crew.link().await;
    sqlx::query(
        "insert into availability_entries (person_id, starts_at, ends_at, level, entered_by, entered_at)
        select id, '2026-12-08Z', '2026-12-11Z', 'unavailable', id, '2026-11-16Z' from people where name = $1",
    )
    .bind(&first)
    .execute(&crew.app.db)
    .await
    .unwrap();
    crew.later(TimeDelta::minutes(16)).await;
    let (second, _) = crew.link().await;
    assert_ne!(first, second);
    assert!(crew.was_told(&first, "Not needed any more").await);
    move_shifts(&crew, 1, 1).await;
    crew.later(TimeDelta::minutes(1)).await;
    assert!(crew.was_told(&second, "Closed: Primary").await);
    assert!(crew.was_told("Carla", "Closed: Primary").await);
    assert!(!crew.was_told(&first, "Closed: Primary").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_on_where_its_time_stays_theirs_in_a_shift_of_other_times() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    let swapped = swap(&crew, "2026-12-17", "2026-12-19").await;
    let (_, of_swap) = crew.link().await;
    // Shifts begin an hour sooner, and end when they did.
    move_shifts(&crew, -1, 0).await;
    assert_eq!(crew.state(id).await, "open");
    assert_eq!(crew.state(swapped).await, "open");
    crew.later(TimeDelta::minutes(1)).await;
    assert!(!crew.was_told("", "Closed").await);
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text().contains("A part of the shift"),
        "{}",
        page.text()
    );
    let goes_on = "The schedule changed, and the request goes on";
    assert_eq!(page.text().matches(goes_on).count(), 1, "{}", page.text());
    let nobody = crew.app.visitor();
    for link in [link, of_swap] {
        let done = send(&nobody, &format!("{link}/answer"), "agree").await;
        assert_eq!(done.status, 303, "{}", done.text());
    }
    assert_eq!(crew.state(id).await, "covered");
    assert_eq!(crew.state(swapped).await, "covered");
    let serving = async |from: &str, to: &str| -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, to_char(a.starts_at at time zone 'UTC', 'DD HH24') from on_call a join people p on p.id = a.person_id
            where a.role_id = $1 and a.starts_at >= $2::timestamptz and a.ends_at <= $3::timestamptz order by a.starts_at",
        )
        .bind(crew.rotation.roles[0])
        .bind(from)
        .bind(to)
        .fetch_all(&crew.app.db)
        .await
        .unwrap()
    };
    let part = |name: &str, at: &str| (name.to_owned(), at.to_owned());
    assert_eq!(
        serving("2026-12-09T05:00Z", "2026-12-10T06:00Z").await,
        [part("Ayşe Demir", "09 05"), part(&name, "09 06")]
    );
    assert_eq!(
        serving("2026-12-19T05:00Z", "2026-12-20T06:00Z").await,
        [part("Chen Wei", "19 05"), part("Ayşe Demir", "19 06")]
    );
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_is_closed_where_one_of_the_shifts_moves() {
    let crew = Crew::new().await;
    let id = swap(&crew, "2026-12-09", "2026-12-11").await;
    move_shifts(&crew, 1, 1).await;
    assert_eq!(crew.state(id).await, "closed");
    crew.later(TimeDelta::minutes(1)).await;
    for who in ["Ayşe", "Chen", "Carla"] {
        assert!(
            crew.was_told(who, "Closed: Primary, Wed 9 Dec").await,
            "{who}"
        );
    }
    let ayse = crew.visitor("ayse").await;
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text()
            .contains("one of the two shifts has other times"),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rules_and_their_publication_leave_no_request_dangling() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (asked, _) = crew.link().await;
    // From December on, shifts change hands at ten.
    let form = edit(&carla, crew.rotation.id).await;
    let rules = [
        ("effective_from", Some("2026-12-01")),
        ("legs.0.handover", Some("10:00")),
    ];
    let saved = form.send(&carla, &rules).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    assert_eq!(
        crew.state(id).await,
        "open",
        "what is published still holds"
    );
    let basis = crew.basis(&carla).await;
    let done = crew.publish(&carla, &basis).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(crew.state(id).await, "closed");
    crew.later(TimeDelta::minutes(1)).await;
    for who in [asked.as_str(), "Carla"] {
        assert!(
            crew.was_told(who, "Closed: Primary, Wed 9 Dec").await,
            "{who}"
        );
    }
    let told = crew.told().await;
    let hers = |(who, title): &&(String, String)| {
        who == "Ayşe Demir" && (title.starts_with("Closed:") || title.starts_with("Still yours"))
    };
    assert_eq!(told.iter().filter(hers).count(), 1, "{told:#?}");
    crew.consistent().await;
}
