//! What managers do, and who may do what.

use std::collections::BTreeMap;

use super::{Crew, TAKE_BACK, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_says_it_for_somebody_and_asks_and_assigns() {
    let crew = Crew::new().await;
    let carla = crew.visitor("carla").await;
    let ayse = crew.person("ayse").id.to_string();
    let shift = crew.shift("2026-12-09").await;
    let page = carla.get(&format!("/shifts/{shift}")).await;
    assert!(
        page.text().contains("Ayşe Demir can't make it"),
        "{}",
        page.text()
    );
    let id = crew
        .request(
            &carla,
            "2026-12-09",
            0,
            &[("person", &ayse), ("reason", "Called in sick")],
        )
        .await;
    assert!(crew.was_told("Ayşe", "Ayşe Demir can't make Primary").await);
    let path = format!("/covers/{id}");
    let (first, _) = crew.link().await;
    // Asks a particular person, while the first is still thinking.
    let whom = ["chen", "dana", "gus"]
        .into_iter()
        .find(|who| !first.to_lowercase().starts_with(who))
        .unwrap();
    let person = crew.person(whom);
    let emil = crew.person("emil").id.to_string();
    for (value, message) in [
        ("", "Choose whom to ask"),
        ("99999", "Choose somebody of the rotation"),
        (emil.as_str(), "is on another shift then"),
    ] {
        let page = carla
            .post_form(&format!("{path}/asks"), &[("person", value)])
            .await;
        assert_eq!(page.status, 422, "{value}");
        assert!(page.text().contains(message), "{}", page.text());
    }
    let fields = [("person", &*person.id.to_string())];
    carla.submit(&format!("{path}/asks"), &fields).await;
    assert_eq!(crew.asked(id).await, [first.clone(), person.name.clone()]);
    let twice = carla.post_form(&format!("{path}/asks"), &fields).await;
    assert!(
        twice.text().contains("was asked already"),
        "{}",
        twice.text()
    );
    // Assigns: against a rule only with a reason, and never onto two shifts at once.
    let hana = crew.person("hana").id.to_string();
    for (value, message) in [
        ("", "Choose who takes it"),
        (ayse.as_str(), "Choose who takes it"),
        (emil.as_str(), "is on another shift then"),
    ] {
        let fields = [("assignee", value), ("override", "It must be")];
        let page = carla
            .post_form(&format!("{path}/assignment"), &fields)
            .await;
        assert_eq!(page.status, 422, "{value}: {}", page.text());
        assert!(page.text().contains(message), "{value}: {}", page.text());
    }
    // Hana is Primary the day before: no rest.
    let page = carla
        .post_form(&format!("{path}/assignment"), &[("assignee", &hana)])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("would rest 0 h"), "{}", page.text());
    assert_eq!(crew.state(id).await, "open");
    let fields = [("assignee", hana.as_str()), ("override", "Only for once")];
    carla.submit(&format!("{path}/assignment"), &fields).await;
    assert_eq!(crew.holder("2026-12-09", 0).await, "Hana Mori");
    assert!(crew.was_told("Hana", "You take Primary").await);
    let why: (String, String) = sqlx::query_as(
        "select override_reason, overridden_rules from assignments where override_reason <> ''",
    )
    .fetch_one(&crew.app.db)
    .await
    .unwrap();
    assert_eq!(why.0, "Only for once");
    assert!(why.1.contains("rest"), "{}", why.1);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_from_outside_the_rotation_and_nobody_who_left_is_assigned() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (asked, _) = crew.link().await;
    let gone = crew.person(if asked.starts_with("Lea") {
        "kim"
    } else {
        "lea"
    });
    sqlx::query("update people set left_on = '2026-12-01' where id = $1")
        .bind(gone.id)
        .execute(&crew.app.db)
        .await
        .unwrap();
    let stranger: i64 = sqlx::query_scalar("select id from people where name = 'Sam Stranger'")
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    for (value, why) in [
        (stranger.to_string(), "does not belong to the rotation"),
        (gone.id.to_string(), "leaves on 1 Dec"),
        ("99999".to_owned(), "does not belong to the rotation"),
    ] {
        for reason in ["", "It must be"] {
            let fields = [("assignee", value.as_str()), ("override", reason)];
            let page = carla
                .post_form(&format!("/covers/{id}/assignment"), &fields)
                .await;
            assert_eq!(page.status, 422, "{value}: {}", page.text());
            assert!(page.text().contains(why), "{value}: {}", page.text());
            assert!(
                page.text().contains("Choose somebody else"),
                "{value}: {}",
                page.text()
            );
            assert_eq!(crew.state(id).await, "open", "{value}");
        }
    }
    // Who has left is not offered either.
    let page = carla.get(&format!("/covers/{id}")).await;
    let offered = page.attributes("#assignee option", "value");
    assert!(!offered.contains(&gone.id.to_string()), "{offered:?}");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_may_want_approval() {
    let crew = Crew::new().await;
    let carla = crew.visitor("carla").await;
    let ayse = crew.visitor("ayse").await;
    let nobody = crew.app.visitor();
    let fields = [("approval", "1")];
    let page = carla
        .submit("/teams/payments/covers/settings", &fields)
        .await;
    assert!(
        page.text().contains("only when a manager approves"),
        "{}",
        page.text()
    );
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let path = format!("/covers/{id}/approval");
    let (first, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "agreed");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    assert!(crew.was_told("Carla", "waits for approval").await);
    crew.consistent().await;
    // Refused: the next.
    let page = carla.post_form(&path, &[]).await;
    assert_eq!(page.status, 422);
    let no = [("approval", "no"), ("approval_note", "Needed elsewhere")];
    carla.submit(&path, &no).await;
    assert_eq!(crew.state(id).await, "open");
    assert!(crew.was_told(&first, "Not approved").await);
    let (second, link) = crew.link().await;
    assert_ne!(second, first);
    send(&nobody, &format!("{link}/answer"), "agree").await;
    // Meanwhile either side may take it back.
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert_eq!(crew.state(id).await, "open");
    let (third, link) = crew.link().await;
    assert_ne!(third, second);
    send(&nobody, &format!("{link}/answer"), "agree").await;
    carla.submit(&path, &[("approval", "yes")]).await;
    assert_eq!(crew.state(id).await, "covered");
    assert_eq!(crew.holder("2026-12-09", 0).await, third);
    crew.consistent().await;
    let page = carla.submit(&path, &[("approval", "no")]).await;
    assert!(
        page.text().contains("nothing to approve any more"),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_closes_it() {
    let crew = Crew::new().await;
    let carla = crew.visitor("carla").await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (asked, _) = crew.link().await;
    let long = "x".repeat(2001);
    let page = carla
        .post_form(&format!("/covers/{id}/closure"), &[("close_note", &long)])
        .await;
    assert_eq!(page.status, 422);
    let note = [("close_note", "We agreed by phone that you serve")];
    carla.submit(&format!("/covers/{id}/closure"), &note).await;
    assert_eq!(crew.state(id).await, "closed");
    for who in [asked.as_str(), "Ayşe"] {
        assert!(crew.was_told(who, "Closed: Primary").await, "{who}");
    }
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text().contains("We agreed by phone"),
        "{}",
        page.text()
    );
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_do_what() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (asked, _) = crew.link().await;
    let bystander = if asked.starts_with("Fay") {
        "gus"
    } else {
        "fay"
    };
    let path = |what: &str| format!("/covers/{id}/{what}");
    let acts = [
        "withdrawal",
        "asks",
        "assignment",
        "approval",
        "closure",
        "undo",
        "answer",
        "agreement",
    ];
    // Nobody of another team learns that it is there.
    let stranger = crew.visitor("stranger").await;
    assert_eq!(stranger.get(&format!("/covers/{id}")).await.status, 404);
    for act in acts {
        assert_eq!(
            stranger.post_form(&path(act), &[]).await.status,
            404,
            "{act}"
        );
    }
    let nobody = crew.app.visitor();
    for act in acts {
        let page = nobody.post_form(&path(act), &[]).await;
        assert!(page.location().starts_with("/sign-in"), "{act}");
    }
    // A colleague sees it, and sees no reasons why others can't.
    let fay = crew.visitor(bystander).await;
    let page = fay.get(&format!("/covers/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(
        !page.text().contains("Who could take it"),
        "{}",
        page.text()
    );
    for act in ["withdrawal", "asks", "assignment", "approval", "closure"] {
        assert_eq!(fay.post_form(&path(act), &[]).await.status, 403, "{act}");
    }
    for act in ["asks", "assignment", "approval", "closure"] {
        assert_eq!(ayse.post_form(&path(act), &[]).await.status, 403, "{act}");
    }
    // Nobody says it for a colleague but managers.
    let person = crew.person("ben").id.to_string();
    let page = crew
        .try_request(&fay, "2026-12-10", 0, &[("person", &person)])
        .await;
    assert_eq!(page.status, 403, "{}", page.text());
    let page = crew.try_request(&fay, "2026-12-10", 0, &[]).await;
    assert_eq!(page.status, 409, "{}", page.text());
    let shift = crew.shift("2026-12-10").await;
    for (path, status) in [
        (format!("/covers/new?shift={shift}&role=99999"), 404),
        ("/covers/new".to_owned(), 404),
        ("/covers/x".to_owned(), 404),
        ("/covers/99999".to_owned(), 404),
    ] {
        assert_eq!(fay.get(&path).await.status, status, "{path}");
    }
    assert_eq!(
        fay.post_form("/teams/payments/covers/settings", &[])
            .await
            .status,
        403
    );
    assert_eq!(crew.state(id).await, "open");
    // A request from another site is refused where no secret proves it.
    let forged = ayse
        .client()
        .post(ayse.address(&path("withdrawal")))
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(forged.status().as_u16(), 403);
    assert_eq!(crew.state(id).await, "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_sees_its_requests_and_who_answered_what() {
    let crew = Crew::new().await;
    let carla = crew.visitor("carla").await;
    let page = carla.get("/teams/payments/covers").await;
    assert!(
        page.text().contains("Nobody asks to be covered"),
        "{}",
        page.text()
    );
    let ayse = crew.visitor("ayse").await;
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let nobody = crew.app.visitor();
    let (first, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    let (second, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    let other = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    let page = carla.get("/teams/payments/covers").await;
    assert_eq!(
        page.all(".covers .badge"),
        ["looking for somebody", "covered"],
        "{}",
        page.text()
    );
    // Who said no and takes it after all has said both; who takes back what they took, too.
    let (third, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    let volunteer = crew.visitor_of(&third).await;
    let path = format!("/covers/{other}");
    volunteer.submit(&format!("{path}/agreement"), &[]).await;
    volunteer.submit(&format!("{path}/undo"), &[]).await;
    // Asked, took it, said no, did not answer, took it back, asked for cover.
    let mut tally: BTreeMap<&str, [u8; 6]> = BTreeMap::new();
    // Whose question was taken back and who was asked again was asked twice.
    let asks = crew.links().await;
    for (name, _) in &asks {
        tally.entry(name).or_default()[0] += 1;
    }
    for (name, at) in [
        (&first, 2),
        (&second, 1),
        (&third, 2),
        (&third, 1),
        (&third, 4),
    ] {
        tally.entry(name).or_default()[at] += 1;
    }
    tally.entry("Ayşe Demir").or_default()[5] += 2;
    let mut expected: Vec<String> = tally
        .iter()
        .map(|(name, numbers)| format!("{name} {}", numbers.map(|n| n.to_string()).join(" ")))
        .collect();
    expected.sort();
    let sorted = |mut rows: Vec<String>| {
        rows.sort();
        rows
    };
    let page = carla.get("/teams/payments/covers").await;
    assert_eq!(
        sorted(page.all("[aria-labelledby=answers] tbody tr")),
        expected
    );
    let query = "from=2026-11-01&to=2026-11-30";
    let page = carla.get(&format!("/teams/payments/reports?{query}")).await;
    assert_eq!(
        sorted(page.all("[aria-labelledby=cover] tbody tr")),
        expected
    );
    let csv = carla
        .get(&format!("/teams/payments/reports/cover.csv?{query}"))
        .await;
    assert_eq!(csv.status, 200, "{}", csv.body);
    let lines = csv.body.lines().skip(1);
    assert_eq!(
        sorted(lines.map(|line| line.replace(',', " ")).collect()),
        expected
    );
    let page = carla.get("/").await;
    assert!(page.text().contains("1 not covered"), "{}", page.text());
    let page = carla.get("/teams/payments").await;
    assert!(page.text().contains("Not covered yet"), "{}", page.text());
}
