//! The figures that the planner explains itself with, against a computation of their own.

use fairshift::demo;
use fairshift::vocab::{Interval, Level, PersonId};

use crate::planning::{PLAN, change, count, id_of, planner, value};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::visitor::{Page, Visitor};
use crate::{a11y, fixtures};

/// What the page says is made of parts: "It would be 61 with nothing booked, 70 without leave."
fn would_be(page: &Page, without: &str) -> Option<u8> {
    let said = page.all(".parts").into_iter().next()?;
    let said = said.strip_prefix("It would be ")?.trim_end_matches('.');
    let part = said.split(", ").find(|part| part.ends_with(without))?;
    part.split(' ').next()?.parse().ok()
}

fn level(page: &Page, person: i64) -> u8 {
    let cell = page.all(&format!("tr[data-person='{person}'] a.level"));
    cell[0].rsplit(' ').next().unwrap().parse().unwrap()
}

async fn told(manager: &Visitor, person: i64) -> Page {
    manager.get(&format!("{PLAN}?person={person}")).await
}

async fn mark(app: &TestApp, person: i64, range: Interval, level: Level) {
    let mut tx = app.db.begin().await.unwrap();
    let (note, now, person) = ("".parse().unwrap(), app.clock.now(), PersonId(person));
    fairshift::availability::set_entry(&mut tx, person, range, level, &note, person, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What is entered for the month, so that nobody counts as busy as the mean of the others.
async fn everybody_enters(app: &TestApp) {
    let sql = "insert into utilisations (person_id, month, percent, source, entered_at)
        select m.person_id, '2026-12-01', 30, 'engineer', '2026-11-16' from team_members m
        where m.is_engineer and not exists (select from utilisations u
            where u.person_id = m.person_id and u.month = '2026-12-01' and u.source = 'engineer')";
    sqlx::query(sql).execute(&app.db).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_level_would_be_is_what_it_is_then() {
    let (app, manager) = planner().await;
    everybody_enters(&app).await;
    let ben = id_of(&app, "Ben Okafor").await;
    let page = told(&manager, ben).await;
    let would = would_be(&page, "with nothing booked").expect("he is busy");
    assert!(would > level(&page, ben), "{would}");
    let sql = "update utilisations set percent = 0 where person_id = $1 and month = '2026-12-01'";
    sqlx::query(sql).bind(ben).execute(&app.db).await.unwrap();
    let page = told(&manager, ben).await;
    assert_eq!(level(&page, ben), would);
    assert_eq!(would_be(&page, "with nothing booked"), None);

    // The same of leave: two weeks of it, then none.
    let before = level(&page, ben);
    let range = Interval {
        start: "2026-12-07T00:00:00Z".parse().unwrap(),
        end: "2026-12-21T00:00:00Z".parse().unwrap(),
    };
    mark(&app, ben, range, Level::Leave).await;
    let page = told(&manager, ben).await;
    assert!(level(&page, ben) < before);
    assert_eq!(would_be(&page, "without leave"), Some(before));
}

fn number(text: &str) -> f64 {
    let text = text.replace(['+', ','], "").replace('−', "-");
    text.trim().parse().unwrap_or_else(|_| panic!("{text}"))
}

/// Name, capacity and balance afterwards of everybody on the grid.
async fn balances(app: &TestApp, page: &Page) -> Vec<(String, f64, f64)> {
    let mut all = Vec::new();
    for id in page.attributes("tr[data-person]", "data-person") {
        let row = format!("tr[data-person='{id}']");
        let name = page.all(&format!("{row} .p-name > a")).remove(0);
        let text = page.all(&format!("{row} .b-text")).remove(0);
        let after = number(text.split('→').nth(1).unwrap());
        let capacity: i16 = sqlx::query_scalar("select capacity_percent from people where id = $1")
            .bind(id.parse::<i64>().unwrap())
            .fetch_one(&app.db)
            .await
            .unwrap();
        all.push((name, f64::from(capacity), after));
    }
    all
}

/// The lines of the cost by name: points and from what.
fn line(page: &Page, name: &str) -> (f64, String) {
    let rows = page.all(".whole tbody tr");
    let row = rows.iter().find(|row| row.starts_with(name)).unwrap();
    let mut words = row.split_whitespace().skip(1);
    let points = number(words.next().unwrap());
    (points, words.collect::<Vec<_>>().join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_is_made_of_what_the_grid_shows() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let done = change(&manager, &page, &[("action", "recompute")]).await;
    assert_eq!(done.status, 303);
    let page = manager.get(PLAN).await;
    let sum = count(
        &app,
        "select sum(points)::bigint from assignments where schedule_state = 'draft'",
    )
    .await;
    #[allow(clippy::cast_precision_loss)]
    let mean = (sum / 62) as f64 / 100.0;
    let people = balances(&app, &page).await;
    // As much as moving an average slot onto somebody whose balance is a point higher.
    let squares = people
        .iter()
        .map(|(_, capacity, after)| (10_000.0 / capacity).floor() * after * after);
    let expected = squares.sum::<f64>() / (2.0 * 100.0 * mean);
    let (fairness, _) = line(&page, "Fairness");
    assert!(
        (fairness - expected).abs() <= 0.3 + expected * 0.02,
        "{fairness} is not {expected}"
    );
    // Wishes and slots taken if needed, counted in the database's own words.
    let (preference, words) = line(&page, "Preferences");
    let met: f64 = number(words.split(' ').next().unwrap());
    let needed = words.split(", ").nth(1).unwrap();
    let needed: f64 = number(needed.split(' ').next().unwrap());
    let expected = (needed - met / 2.0) * mean / 2.0;
    assert!(
        (preference - expected).abs() < 0.2,
        "{preference} is not {expected}: {words}"
    );
    // Whoever ends a quarter of a slot above their share is named with the figure of the grid.
    let mut over: Vec<(String, f64)> = people
        .into_iter()
        .filter(|(_, _, after)| *after >= mean / 4.0)
        .map(|(name, _, after)| (name, after))
        .collect();
    over.sort_by(|a, b| b.1.total_cmp(&a.1));
    let named: Vec<String> = page.all(".whole h3:first-of-type + ul li");
    assert_eq!(named.len(), over.len(), "{named:?} {over:?}");
    for (name, after) in over {
        let said = format!("{name} : {after:.1} points over the fair share");
        let plain = said.replace(" :", ":");
        assert!(
            named.contains(&said) || named.contains(&plain),
            "{said} {named:?}"
        );
    }
}

/// Only two can take two weeks, so they carry more: and that is said, as are pins.
#[tokio::test(flavor = "multi_thread")]
async fn why_it_cannot_be_better_is_said() {
    let (app, manager) = planner().await;
    let page = manager.get(PLAN).await;
    let two = ["Ayşe Demir", "Ben Okafor"];
    let range = Interval {
        start: "2026-12-06T22:00:00Z".parse().unwrap(),
        end: "2026-12-20T05:00:00Z".parse().unwrap(),
    };
    for person in page.attributes("tr[data-person]", "data-person") {
        let person: i64 = person.parse().unwrap();
        let is_one = [id_of(&app, two[0]).await, id_of(&app, two[1]).await].contains(&person);
        let level = if is_one {
            Level::Available
        } else {
            Level::Unavailable
        };
        mark(&app, person, range, level).await;
    }
    let page = manager.get(PLAN).await;
    let reasons = page.all(".whole ul li");
    let only = |r: &&String| r.starts_with("Only ") && r.contains(" can take ");
    let reason = reasons.iter().find(only);
    let reason = reason.unwrap_or_else(|| panic!("{reasons:?}"));
    let (named, what) = reason["Only ".len()..].split_once(" can take ").unwrap();
    let named: Vec<&str> = named.split(" and ").collect();
    assert!(named.iter().all(|name| two.contains(name)), "{reason}");
    // Which slots: so many, of a role, from one day of the two weeks to another.
    let days = what.split(" from ").nth(1).unwrap();
    let days: Vec<&str> = days.split(' ').collect();
    assert_eq!((days[1], days[3]), ("to", "Dec:"), "{reason}");
    let (begin, end): (i64, i64) = (days[0].parse().unwrap(), days[2].parse().unwrap());
    assert!(6 <= begin && begin <= end && end <= 19, "{reason}");
    // What they carry is no less than what is said.
    let people = balances(&app, &page).await;
    let together: f64 = people
        .iter()
        .filter(|(name, _, _)| named.contains(&name.as_str()))
        .map(|(_, _, after)| after)
        .sum();
    let least = reason.split("at least ").nth(1).unwrap();
    let least = number(least.split(' ').next().unwrap());
    assert!(together + 0.1 >= least, "{together} {least}");
}

/// Pins are called pins: others could take these slots.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_pinned_is_not_said_to_be_the_only_one() {
    let (app, manager) = planner().await;
    let ayse = id_of(&app, "Ayşe Demir").await.to_string();
    let page = manager.get(PLAN).await;
    let slots = page.attributes("tbody a.chip.r1:not(.goes-on)", "data-slot");
    for slot in slots.iter().step_by(3) {
        let page = manager.get(PLAN).await;
        let fields = [
            ("action", "assign"),
            ("slot", slot.as_str()),
            ("person", ayse.as_str()),
            ("reason", "she wants to"),
            ("confirming", "yes"),
        ];
        let done = change(&manager, &page, &fields).await;
        assert_eq!(
            done.status,
            303,
            "{} {}",
            value(&page, "basis"),
            done.text()
        );
    }
    let reasons = manager.get(PLAN).await.all(".whole ul li");
    let about: Vec<&String> = reasons
        .iter()
        .filter(|r| r.contains("Ayşe Demir is") || r.contains("Ayşe Demir can"))
        .collect();
    assert!(
        about.iter().any(|r| r.contains("Ayşe Demir is pinned to")),
        "{reasons:?}"
    );
    assert!(
        about
            .iter()
            .all(|r| !r.contains("Only Ayşe Demir can take")),
        "{reasons:?}"
    );
}

/// The panels of the planner at every width, light and dark.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_explained_fits() {
    let (app, manager) = planner().await;
    app.listen();
    let page = manager.get(PLAN).await;
    let slot = page
        .attributes("tbody a.chip:not(.goes-on)", "data-slot")
        .remove(4);
    let other = page
        .attributes("tbody a.chip:not(.goes-on)", "data-slot")
        .remove(20);
    let done = change(&manager, &page, &[("action", "clear"), ("slot", &slot)]).await;
    assert_eq!(done.status, 303);
    let browser = Browser::open().await;
    browser
        .sign_in(&app.url, "manager@example.com", demo::PASSWORD)
        .await;
    browser.wait("form[action='/sign-out']").await;
    let ben = id_of(&app, "Ben Okafor").await;
    let mut wrong = Vec::new();
    for (asked, name) in [
        (format!("slot={slot}"), "gap"),
        (format!("slot={other}"), "slot"),
        (format!("person={ben}"), "person"),
    ] {
        for (width, height) in [(1280, 900), (390, 844), (320, 700)] {
            browser.resize(width, height).await;
            let address = format!("{}{PLAN}?{asked}", app.url);
            browser.goto(address).await.unwrap();
            browser.wait("#slot .story").await;
            let open = "document.querySelector('.whole').open = true";
            browser.execute(open, vec![]).await.unwrap();
            for (dark, lit) in [(true, "-dark"), (false, "")] {
                browser.prefer_dark(dark).await;
                let picture = format!("explained-{name}-{width}{lit}");
                browser.picture(&picture).await;
                for problem in a11y::problems(&browser).await {
                    wrong.push(format!("{picture}: {problem}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_another_team_later_owes_it_nothing_of_before() {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    app.clock.set("2026-12-31T12:00:00Z".parse().unwrap());
    // With the company for years, in this team from the new year on.
    let dora = fixtures::person(&app.db, "dora", "Dora New", crew.team.zone).await;
    fixtures::join(&app.db, &crew.team, &dora, false, true).await;
    sqlx::query("insert into leg_members (leg_id, person_id) values ($1, $2)")
        .bind(crew.rotation.leg)
        .bind(dora.id)
        .execute(&app.db)
        .await
        .unwrap();
    let manager = app.visitor();
    manager.sign_in(&crew.carla.email, fixtures::PASSWORD).await;
    let balance = async |joined: &str| {
        sqlx::query("update team_members set joined_on = $2::date where person_id = $1")
            .bind(dora.id)
            .bind(joined.parse::<chrono::NaiveDate>().unwrap())
            .execute(&app.db)
            .await
            .unwrap();
        let page = manager.get("/teams/payments/plan/2027-01").await;
        let css = format!("tr[data-person='{}'] .b-text", dora.id);
        let text = page.all(&css).concat();
        text.split(" →").next().unwrap_or_default().to_owned()
    };
    assert!(balance("2024-01-01").await.starts_with('-'));
    assert_eq!(balance("2027-01-01").await, "0.0");
    // Her page says so, and what a manager corrects there counts.
    let path = format!("/teams/payments/members/{}", dora.id);
    let page = manager.get(&path).await;
    assert_eq!(page.attributes("[name=joined_on]", "value"), ["2027-01-01"]);
    let revision = page.attributes("[name=revision]", "value").remove(0);
    let fields = [
        ("revision", revision.as_str()),
        ("capacity_percent", "100"),
        ("joined_on", "2026-12-01"),
        ("is_engineer", "yes"),
    ];
    assert_eq!(manager.post_form(&path, &fields).await.status, 303);
    let days: Vec<chrono::NaiveDate> = sqlx::query_scalar(
        "select joined_on from team_members where person_id = $1
        union all select joined_on from people where id = $1",
    )
    .bind(dora.id)
    .fetch_all(&app.db)
    .await
    .unwrap();
    let december = "2026-12-01".parse().unwrap();
    assert_eq!(days, [december, december]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_a_second_rotation_of_their_team_owes_it_nothing_of_before() {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    app.clock.set("2026-12-31T12:00:00Z".parse().unwrap());
    // In the team for years, and in another rotation of it.
    let dora = fixtures::person(&app.db, "dora", "Dora Old", crew.team.zone).await;
    fixtures::join(&app.db, &crew.team, &dora, false, true).await;
    let manager = app.visitor();
    manager.sign_in(&crew.carla.email, fixtures::PASSWORD).await;
    let balances = async || {
        let page = manager.get("/teams/payments/plan/2027-01").await;
        let of = |who: i64| {
            let css = format!("tr[data-person='{who}'] .b-text");
            let text = page.all(&css).concat();
            text.split(" →").next().unwrap_or_default().to_owned()
        };
        (of(dora.id.0), of(crew.ayse.id.0), of(crew.ben.id.0))
    };
    let (_, ayse, ben) = balances().await;
    // A manager adds her on the rotation's page: that is her first day in it, and nobody else's.
    let form = crate::rotations::edit(&manager, crew.rotation.id).await;
    let ids = [crew.ayse.id, crew.ben.id, crew.chen.id, dora.id].map(|id| id.to_string());
    let members: Vec<(&str, Option<&str>)> = ids
        .iter()
        .map(|id| ("legs.0.members", Some(id.as_str())))
        .collect();
    let page = form.send(&manager, &members).await;
    assert_eq!(page.status, 303, "{}", page.text());
    let days: Vec<(String, chrono::NaiveDate)> = sqlx::query_as(
        "select p.name, m.joined_on from leg_members m join people p on p.id = m.person_id order by m.joined_on desc, 1",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    assert_eq!(days[0], ("Dora Old".to_owned(), day("2026-12-31")));
    assert!(
        days[1..].iter().all(|(_, d)| *d == day("2000-01-01")),
        "{days:?}"
    );
    let set = async |sql: &'static str| sqlx::query(sql).execute(&app.db).await.unwrap();
    // There from the beginning, she would owe; from the new year on she owes nothing, and nobody's
    // balance is another than before.
    set("update leg_members set joined_on = '2000-01-01'").await;
    assert!(balances().await.0.starts_with('-'));
    set("update leg_members set joined_on = '2027-01-01'
        where person_id = (select id from people where name = 'Dora Old')")
    .await;
    let now = ("0.0".to_owned(), ayse, ben);
    assert_eq!(balances().await, now);
    // What the others served counts for the time before their first day, too, with their part of it.
    set("update leg_members set joined_on = '2027-01-01'").await;
    assert_eq!(balances().await, now);
}
