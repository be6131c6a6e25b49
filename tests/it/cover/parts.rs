//! Parts of a shift: split, served by two, joined again; a running shift.

use chrono::TimeDelta;

use super::{Crew, TAKE_BACK, send};

const PART: [(&str, &str); 2] = [("from", "2026-12-09T18:00"), ("to", "2026-12-09T22:00")];

#[tokio::test(flavor = "multi_thread")]
async fn a_part_changes_hands_and_comes_back() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let points = "select sum(points)::bigint from on_call where starts_at >= '2026-12-09T06:00Z' and ends_at <= '2026-12-10T06:00Z'";
    let before = crew.count(points).await;
    let id = crew.request(&ayse, "2026-12-09", 0, &PART).await;
    let (name, link) = crew.link().await;
    let nobody = crew.app.visitor();
    let page = nobody.get(&link).await;
    assert!(
        page.text().contains("a part of the shift"),
        "{}",
        page.text()
    );
    send(&nobody, &format!("{link}/answer"), "agree").await;
    let parts = |middle: &str| {
        [
            ("Ayşe Demir".to_owned(), "09 06:00 to 09 15:00".to_owned()),
            (middle.to_owned(), "09 15:00 to 09 19:00".to_owned()),
            ("Ayşe Demir".to_owned(), "09 19:00 to 10 06:00".to_owned()),
        ]
    };
    assert_eq!(crew.serving("2026-12-09", 0).await, parts(&name));
    assert_eq!(
        crew.count(points).await,
        before,
        "the burden is shared out, not changed"
    );
    crew.consistent().await;
    // Role and escalation stay with every part.
    let orders = crew.count(
        "select count(distinct (escalation_order, is_shadow)) from on_call where starts_at >= '2026-12-09T06:00Z'
            and starts_at < '2026-12-10T06:00Z' and role_id = (select min(id) from roles)",
    );
    assert_eq!(orders.await, 1);
    // The shift's page shows all three.
    let shift = crew.shift("2026-12-09").await;
    let page = ayse.get(&format!("/shifts/{shift}")).await;
    assert!(
        page.text().contains("Wed 18:00 to 22:00"),
        "{}",
        page.text()
    );
    assert_eq!(page.all(".cant h2").len(), 2, "what is left of hers");
    // The planner and a new version keep the parts.
    let carla = crew.visitor("carla").await;
    let plan = "/teams/payments/plan/2026-12";
    let page = carla.get(plan).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let rotation = crew.rotation.id.to_string();
    let basis = page.attributes("[name=basis]", "value")[0].clone();
    let fields = [("rotation", rotation.as_str()), ("basis", basis.as_str())];
    let done = carla
        .post_form(&format!("{plan}/publication"), &fields)
        .await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(crew.serving("2026-12-09", 0).await, parts(&name));
    crew.consistent().await;
    // A later part of the rest can be asked for, too.
    let at = crew
        .count("select extract(epoch from max(starts_at))::bigint from on_call where starts_at < '2026-12-10T00:00Z'")
        .await
        .to_string();
    let rest = [
        ("from", "2026-12-09T23:00"),
        ("to", ""),
        ("at", at.as_str()),
    ];
    let second = crew.request(&ayse, "2026-12-09", 0, &rest).await;
    assert_ne!(second, id);
    ayse.submit(&format!("/covers/{second}/withdrawal"), &[])
        .await;
    // Back: one assignment again.
    ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert_eq!(
        crew.serving("2026-12-09", 0).await,
        [("Ayşe Demir".to_owned(), "09 06:00 to 10 06:00".to_owned())]
    );
    assert_eq!(crew.count(points).await, before);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feeds_follow_a_part() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &PART).await;
    let (name, link) = crew.link().await;
    let taker = crew.engineers.iter().find(|p| p.name == name).unwrap();
    let address = taker.email.split('@').next().unwrap().to_owned();
    let taker = crew.visitor(&address).await;
    let feed = async |visitor: &crate::support::visitor::Visitor| {
        let page = visitor.post_form("/calendar/feeds", &[("team", "")]).await;
        let address = page.attributes("input[readonly]", "value");
        let address = address.iter().find(|a| a.contains("/calendar/")).unwrap();
        address[address.find("/calendar/").unwrap()..].to_owned()
    };
    let (hers, theirs) = (feed(&ayse).await, feed(&taker).await);
    let times = async |path: &str| {
        let body = crew.app.visitor().get(path).await.body;
        let body = body.replace("\r\n ", "");
        let mut uids: Vec<&str> = body.lines().filter(|l| l.starts_with("UID:")).collect();
        let all = uids.len();
        uids.sort_unstable();
        uids.dedup();
        assert_eq!(uids.len(), all, "no entry has another's name");
        let starts = body
            .lines()
            .filter(|l| l.starts_with("DTSTART") && l.contains("20261209"));
        starts.count()
    };
    assert_eq!((times(&hers).await, times(&theirs).await), (1, 0));
    let nobody = crew.app.visitor();
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!((times(&hers).await, times(&theirs).await), (2, 1));
    ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert_eq!((times(&hers).await, times(&theirs).await), (1, 0));
    // All of it: the entry leaves one feed and appears in the other.
    crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    let taker = crew
        .engineers
        .iter()
        .find(|p| p.email.starts_with(&address));
    let new = usize::from(taker.is_some_and(|p| p.name == name));
    assert_eq!((times(&hers).await, times(&theirs).await), (0, new));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_shift_changes_hands_from_now_on() {
    let crew = Crew::new().await;
    // 16 November is day 15: Hana is Primary since 06:00 UTC, it is 09:00.
    assert_eq!(crew.holder("2026-11-16", 0).await, "Hana Mori");
    let hana = crew.visitor("hana").await;
    crew.app.clock.advance(TimeDelta::seconds(30));
    let id = crew.request(&hana, "2026-11-16", 0, &[]).await;
    let asked = crew.asked(id).await;
    assert!(asked.len() > 1, "everybody at once: {asked:?}");
    crew.later(TimeDelta::minutes(20)).await;
    let (name, link) = crew.link().await;
    let nobody = crew.app.visitor();
    let page = send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(page.status, 303, "{}", page.text());
    assert_eq!(
        crew.serving("2026-11-16", 0).await,
        [
            ("Hana Mori".to_owned(), "16 06:00 to 16 09:21".to_owned()),
            (name.clone(), "16 09:21 to 17 06:00".to_owned())
        ]
    );
    crew.consistent().await;
    // It has begun: no way back by itself.
    crew.later(TimeDelta::minutes(1)).await;
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert_eq!(crew.state(id).await, "covered");
    assert_eq!(crew.serving("2026-11-16", 0).await[1].0, name);
    // On the pages it is so, too.
    let address = name
        .split(' ')
        .next()
        .unwrap()
        .to_lowercase()
        .replace('ş', "s");
    let page = crew.visitor(&address).await.get("/").await;
    assert!(
        page.text().contains("You are on call as Primary"),
        "{}",
        page.text()
    );
    let page = hana.get("/").await;
    assert!(
        page.text().contains("You are not on call"),
        "{}",
        page.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_parts_are_refused() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    for (from, to, message) in [
        ("soon", "", "must be a day and a time"),
        ("", "2026-12-11T00:00", "must lie within the shift"),
        ("2026-12-08T00:00", "", "must lie within the shift"),
        (
            "2026-12-09T18:00",
            "2026-12-09T17:00",
            "must be after the start",
        ),
        (
            "2026-12-09T18:00",
            "2026-12-09T18:05",
            "at least 15 minutes",
        ),
    ] {
        let fields = [("from", from), ("to", to), ("reason", "Kept words")];
        let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
        assert_eq!(page.status, 422, "{from} {to}: {}", page.text());
        assert!(
            page.text().contains(message),
            "{from} {to}: {}",
            page.text()
        );
        assert!(page.body.contains("Kept words"), "what was typed stays");
    }
    let long = "x".repeat(2001);
    for fields in [[("reason", long.as_str())], [("kind", "burn")]] {
        let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
        assert_eq!(page.status, 422, "{}", page.text());
    }
    // A shift that is over.
    let page = crew.try_request(&ayse, "2026-11-09", 0, &[]).await;
    assert_eq!(page.status, 400, "{}", page.text());
    assert_eq!(crew.count("select count(*) from cover_requests").await, 0);
    assert_eq!(
        crew.count("select count(*) from availability_entries")
            .await,
        0
    );
}
