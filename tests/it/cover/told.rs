//! What people are told, and that it is true of what they do.

use chrono::TimeDelta;

use super::{Crew, TAKE_BACK, send};

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_by_a_link_has_it_in_writing() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let nobody = crew.app.visitor();
    let (first, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    assert!(
        crew.was_told(&first, "You said no: Primary, Wed 9 Dec")
            .await
    );
    let (second, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert!(
        crew.was_told(&second, "You said yes: Primary, Wed 9 Dec")
            .await
    );
    // With the link by which it can be taken back, and until when.
    let (topic, lines, path): (String, String, String) = sqlx::query_as(
        "select payload ->> 'topic', payload ->> 'lines', payload -> 'actions' -> 0 ->> 'path' from jobs
        where payload ->> 'title' like 'You said yes%'",
    )
    .fetch_one(&crew.app.db)
    .await
    .unwrap();
    assert_eq!((topic.as_str(), &path), ("cover_receipt", &link));
    assert!(lines.contains("take it back until Mon 16 Nov"), "{lines}");
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert!(
        crew.was_told(&second, "You took it back: Primary, Wed 9 Dec")
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_signed_in_is_told_by_the_page_alone() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    let visitor = crew.visitor_of(&name).await;
    send(&visitor, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, name);
    assert!(!crew.was_told(&name, "You said yes").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_assigned_is_told_whatever_they_chose() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let gus = crew.person("gus").id.to_string();
    let fields = [("assignee", gus.as_str())];
    carla
        .submit(&format!("/covers/{id}/assignment"), &fields)
        .await;
    let topics: Vec<(String, String)> = sqlx::query_as(
        "select p.name, j.payload ->> 'topic' from jobs j
        join people p on p.id = (j.payload -> 'to' ->> 'person')::bigint
        where j.payload ->> 'title' like '%take% Primary%' and j.payload ->> 'topic' <> 'cover_ask' order by 1",
    )
    .fetch_all(&crew.app.db)
    .await
    .unwrap();
    assert_eq!(
        topics,
        [
            ("Ayşe Demir".into(), "cover_news".into()),
            ("Gus Larsen".into(), "assigned".into())
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_says_why_you() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let asks = async || -> Vec<String> {
        sqlx::query_scalar(
            "select payload ->> 'lines' from jobs where payload ->> 'topic' = 'cover_ask' order by id",
        )
        .fetch_all(&crew.app.db)
        .await
        .unwrap()
    };
    let id = crew.request(&ayse, "2026-11-17", 0, &[]).await;
    let first = asks().await.pop().unwrap();
    assert!(first.contains("you are the best placed"), "{first}");
    assert!(first.contains("available, rested"), "{first}");
    let (name, _) = crew.link().await;
    let whom = ["chen", "gus", "gus"]
        .into_iter()
        .find(|who| !name.to_lowercase().starts_with(who))
        .unwrap();
    let person = crew.person(whom).id.to_string();
    let fields = [("person", person.as_str())];
    carla.submit(&format!("/covers/{id}/asks"), &fields).await;
    let named = asks().await.pop().unwrap();
    assert!(named.contains("a manager asks you"), "{named}");
    assert!(!named.contains("best placed"), "{named}");
    // Everybody at once: nobody is told that they are the best.
    let before = asks().await.len();
    crew.later(TimeDelta::hours(10)).await;
    let all = asks().await;
    assert!(all.len() > before + 2, "{all:?}");
    for ask in &all[before..] {
        assert!(!ask.contains("best placed"), "{ask}");
        assert!(
            ask.contains("everybody who could take it is asked"),
            "{ask}"
        );
    }
}

/// Ayşe wants to give her Primary shift of a day for Chen's of another.
pub async fn swap(crew: &Crew, day: &str, other: &str) -> i64 {
    let ayse = crew.visitor("ayse").await;
    let back = format!(
        "{}.{}.{}",
        crew.shift(other).await,
        crew.rotation.roles[0],
        crew.person("chen").id
    );
    let fields = [("kind", "swap"), ("return", back.as_str())];
    crew.request(&ayse, day, 0, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_is_not_called_anything_else() {
    let crew = Crew::new().await;
    let carla = crew.visitor("carla").await;
    let id = swap(&crew, "2026-12-09", "2026-12-11").await;
    let page = carla.get("/teams/payments").await;
    assert!(
        page.text().contains("Ayşe Demir wants to swap it"),
        "{}",
        page.text()
    );
    // Nobody but Chen can give the 11th in return.
    let gus = crew.person("gus").id.to_string();
    let fields = [("assignee", gus.as_str())];
    let page = carla
        .post_form(&format!("/covers/{id}/assignment"), &fields)
        .await;
    assert_eq!(page.status, 422, "{}", page.text());
    assert!(
        page.text().contains("only Chen Wei can be assigned"),
        "{}",
        page.text()
    );
    let page = carla.get(&format!("/covers/{id}")).await;
    let chen = crew.person("chen").id.to_string();
    assert_eq!(
        page.attributes("#assignee option", "value"),
        [String::new(), chen.clone()]
    );
    let fields = [("assignee", chen.as_str())];
    carla
        .submit(&format!("/covers/{id}/assignment"), &fields)
        .await;
    assert_eq!(crew.holder("2026-12-09", 0).await, "Chen Wei");
    assert_eq!(crew.holder("2026-12-11", 0).await, "Ayşe Demir");
    let told = crew.told().await;
    assert!(
        !told.iter().any(|(_, title)| title.contains("can't make")),
        "{told:?}"
    );
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_give_away_ended_is_said_as_it_was() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let nobody = crew.app.visitor();
    let approval = [("approval", "1")];
    carla
        .submit("/teams/payments/covers/settings", &approval)
        .await;
    let chen = crew.person("chen").id.to_string();
    let fields = [("kind", "give"), ("colleague", chen.as_str())];
    let ended = async |id: i64| -> String {
        sqlx::query_scalar("select end_note from cover_requests where id = $1 and state = 'closed'")
            .bind(id)
            .fetch_one(&crew.app.db)
            .await
            .unwrap()
    };
    // A manager refuses.
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    let no = [("approval", "no"), ("approval_note", "Needed elsewhere")];
    carla.submit(&format!("/covers/{id}/approval"), &no).await;
    assert_eq!(
        ended(id).await,
        "A manager did not approve that Chen Wei takes it."
    );
    let lines: Vec<String> = sqlx::query_scalar(
        "select payload ->> 'lines' from jobs where payload ->> 'title' like 'Not approved%'",
    )
    .fetch_all(&crew.app.db)
    .await
    .unwrap();
    assert_eq!(lines.len(), 2, "both sides");
    for lines in lines {
        assert!(!lines.contains("next is asked"), "{lines}");
        assert!(lines.contains("stays with Ayşe Demir"), "{lines}");
    }
    // Chen takes it back.
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert_eq!(ended(id).await, "Chen Wei took it back.");
    // Says no; does not answer.
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    assert_eq!(ended(id).await, "Chen Wei said no.");
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    crew.later(TimeDelta::days(3)).await;
    assert_eq!(ended(id).await, "Chen Wei did not answer in time.");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn managers_are_reminded_that_their_approval_is_missing() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let approval = [("approval", "1")];
    carla
        .submit("/teams/payments/covers/settings", &approval)
        .await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "agreed");
    for _ in 0..22 {
        crew.later(TimeDelta::days(1)).await;
    }
    crew.later(TimeDelta::hours(9)).await;
    assert_eq!(crew.state(id).await, "agreed");
    let told = crew.told().await;
    for left in ["2 weeks", "1 week", "3 days", "2 days", "1 day", "12 hours"] {
        let title = format!("Your approval is missing, {left} left: Primary, Wed 9 Dec");
        let times = told
            .iter()
            .filter(|(who, t)| who.starts_with("Carla") && t.starts_with(&title))
            .count();
        assert_eq!(times, 1, "{left}: {told:?}");
    }
    assert!(!told.iter().any(|(_, t)| t.starts_with("Not covered")));
    // Whatever she chose to hear of; the team's webhooks know them by the name they had.
    let topics: Vec<(bool, String)> = sqlx::query_as(
        "select distinct payload -> 'to' ? 'person', payload ->> 'topic' from jobs
        where payload ->> 'title' like 'Your approval is missing%' order by 1",
    )
    .fetch_all(&crew.app.db)
    .await
    .unwrap();
    assert_eq!(
        topics,
        [
            (false, "cover_overdue".to_owned()),
            (true, "cover_approval".to_owned())
        ]
    );
    // The shift begins.
    crew.later(TimeDelta::hours(12)).await;
    assert_eq!(crew.state(id).await, "lapsed");
    for who in [name.as_str(), "Ayşe", "Carla"] {
        assert!(crew.was_told(who, "Not approved in time").await, "{who}");
    }
    assert!(!crew.was_told("", "Nobody was found").await);
    let page = ayse.get(&format!("/covers/{id}")).await;
    let said = format!("{name} had agreed, and no manager approved it in time.");
    assert!(page.text().contains(&said), "{}", page.text());
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_shift_is_taken_back_is_told_whatever_they_chose() {
    let crew = Crew::new().await;
    sqlx::query(
        "insert into notice_choices (person_id, by_mail) select person_id, false from recipients",
    )
    .execute(&crew.app.db)
    .await
    .unwrap();
    let ayse = crew.visitor("ayse").await;
    let nobody = crew.app.visitor();
    let mailed = async |name: &str, subject: &str| -> bool {
        crew.app.work().await;
        let found: i64 = sqlx::query_scalar(
            "select count(*) from outbox o join people p on p.email = o.recipient
            where p.name = $1 and o.subject like $2 || '%'",
        )
        .bind(name)
        .bind(subject)
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
        found > 0
    };
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert!(mailed(&name, "Ayşe Demir serves after all").await);
    // In a swap each gets a shift by the other's word.
    swap(&crew, "2026-12-09", "2026-12-11").await;
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert!(mailed("Ayşe Demir", "Chen Wei takes Primary").await);
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert!(mailed("Ayşe Demir", "Chen Wei took it back").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_home_each_kind_of_request_has_words_of_its_own() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    swap(&crew, "2026-12-17", "2026-12-19").await;
    let gus = crew.person("gus").id.to_string();
    let give = [("kind", "give"), ("colleague", gus.as_str())];
    crew.request(&ayse, "2026-12-25", 0, &give).await;
    let page = ayse.get("/").await;
    assert!(page.attributes("a[href$='#cant']", "href").len() > 5);
    let own = page.all("[aria-labelledby=requested] li");
    let [covered, swapped, given] = &own[..] else {
        panic!("{own:#?}")
    };
    for (item, words) in [
        (
            covered,
            "You asked to be covered: 1 person is being asked. Until someone agrees it is yours.",
        ),
        (
            swapped,
            "You want to swap it with Chen Wei, who is being asked. It stays yours unless they agree.",
        ),
        (
            given,
            "You want to give it to Gus Larsen, who is being asked. It stays yours unless they agree.",
        ),
    ] {
        assert!(item.contains(words), "{item}");
    }
    for (name, words) in [
        (
            "chen",
            "Ayşe Demir would like to swap it with one of yours (Payments).",
        ),
        ("gus", "Ayşe Demir would like you to take it (Payments)."),
    ] {
        let page = crew.visitor(name).await.get("/").await;
        assert!(page.text().contains(words), "{}", page.text());
    }
}
