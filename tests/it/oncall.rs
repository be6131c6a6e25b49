//! Home, team page, one shift: who sees what.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use fairshift::vocab::{Interval, Month};

use crate::fixtures::{self, PASSWORD, Payments};
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

fn at(t: &str) -> DateTime<Utc> {
    t.parse().unwrap()
}

async fn signed_in(app: &TestApp, person: &fixtures::Person) -> Visitor {
    let visitor = app.visitor();
    visitor.sign_in(&person.email, PASSWORD).await;
    visitor
}

async fn start() -> (TestApp, Payments) {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    (app, crew)
}

/// The shift of that day.
async fn shift_of(app: &TestApp, crew: &Payments, day: &str) -> i64 {
    let interval = fixtures::day_shift(&crew.rotation, day.parse().unwrap());
    sqlx::query_scalar("select id from shifts where starts_at = $1")
        .bind(interval.start)
        .fetch_one(&app.db)
        .await
        .unwrap()
}

fn heading(page: &Page) -> String {
    assert_eq!(page.status, 200, "{}", page.text());
    page.all("h1").join("|")
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_and_back() {
    let (app, _) = start().await;
    let visitor = app.visitor();
    for path in [
        "/",
        "/teams/payments",
        "/shifts/1",
        "/calendar",
        "/teams/payments/reports",
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 303, "{path}");
        assert!(page.location().starts_with("/sign-in?next=%2F"), "{path}");
    }
}

#[tokio::test]
async fn the_home_page_says_whether_i_am_on_call_and_with_whom() {
    let (app, crew) = start().await;
    // 16 November is day 15 of the month: Ayşe is Primary, Ben Secondary.
    let ayse = signed_in(&app, &crew.ayse).await.get("/").await;
    assert_eq!(
        heading(&ayse),
        "You are on call as Primary for Payments until tomorrow 09:00"
    );
    let card = ayse.all(".answer").join(" ");
    assert!(card.contains("Europe/Istanbul"), "{card}");
    assert!(card.contains("Ben Okafor (Secondary)"), "{card}");
    // Up first, then managers, each with the on-call device.
    assert_eq!(
        ayse.all(".answer .escalation li > div"),
        ["Ben Okafor Secondary", "Carla Díaz Manager"]
    );
    assert_eq!(
        ayse.attributes(".answer .escalation a", "href"),
        ["tel:+442079460303", "tel:+902125550101"]
    );
    assert!(
        card.contains("You take over from Chen Wei. You hand over to Ben Okafor."),
        "{card}"
    );
    assert_eq!(ayse.all(".shifts > li").len(), 8);

    // Ben is Secondary now; by his clock the shift ends at six.
    let ben = signed_in(&app, &crew.ben).await.get("/").await;
    assert_eq!(
        heading(&ben),
        "You are on call as Secondary for Payments until tomorrow 06:00"
    );

    // Chen is not on call, and has no device.
    let chen = signed_in(&app, &crew.chen).await.get("/").await;
    assert_eq!(
        heading(&chen),
        "You are not on call. Next: Secondary for Payments, tomorrow 09:00"
    );
    assert!(chen.text().contains("in 21 h"));
    assert!(
        chen.text()
            .contains("Nobody can reach you when you are on call.")
    );
    assert!(!ayse.text().contains("Nobody can reach you"));
}

#[tokio::test]
async fn what_is_owed_is_listed_until_it_is_done() {
    let (app, crew) = start().await;
    let ayse = signed_in(&app, &crew.ayse).await;
    assert!(ayse.get("/").await.all(".owe").is_empty());
    sqlx::query("insert into availability_rounds (team_id, month, closes_on, opened_at) values ($1, '2027-01-01', '2026-11-20', now())")
        .bind(crew.team.id)
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query(
        "with r as (insert into requirements (team_id, title, needs_sign_off) values ($1, '<b>Laptop</b>', false) returning id)
        insert into requirement_roles select id, $2 from r",
    )
    .bind(crew.team.id)
    .bind(crew.rotation.roles[0])
    .execute(&app.db)
    .await
    .unwrap();
    let owed = ayse.get("/").await.all(".owe > ul > li");
    assert_eq!(owed.len(), 2, "{owed:?}");
    assert!(
        owed[0].starts_with("Payments asks when you can be on call in January 2027. Answer until Friday, 20 November."),
        "{owed:?}"
    );
    assert!(owed[1].contains("<b>Laptop</b> is missing"), "{owed:?}");
    sqlx::query("insert into availability_answers (person_id, month, answered_at) values ($1, '2027-01-01', now())")
        .bind(crew.ayse.id)
        .execute(&app.db)
        .await
        .unwrap();
    assert_eq!(ayse.get("/").await.all(".owe > ul > li").len(), 1);
    // Managers who take no shifts owe nothing.
    let carla = signed_in(&app, &crew.carla).await;
    assert!(carla.get("/").await.all(".owe").is_empty());
}

#[tokio::test]
async fn managers_see_what_is_left_to_plan() {
    let (app, crew) = start().await;
    let page = signed_in(&app, &crew.carla).await.get("/").await;
    assert_eq!(heading(&page), "You are not on call");
    let team = page.all(".teams").join(" ");
    assert!(team.contains("December 2026: published"), "{team}");
    assert!(team.contains("1 open slot published"), "{team}");
    assert!(team.contains("Primary Ayşe Demir"), "{team}");
    assert_eq!(
        page.attributes(".teams .button", "href"),
        ["/teams/payments/plan/2026-12"]
    );
    app.clock.set(at("2026-12-05T09:00:00Z"));
    let page = signed_in(&app, &crew.carla).await.get("/").await;
    let team = page.all(".teams").join(" ");
    assert!(team.contains("January 2027: not planned yet"), "{team}");
    assert!(!team.contains("open slot"), "it is over: {team}");
}

#[tokio::test]
async fn who_has_nothing_yet_is_told_what_to_do_first() {
    let app = TestApp::start().await;
    let zone = Tz::Europe__Istanbul;
    let admin = fixtures::person(&app.db, "admin", "Ada Admin", zone).await;
    fixtures::make_admin(&app.db, &admin).await;
    let alone = fixtures::person(&app.db, "alone", "Al One", zone).await;
    let first = signed_in(&app, &admin).await.get("/").await;
    assert!(first.text().contains("Make the first team"));
    let nowhere = signed_in(&app, &alone).await.get("/").await;
    assert!(nowhere.text().contains("You are in no team yet."));
    let team = fixtures::team(&app.db, "new", "New", zone).await;
    fixtures::join(&app.db, &team, &alone, true, true).await;
    let visitor = signed_in(&app, &alone).await;
    let manager = visitor.get("/").await.text();
    assert!(
        manager.contains("No shift of yours is published."),
        "{manager}"
    );
    assert!(manager.contains("No rotation yet."), "{manager}");
    let page = visitor.get("/teams/new").await;
    assert!(
        page.text()
            .contains("No rotation yet, so nobody is on call.")
    );
    let report = visitor.get("/teams/new/reports").await;
    assert!(report.text().contains("Nobody served from"));
}

#[tokio::test]
async fn the_team_page_shows_now_and_the_month_by_my_clock() {
    let (app, crew) = start().await;
    let ben = signed_in(&app, &crew.ben).await;
    let page = ben.get("/teams/payments").await;
    assert_eq!(heading(&page), "Payments");
    assert!(
        page.text()
            .contains("Times in Europe/London; the team's zone is Europe/Istanbul")
    );
    let now = page.all(".now-list > li");
    assert_eq!(now.len(), 2);
    assert!(
        now[0].starts_with("Primary Ayşe Demir until tomorrow 06:00 Phone +90 532"),
        "{}",
        now[0]
    );
    assert!(now[1].contains("Ben Okafor you"), "{}", now[1]);
    let drawn = page.attributes("svg.tl", "aria-label");
    assert_eq!(drawn.len(), 2);
    assert!(
        drawn[0].contains("Chen Wei") && drawn[0].contains("Ayşe Demir"),
        "{}",
        drawn[0]
    );
    assert_eq!(page.all(".month tbody tr").len(), 30);
    assert_eq!(page.all(".month .today th"), ["Mon 16 today"]);
    assert_eq!(
        page.all(".month .today .slot"),
        ["06:00 Ayşe Demir", "06:00 Ben Okafor"]
    );

    let december = ben.get("/teams/payments?month=2026-12").await;
    assert_eq!(december.all(".slot.open"), ["06:00 open"]);
    assert_eq!(december.all("#month-title"), ["December 2026 1 open"]);
    let january = ben.get("/teams/payments?month=2027-01").await;
    assert!(
        january
            .text()
            .contains("January 2027 is not published yet.")
    );
    assert!(
        january.all("#month a[href*='plan']").is_empty(),
        "only managers plan"
    );
    assert_eq!(ben.get("/teams/payments?month=2027-13").await.status, 400);
    assert_eq!(ben.get("/teams/payments?month=9999-01").await.status, 400);
}

#[tokio::test]
async fn a_shift_shows_its_surroundings_to_its_team_alone() {
    let (app, crew) = start().await;
    let shift = shift_of(&app, &crew, "2026-12-03").await;
    let path = format!("/shifts/{shift}");
    // Chen is Primary that day and Secondary is open; Ben was before, Ayşe comes next.
    let page = signed_in(&app, &crew.chen).await.get(&path).await;
    assert_eq!(
        heading(&page),
        "Thu 3 Dec 2026 09:00 to Fri 4 Dec 2026 09:00"
    );
    assert_eq!(
        page.all("#main tbody tr"),
        [
            "Primary Chen Wei Ben Okafor Ayşe Demir",
            "Secondary open Chen Wei Ben Okafor"
        ]
    );
    assert!(
        page.all("#cant")
            .join(" ")
            .contains("the best replacement is asked")
    );
    let colleague = signed_in(&app, &crew.ayse).await.get(&path).await;
    assert_eq!(colleague.status, 200);
    assert!(colleague.all("#cant").is_empty());
    let stranger = signed_in(&app, &crew.stranger).await;
    for path in [
        &path,
        "/teams/payments",
        "/teams/payments/reports",
        "/shifts/999999",
        "/shifts/x",
    ] {
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
    fixtures::make_admin(&app.db, &crew.stranger).await;
    assert_eq!(stranger.get(&path).await.status, 200);
    // What is only drafted is nobody's business yet.
    let january: Month = "2027-01".parse().unwrap();
    let draft = fixtures::schedule(&app.db, &crew.rotation, january, "draft").await;
    let day = fixtures::day_shift(&crew.rotation, january.first());
    let drafted = fixtures::shift(&app.db, &crew.rotation, day).await;
    fixtures::assign(&app.db, &crew.rotation, draft, drafted, 0, Some(&crew.ayse)).await;
    let ayse = signed_in(&app, &crew.ayse).await;
    assert_eq!(ayse.get(&format!("/shifts/{drafted}")).await.status, 404);
}

#[tokio::test]
async fn in_two_teams_at_once_both_stand_there() {
    let (app, crew) = start().await;
    let zone = Tz::Europe__Istanbul;
    let other = fixtures::team(&app.db, "ledger", "Ledger", zone).await;
    fixtures::join(&app.db, &other, &crew.chen, false, true).await;
    let rotation = fixtures::rotation(
        &app.db,
        &other,
        "Days",
        &[("Primary", false)],
        &[&crew.chen],
    )
    .await;
    let november: Month = "2026-11".parse().unwrap();
    let schedule = fixtures::schedule(&app.db, &rotation, november, "published").await;
    let now = at(crate::support::NOW);
    let interval = Interval::new(now - TimeDelta::hours(1), now + TimeDelta::hours(3)).unwrap();
    let shift = fixtures::shift(&app.db, &rotation, interval).await;
    fixtures::assign(&app.db, &rotation, schedule, shift, 0, Some(&crew.chen)).await;
    let page = signed_in(&app, &crew.chen).await.get("/").await;
    assert_eq!(
        heading(&page),
        "You are on call as Primary for Ledger until today 15:00"
    );
    let next = page.all(".shifts").join(" ");
    assert!(next.contains("Payments"), "{next}");
    assert!(page.text().contains("Nobody to escalate to is named."));
}

#[tokio::test]
async fn names_are_shown_as_text_however_long() {
    let app = TestApp::start().await;
    let zone = Tz::Europe__Berlin;
    let markup = "<img src=x onerror=alert(1)> & \"Zoë\" {{ x }}";
    let long = "Wolfeschlegelsteinhausenbergerdorff".repeat(3);
    let team = fixtures::team(&app.db, "odd", "<b>Odd</b>", zone).await;
    let one = fixtures::person(&app.db, "one", markup, zone).await;
    let two = fixtures::person(&app.db, "two", &long, zone).await;
    for person in [&one, &two] {
        fixtures::join(&app.db, &team, person, true, true).await;
        fixtures::phone(&app.db, person, "+49 30 1").await;
    }
    let roles = [("<i>First</i>", false), ("Second", true)];
    let rotation = fixtures::rotation(&app.db, &team, "<u>R</u>", &roles, &[&one, &two]).await;
    fixtures::publish(&app.db, &rotation, "2026-11".parse().unwrap(), |_, role| {
        Some([&one, &two][role])
    })
    .await;
    let visitor = signed_in(&app, &one).await;
    let shift: i64 = sqlx::query_scalar("select min(id) from shifts")
        .fetch_one(&app.db)
        .await
        .unwrap();
    for path in [
        "/",
        "/teams/odd",
        &format!("/shifts/{shift}"),
        "/calendar",
        "/teams/odd/reports",
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        for tag in ["<img src=x", "<b>Odd", "<i>First", "<u>R"] {
            assert!(!page.body.contains(tag), "{path}: {tag}");
        }
        assert!(page.text().contains(markup), "{path}");
    }
    // Nobody escalates to a shadow.
    let home = visitor.get("/").await;
    assert_eq!(
        home.all(".answer .escalation li > div"),
        [format!("{long} Manager")]
    );
}

#[tokio::test]
async fn days_with_23_and_25_hours_have_one_shift_each() {
    let app = TestApp::start().await;
    let zone = Tz::Europe__Berlin;
    let team = fixtures::team(&app.db, "berlin", "Berlin", zone).await;
    let one = fixtures::person(&app.db, "one", "One", zone).await;
    fixtures::join(&app.db, &team, &one, false, true).await;
    let rotation = fixtures::rotation(&app.db, &team, "R", &[("Primary", false)], &[&one]).await;
    fixtures::publish(&app.db, &rotation, "2026-10".parse().unwrap(), |_, _| {
        Some(&one)
    })
    .await;
    // Clocks go back on 25 October at 03:00; the shift from the 24th to the 25th has 25 hours.
    app.clock.set(at("2026-10-24T08:00:00Z"));
    let visitor = signed_in(&app, &one).await;
    let page = visitor.get("/").await;
    assert_eq!(
        heading(&page),
        "You are on call as Primary for Berlin until tomorrow 09:00"
    );
    let page = visitor.get("/teams/berlin").await;
    let cells = page.all(".month tbody td");
    assert_eq!(cells.len(), 31);
    assert!(cells.iter().all(|cell| cell == "09:00 One"), "{cells:?}");
    let shift: i64 =
        sqlx::query_scalar("select id from shifts where ends_at - starts_at = '25 hours'")
            .fetch_one(&app.db)
            .await
            .unwrap();
    let page = visitor.get(&format!("/shifts/{shift}")).await;
    assert!(page.text().contains("25 h"));
}

#[tokio::test]
async fn who_cant_serve_is_told_until_somebody_is_asked() {
    let (app, crew) = start().await;
    let (ayse, carla) = (
        signed_in(&app, &crew.ayse).await,
        signed_in(&app, &crew.carla).await,
    );
    assert!(ayse.get("/").await.all("#clashes").is_empty());
    // Primary from Friday 4 December on, and Secondary the day before.
    let fields = [
        ("month", "2026-12"),
        ("day", "2026-12-04"),
        ("part_from", "12:00"),
        ("part_to", "23:00"),
        ("level", "leave"),
        ("note", "Surgery"),
    ];
    ayse.submit("/availability/days", &fields).await;
    let shift = shift_of(&app, &crew, "2026-12-04").await;
    let role = crew.rotation.roles[0];
    let interval = fixtures::day_shift(&crew.rotation, "2026-12-04".parse().unwrap());
    let cant = format!(
        "/covers/new?shift={shift}&role={role}&person={}&at={}",
        crew.ayse.id,
        interval.start.timestamp()
    );
    let page = ayse.get("/").await;
    assert_eq!(page.all("#clashes"), ["You are on call when you can't"]);
    let css = "section[aria-labelledby=clashes]";
    let said = page.all(css).concat();
    assert!(
        said.contains(
            "Primary for Payments, Fri 4 Dec 09:00 to Sat 5 Dec 2026 09:00 : leave (“Surgery”)"
        ) || said.contains("09:00: leave (“Surgery”)"),
        "{said}"
    );
    let links = page.attributes(&format!("{css} a"), "href");
    assert_eq!(links, [format!("/shifts/{shift}"), cant.clone()]);
    assert_eq!(ayse.get(&cant).await.status, 200);
    let page = ayse.get("/availability?month=2026-12").await;
    let links = page.attributes("#clashes li a", "href");
    assert_eq!(links, [format!("/shifts/{shift}"), cant.clone()]);
    // The shift says so, to her and to her managers, and nobody else learns of the leave.
    let path = format!("/shifts/{shift}");
    let page = ayse.get(&path).await.text();
    assert!(
        page.contains("You are on call when you can't: leave (“Surgery”)"),
        "{page}"
    );
    assert!(carla.get(&path).await.text().contains("can't: leave"));
    let ben = signed_in(&app, &crew.ben).await.get(&path).await.text();
    assert!(!ben.contains("can't: leave"), "{ben}");
    let home = carla.get("/").await;
    let said = home.all(".teams .problem").concat();
    assert!(
        said.contains("On call when they can't") && said.contains("Ayşe Demir"),
        "{said}"
    );
    let links = home.attributes(".teams .problem a", "href");
    assert_eq!(links, [path.clone(), cant.clone()]);
    assert_eq!(carla.get(&cant).await.status, 200);
    // Somebody is being asked: that is all there is to say.
    let at = interval.start.timestamp().to_string();
    let (shift, role) = (shift.to_string(), role.to_string());
    let fields = [
        ("shift", shift.as_str()),
        ("role", &role),
        ("at", &at),
        ("kind", "cover"),
    ];
    assert_eq!(ayse.post_form("/covers", &fields).await.status, 303);
    let page = ayse.get("/").await;
    assert!(page.all("#clashes").is_empty(), "{}", page.text());
    assert_eq!(page.all("#requested").len(), 1);
    assert!(carla.get("/").await.all(".teams .problem").is_empty());
}

#[tokio::test]
async fn what_a_list_of_clashes_leaves_out_is_counted() {
    let (app, crew) = start().await;
    let ayse = signed_in(&app, &crew.ayse).await;
    let fields = [
        ("month", "2026-12"),
        ("range_from", "2026-12-01"),
        ("range_to", "2026-12-31"),
        ("range_level", "unavailable"),
    ];
    ayse.submit("/availability/range", &fields).await;
    let home = signed_in(&app, &crew.carla).await.get("/").await;
    assert_eq!(home.all(".teams .problem li").len(), 5);
    let said = home.all(".teams .problem").concat();
    let all: usize = ayse
        .get("/")
        .await
        .all("section[aria-labelledby=clashes] li")
        .len();
    assert!(all > 15, "{all}");
    assert!(
        said.contains(&format!("and {} more: see Answers .", all - 5)),
        "{said}"
    );
    let links = home.attributes(".teams .problem > p a", "href");
    let (month, _) = links[0].split_at("/teams/payments/availability?month=2026-1".len());
    assert_eq!(month, "/teams/payments/availability?month=2026-1");
}

#[tokio::test]
async fn six_months_are_the_same_at_home_and_in_reports() {
    let (app, crew) = start().await;
    for person in [&crew.ayse, &crew.ben] {
        let visitor = signed_in(&app, person).await;
        let home = visitor.get("/").await;
        let mine = home.all(".balance .num");
        let report = visitor.get("/teams/payments/reports").await;
        let rows = report.all("section[aria-labelledby=people] tbody tr");
        let row = rows.iter().find(|r| r.starts_with(&person.name)).unwrap();
        assert!(
            row.contains(&format!(" {} ", mine[0])) || row.ends_with(&mine[0]),
            "{row}: {mine:?}"
        );
        let mean = report.all("section[aria-labelledby=people] tfoot tr:first-child td");
        assert_eq!(mean[2], mine[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_from_the_team_is_led_nowhere_they_cannot_go() {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    let visitor = app.visitor();
    visitor.sign_in(&crew.ayse.email, fixtures::PASSWORD).await;
    let shown = |page: &crate::support::visitor::Page| {
        let links = page.attributes("main a", "href");
        let ours = |l: &&String| l.starts_with("/shifts/") || l.starts_with("/covers/");
        links.iter().filter(ours).count()
    };
    assert!(shown(&visitor.get("/").await) > 1);
    // She can't serve some of it, too.
    sqlx::query(
        "insert into availability_entries (person_id, starts_at, ends_at, level, entered_by, entered_at)
        values ($1, '2026-11-16Z', '2026-12-30Z', 'unavailable', $1, '2026-11-15Z')",
    )
    .bind(crew.ayse.id)
    .execute(&app.db)
    .await
    .unwrap();
    for table in ["leg_members", "team_members"] {
        let sql = format!("delete from {table} where person_id = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(crew.ayse.id)
            .execute(&app.db)
            .await
            .unwrap();
    }
    let page = visitor.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(shown(&page), 0, "{}", page.text());
    assert!(
        page.text().contains("You are no longer in Payments"),
        "{}",
        page.text()
    );
}
