//! Rotations: kept in versions, changed from a date on, previewed across changes of clocks, and
//! their past imported.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use fairshift::rotations::{self, Cadence, Preset, Rotation};
use fairshift::vocab::{Interval, Month, PersonId, RotationId};
use sqlx::PgConnection;
use thirtyfour::prelude::*;

use crate::fixtures::{self, PASSWORD, Payments};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::visitor::{Page, Visitor};

const TEAM: &str = "/teams/payments/rotations";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn load(conn: &mut PgConnection, id: RotationId) -> Rotation {
    rotations::load(conn, id).await.unwrap().unwrap()
}

async fn crew() -> (TestApp, Payments, Visitor) {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    let carla = app.visitor();
    carla.sign_in(&crew.carla.email, PASSWORD).await;
    (app, crew, carla)
}

/// The fields that a form on a page would send, as the browser fills them in.
fn fields(page: &Page, action: &str) -> Vec<(String, String)> {
    let html = scraper::Html::parse_document(&page.body);
    let select = |css: &str| scraper::Selector::parse(css).unwrap();
    let form = select(&format!("form[action='{action}']"));
    let form = html.select(&form).next().expect("the form");
    let mut fields = Vec::new();
    for e in form.select(&select("input, select, textarea")) {
        let Some(name) = e.attr("name") else { continue };
        let value = match (e.value().name(), e.attr("type")) {
            ("select", _) => {
                let chosen = select("option[selected]");
                let first = select("option");
                let option = e.select(&chosen).next().or(e.select(&first).next());
                option.unwrap().attr("value").unwrap().to_owned()
            }
            ("textarea", _) => e.text().collect(),
            (_, Some("checkbox" | "radio")) if e.attr("checked").is_none() => continue,
            _ => e.attr("value").unwrap_or_default().to_owned(),
        };
        fields.push((name.to_owned(), value));
    }
    fields
}

/// The same fields with some changed; `None` leaves a field out.
fn changed<'a>(
    fields: &'a [(String, String)],
    changes: &[(&'a str, Option<&'a str>)],
) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(n, _)| *n == name);
    let kept = fields.iter().filter(|(n, _)| !is_changed(n));
    let kept = kept.map(|(n, v)| (n.as_str(), v.as_str()));
    let new = changes.iter().filter_map(|(n, v)| Some((*n, (*v)?)));
    kept.chain(new).collect()
}

pub struct Form {
    address: String,
    fields: Vec<(String, String)>,
}

/// What the edit page of a rotation would send.
pub async fn edit(visitor: &Visitor, id: RotationId) -> Form {
    let address = format!("{TEAM}/{id}");
    let page = visitor.get(&format!("{address}/edit")).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let fields = fields(&page, &address);
    Form { address, fields }
}

impl Form {
    pub async fn send(&self, visitor: &Visitor, changes: &[(&str, Option<&str>)]) -> Page {
        let fields = changed(&self.fields, changes);
        visitor.post_form(&self.address, &fields).await
    }

    async fn preview(&self, visitor: &Visitor, changes: &[(&str, Option<&str>)]) -> Page {
        let fields = changed(&self.fields, changes);
        visitor
            .post_form(&format!("{}/preview", self.address), &fields)
            .await
    }
}

#[tokio::test]
async fn what_is_kept_is_what_was_given() {
    let (app, crew, _) = crew().await;
    let mut conn = app.db.acquire().await.unwrap();
    let (ayse, ben) = (crew.ayse.id, crew.ben.id);
    for preset in Preset::ALL {
        let mut given = preset.definition(Tz::Europe__London, day("2026-12-01"));
        given.rules.forbidden_pairs = vec![(ayse, ben)];
        given.rules.max_shifts_in_window = None;
        given.legs[0].holidays.country = Some("TR".parse().unwrap());
        let eve = (day("2026-12-24"), "Christmas Eve".to_owned());
        given.legs[0].holidays.extra.extend([eve]);
        let name = preset.label().parse().unwrap();
        let team = crew.team.id;
        // A stranger to the team belongs to nothing.
        let members = [ayse, ben, crew.stranger.id];
        let now = app.clock.now();
        let made = rotations::create(&mut conn, team, &name, &given, &members, None, now).await;
        let id = made.unwrap().expect("a new name");
        let again = rotations::create(&mut conn, team, &name, &given, &members, None, now).await;
        assert_eq!(again.unwrap(), None, "the name is taken");
        let kept = load(&mut conn, id).await;
        assert_eq!((kept.id, kept.team, kept.revision), (id, team, 1));
        // Ids are the tables'; all else is as given.
        let mut definition = kept.versions[0].clone();
        for (leg, before) in definition.legs.iter_mut().zip(&given.legs) {
            assert_eq!(kept.members[&leg.id], [ayse, ben]);
            leg.id = before.id;
        }
        for (role, before) in definition.roles.iter_mut().zip(&given.roles) {
            role.id = before.id;
        }
        assert_eq!(definition, given, "{preset:?}");
    }
    let names = rotations::list(&mut conn, crew.team.id).await.unwrap();
    assert_eq!(names.len(), 7);
    assert_eq!(names[0], (crew.rotation.id, "Main".to_owned()));
    let none = rotations::load(&mut conn, RotationId(99_999)).await;
    assert_eq!(none.unwrap(), None);
}

#[tokio::test]
async fn roles_and_legs_stay_themselves_under_other_names() {
    let (app, crew, _) = crew().await;
    let mut conn = app.db.acquire().await.unwrap();
    let id = crew.rotation.id;
    let before = load(&mut conn, id).await;
    let mut next = before.versions[0].clone();
    next.effective_from = day("2027-01-01");
    // Swap the names of both, drop none.
    let first = next.roles[0].name.clone();
    next.roles[0].name = next.roles[1].name.clone();
    next.roles[1].name = first;
    next.legs[0].name = "Istanbul".parse().unwrap();
    let now = app.clock.now();
    let kept = rotations::add_version(&mut conn, id, &next, None, now).await;
    assert_eq!(kept.unwrap(), next, "no id has changed");
    let after = load(&mut conn, id).await;
    assert_eq!(after.versions.len(), 2);
    assert_eq!(
        after.on(day("2026-12-31")).unwrap().effective_from,
        day("2024-01-01")
    );
    assert_eq!(after.on(day("2027-01-01")), Some(&next));
    assert_eq!(
        after.on(day("2001-01-01")).unwrap().effective_from,
        day("2024-01-01")
    );
    // The same date again replaces.
    next.legs[0].cadence = Cadence::DAY_AND_NIGHT;
    rotations::add_version(&mut conn, id, &next, None, now)
        .await
        .unwrap();
    let after = load(&mut conn, id).await;
    assert_eq!(after.versions.len(), 2);
    assert_eq!(after.versions[1].legs[0].cadence, Cadence::DAY_AND_NIGHT);
}

#[tokio::test]
async fn engineers_read_what_managers_change() {
    let (app, crew, _) = crew().await;
    let ayse = app.visitor();
    ayse.sign_in(&crew.ayse.email, PASSWORD).await;
    let page = ayse.get(TEAM).await.text();
    assert!(
        page.contains("Primary, Secondary · Europe/Istanbul · 3 people"),
        "{page}"
    );
    let page = ayse.get(&format!("{TEAM}/{}", crew.rotation.id)).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("called second · 50 % burden"));
    for offer in ["Change the rules", "Import past shifts", "Remove"] {
        assert!(!page.text().contains(offer), "only managers see {offer}");
    }
}

#[tokio::test]
async fn a_rotation_is_made_from_each_preset() {
    let (app, crew, carla) = crew().await;
    let empty = app.visitor();
    empty.sign_in(&crew.stranger.email, PASSWORD).await;
    let page = empty.get("/teams/search/rotations").await.text();
    assert!(page.contains("Search has no rotation yet"), "{page}");
    for preset in Preset::ALL {
        let fields = [
            ("name", preset.label()),
            ("preset", preset.key()),
            ("zone", "America/New_York"),
            ("effective_from", "2026-12-01"),
        ];
        let page = carla.submit(TEAM, &fields).await;
        assert!(page.text().contains("is made"), "{}", page.text());
        let again = carla.post_form(TEAM, &fields).await;
        assert_eq!(again.status, 422);
        assert!(again.text().contains("has a rotation called"));
    }
    let mut conn = app.db.acquire().await.unwrap();
    let made = rotations::list(&mut conn, crew.team.id).await.unwrap();
    let sun = made.iter().find(|(_, n)| n.starts_with("Follow")).unwrap();
    let sun = load(&mut conn, sun.0).await;
    assert_eq!(sun.versions[0].legs.len(), 3);
    let engineers = [crew.ayse.id, crew.ben.id, crew.chen.id];
    assert!(
        sun.versions[0]
            .legs
            .iter()
            .all(|l| sun.members_of(l.id) == engineers)
    );
    let page = carla.get(&format!("{TEAM}/{}", sun.id)).await;
    assert!(page.text().contains("full coverage"), "{}", page.text());
    let audit = carla.get("/teams/payments/audit").await;
    assert!(audit.text().contains("created rotation"));
    // Lists show 100 of them, so that is what there may be.
    let many = "insert into rotations (team_id, name, position)
        select id, 'Many ' || n, 9 + n from teams, generate_series(1, 100 - (select count(*) from rotations)) n where slug = 'payments'";
    sqlx::raw_sql(many).execute(&app.db).await.unwrap();
    let fields = [
        ("name", "One more"),
        ("preset", "daily"),
        ("zone", "UTC"),
        ("effective_from", "2026-12-01"),
    ];
    let refused = carla.post_form(TEAM, &fields).await;
    assert_eq!(refused.status, 422);
    let said = refused.all("#name-error").concat();
    assert!(said.contains("or 100 of them"), "{said}");
}

#[tokio::test]
async fn bad_input_when_making_one_is_answered_at_the_field() {
    let (app, crew, carla) = crew().await;
    let good = [
        ("name", "Second"),
        ("preset", "daily"),
        ("zone", "Europe/Istanbul"),
        ("effective_from", "2026-12-01"),
    ];
    let long = "x".repeat(10_000);
    for (field, typed, said) in [
        ("name", "", "can't be empty"),
        ("name", long.as_str(), "too long"),
        ("name", "a\u{202E}b", "can't be shown"),
        ("name", "a\u{7}b", "can't be shown"),
        ("preset", "hourly", "Choose a kind"),
        ("zone", "Europe/Atlantis", "is not a time zone we know"),
        ("effective_from", "0001-01-01", "from 2000 to 2199"),
        ("effective_from", "9999-12-31", "from 2000 to 2199"),
        ("effective_from", "tomorrow", "from 2000 to 2199"),
    ] {
        let fields: Vec<(&str, &str)> = good
            .iter()
            .map(|(n, v)| (*n, if *n == field { typed } else { *v }))
            .collect();
        let page = carla.post_form(TEAM, &fields).await;
        assert_eq!(page.status, 422, "{field} {said}");
        let error = page.all(&format!("#{field}-error")).join("");
        assert!(error.contains(said), "{field}: {error}");
        if field != "preset" && !typed.contains('\u{7}') {
            let kept = page.attributes(&format!("#{field}"), "value").join("");
            assert_eq!(kept, typed);
        }
    }
    let markup = changed_name(&good, "<script>alert(1)</script>");
    let page = carla.submit(TEAM, &markup).await;
    assert!(!page.body.contains("<script>alert"));
    let mut conn = app.db.acquire().await.unwrap();
    let made = rotations::list(&mut conn, crew.team.id).await.unwrap();
    assert_eq!(made.len(), 2);
}

fn changed_name<'a>(fields: &[(&'a str, &'a str)], name: &'a str) -> Vec<(&'a str, &'a str)> {
    let value = |(n, v): &(&'a str, &'a str)| (*n, if *n == "name" { name } else { *v });
    fields.iter().map(value).collect()
}

#[tokio::test]
async fn a_change_takes_effect_from_a_date_and_leaves_the_past() {
    let (app, crew, carla) = crew().await;
    let id = crew.rotation.id;
    let form = edit(&carla, id).await;
    let before = on_call(&app, id).await;
    let changes = [
        ("effective_from", Some("2026-12-07")),
        ("roles.2.name", Some("Shadow")),
        ("roles.2.shadow", Some("yes")),
        ("legs.0.shift_minutes", Some("12")),
        ("burden.weekday", Some("0.25")),
        ("rules.max_shifts_in_window", Some("")),
        ("pairs.0.one", Some("")),
        ("legs.0.holidays", Some("2026-12-24, Christmas Eve\n")),
    ];
    let answer = form.send(&carla, &changes).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = carla.get(&format!("{TEAM}/{id}")).await;
    assert!(
        page.text()
            .contains("The first shift by these rules starts Mon 7 Dec 2026, 09:00"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("From 7 December 2026"));
    let mut conn = app.db.acquire().await.unwrap();
    let kept = load(&mut conn, id).await;
    assert_eq!((kept.revision, kept.versions.len()), (2, 2));
    let [old, new] = &kept.versions[..] else {
        panic!()
    };
    assert_eq!(old.effective_from, day("2024-01-01"));
    assert_eq!(old.roles.len(), 2);
    assert_eq!(new.roles.len(), 3);
    assert!(new.roles[2].shadow);
    assert_eq!(
        (new.roles[0].id, new.legs[0].id),
        (old.roles[0].id, old.legs[0].id)
    );
    assert_eq!(new.burden.weekday, 25);
    assert_eq!(new.rules.max_shifts_in_window, None);
    // Six days of one shift, then 25 of two.
    let month: Month = "2026-12".parse().unwrap();
    assert_eq!(
        rotations::shifts_of_month(&kept.versions, month).len(),
        6 + 25 * 2
    );
    assert_eq!(on_call(&app, id).await, before, "what is published stays");

    // A second change replaces the one that has not taken effect.
    let form = edit(&carla, id).await;
    let day_of = form.fields.iter().find(|(n, _)| n == "effective_from");
    assert_eq!(day_of.unwrap().1, "2026-12-07");
    let answer = form
        .send(
            &carla,
            &[
                ("effective_from", Some("2027-01-01")),
                ("roles.2.name", Some("")),
            ],
        )
        .await;
    assert_eq!(answer.status, 303);
    let kept = load(&mut conn, id).await;
    assert_eq!(kept.versions.len(), 2);
    assert_eq!(kept.versions[1].effective_from, day("2027-01-01"));
    assert_eq!(
        kept.versions[1].roles.len(),
        2,
        "an emptied name takes the role away"
    );

    // The planned change can be dropped, the rules in force can't.
    let drop = |day: &str| format!("{TEAM}/{id}/versions/{day}/removal");
    assert_eq!(carla.post_form(&drop("2024-01-01"), &[]).await.status, 409);
    assert_eq!(carla.post_form(&drop("2025-01-01"), &[]).await.status, 404);
    assert_eq!(carla.post_form(&drop("2027-01-01"), &[]).await.status, 303);
    assert_eq!(load(&mut conn, id).await.versions.len(), 1);
    let audit = carla.get("/teams/payments/audit").await.text();
    assert!(audit.contains("changed rotation") && audit.contains("dropped rotation change"));
}

async fn on_call(app: &TestApp, id: RotationId) -> Vec<(i64, i64, DateTime<Utc>)> {
    sqlx::query_as("select shift_id, points, starts_at from on_call where rotation_id = $1 order by assignment_id")
        .bind(id)
        .fetch_all(&app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn bad_rules_are_answered_at_their_fields_and_change_nothing() {
    let (app, crew, carla) = crew().await;
    let id = crew.rotation.id;
    let form = edit(&carla, id).await;
    let ayse = crew.ayse.id.to_string();
    let long = "x".repeat(10_000);
    for (field, typed, said) in [
        ("name", long.as_str(), "too long"),
        ("effective_from", "2026-11-15", "can't change the past"),
        ("effective_from", "9999-01-01", "from 2000 to 2199"),
        ("roles.0.name", "a\u{2066}b", "can't be shown"),
        ("roles.1.name", "primary", "Two roles are called"),
        ("roles.1.order", "1", "already has place 1"),
        ("roles.1.order", "-1", "from 1 to 99"),
        ("roles.0.burden_percent", "1001", "from 0 to 1000"),
        ("legs.0.zone", "Mars/Olympus", "is not a time zone we know"),
        ("legs.0.handover", "25:00", "a time of day"),
        ("legs.0.shift_minutes", "7", "don't fill 24 h"),
        ("legs.0.shift_minutes", "many", "hours from 0 to 24"),
        ("legs.0.coverage_minutes", "25", "hours from 0 to 24"),
        ("legs.0.cadence", "yearly", "cut into shifts"),
        ("legs.0.country", "XX", "choose a country"),
        (
            "legs.0.holidays",
            "2026-12-24, Eve\n2026-13-01, None",
            "line 2",
        ),
        ("burden.night", "0.125", "two decimals"),
        ("burden.night", "-1", "from 0 to 100"),
        ("burden.night_from", "late", "a time of day"),
        ("rules.min_rest_minutes", "337", "hours from 0 to 336"),
        ("rules.window_days", "0", "from 1 to 366"),
        ("rules.max_shifts_in_window", "0", "from 1 to 1000"),
        (
            "rules.experienced_from_shifts",
            "1",
            "experienced and a newcomer at once",
        ),
        ("rules.experienced_per_shift", "3", "one for each role"),
        ("rules.newcomers", "", "where newcomers may serve"),
        ("rules.look_back_months", "61", "from 1 to 60"),
        ("pairs.0.one", ayse.as_str(), "two people of the team"),
    ] {
        for page in [
            form.send(&carla, &[(field, Some(typed))]).await,
            form.preview(&carla, &[(field, Some(typed))]).await,
        ] {
            assert_eq!(page.status, 422, "{field} {said}: {}", page.text());
            let error = page.all(&format!("[id='{field}-error']")).join("");
            assert!(
                error.contains(said),
                "{field}: {error:?}\n{:?}",
                page.all(".problem li")
            );
            let shown = fields(&page, &form.address);
            let kept = shown.iter().find(|(n, _)| n == field);
            if !["legs.0.cadence", "legs.0.country", "rules.newcomers"].contains(&field) {
                assert_eq!(kept.map(|k| k.1.as_str()), Some(typed), "{field} is kept");
            }
        }
    }
    let large = "x".repeat(300_000);
    assert_eq!(
        form.send(&carla, &[("name", Some(&large))]).await.status,
        413
    );
    let mut conn = app.db.acquire().await.unwrap();
    let kept = load(&mut conn, id).await;
    assert_eq!(
        (kept.revision, kept.versions.len()),
        (1, 1),
        "nothing is changed"
    );
}

#[tokio::test]
async fn rules_that_do_not_fit_together_are_answered_at_their_fields() {
    let (_app, crew, carla) = crew().await;
    let form = edit(&carla, crew.rotation.id).await;
    let ayse = crew.ayse.id.to_string();
    for (changes, field, said) in [
        (
            vec![("legs.0.weekdays", None)],
            "legs.0.weekdays",
            "at least one weekday",
        ),
        (
            vec![("roles.0.name", Some("")), ("roles.1.name", Some(""))],
            "roles",
            "Add a role",
        ),
        (vec![("legs.0.name", Some(""))], "legs", "Add a leg"),
        (
            vec![
                ("legs.1.name", Some("Ankara")),
                ("legs.1.shift_minutes", Some("8")),
            ],
            "legs.1.handover",
            "are both on call",
        ),
        (
            vec![
                ("pairs.0.one", Some(ayse.as_str())),
                ("pairs.0.other", Some(ayse.as_str())),
            ],
            "pairs.0.one",
            "two different people",
        ),
    ] {
        let page = form.send(&carla, &changes).await;
        assert_eq!(page.status, 422, "{field} {said}");
        let error = page.all(&format!("[id='{field}-error']")).join("");
        assert!(
            error.contains(said),
            "{field}: {error:?} {:?}",
            page.all(".problem li")
        );
    }
}

#[tokio::test]
async fn a_role_that_was_dropped_keeps_its_name() {
    let (app, crew, carla) = crew().await;
    let id = crew.rotation.id;
    // Drop Secondary today; then Primary can't be called Secondary, but a new role can: it is her.
    let form = edit(&carla, id).await;
    assert_eq!(
        form.send(&carla, &[("roles.1.name", Some(""))])
            .await
            .status,
        303
    );
    let form = edit(&carla, id).await;
    let page = form
        .send(&carla, &[("roles.0.name", Some("Secondary"))])
        .await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("An earlier one was called Secondary"));
    let answer = form
        .send(&carla, &[("roles.1.name", Some("secondary"))])
        .await;
    assert_eq!(answer.status, 303);
    let mut conn = app.db.acquire().await.unwrap();
    let kept = load(&mut conn, id).await;
    assert_eq!(
        kept.versions.last().unwrap().roles[1].id,
        crew.rotation.roles[1]
    );
}

#[tokio::test]
async fn two_managers_at_once_never_overwrite_each_other_in_silence() {
    let (app, crew, carla) = crew().await;
    let id = crew.rotation.id;
    let mine = edit(&carla, id).await;
    let theirs = edit(&carla, id).await;
    let answer = theirs
        .send(
            &carla,
            &[("name", Some("Core")), ("burden.night", Some("0.99"))],
        )
        .await;
    assert_eq!(answer.status, 303);
    let page = mine.send(&carla, &[("name", Some("Mine"))]).await;
    assert_eq!(page.status, 409);
    let text = page.text();
    assert!(
        text.contains("Somebody changed Core since you opened this page"),
        "{text}"
    );
    assert!(
        text.contains("night 0.99"),
        "what is stored is shown: {text}"
    );
    let shown = fields(&page, &mine.address);
    assert!(
        shown.contains(&("name".into(), "Mine".into())),
        "what was typed is kept"
    );
    let mut conn = app.db.acquire().await.unwrap();
    assert_eq!(load(&mut conn, id).await.name, "Core");
    // A look at the shifts in between does not make the form fresh.
    let previewed = fields(&mine.preview(&carla, &[]).await, &mine.address);
    let stale = Form {
        fields: previewed,
        address: mine.address.clone(),
    };
    assert_eq!(stale.send(&carla, &[]).await.status, 409);
    // Having seen both, saving again is meant.
    let seen = Form {
        fields: shown,
        address: mine.address,
    };
    assert_eq!(seen.send(&carla, &[]).await.status, 303);
    assert_eq!(load(&mut conn, id).await.name, "Mine");
}

#[tokio::test]
async fn the_preview_shows_clock_changes_and_changes_nothing() {
    let (app, crew, carla) = crew().await;
    let id = crew.rotation.id;
    let form = edit(&carla, id).await;
    let page = form
        .preview(
            &carla,
            &[
                ("legs.0.zone", Some("Europe/London")),
                ("effective_from", Some("2026-12-07")),
            ],
        )
        .await;
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    assert!(text.contains("Nothing is saved yet"), "{text}");
    assert!(
        text.contains("23 h clocks go forward") && text.contains("25 h clocks go back"),
        "{text}"
    );
    assert!(
        text.contains("Clocks change, Europe/London forward"),
        "{text}"
    );
    assert!(text.contains("full coverage"));
    assert!(
        text.contains("New rules take over: Mon 7 Dec 2026, 12:00"),
        "in Istanbul: {text}"
    );
    // Working hours leave gaps, and say so.
    let page = form
        .preview(
            &carla,
            &[
                ("legs.0.coverage_minutes", Some("9")),
                ("legs.0.shift_minutes", Some("9")),
                ("legs.0.members", None),
            ],
        )
        .await;
    let text = page.text();
    assert!(
        text.contains("nobody is on call for 210 h of 336 h"),
        "{text}"
    );
    assert!(text.contains("nobody is on call 15 h"), "{text}");
    assert!(text.contains("Nobody belongs to Main"), "{text}");
    let mut conn = app.db.acquire().await.unwrap();
    assert_eq!(load(&mut conn, id).await.revision, 1);
    // A leg without people is allowed and shown.
    assert_eq!(
        form.send(&carla, &[("legs.0.members", None)]).await.status,
        303
    );
    let page = carla.get(&form.address).await.text();
    assert!(page.contains("Nobody belongs to Main"), "{page}");
}

const CSV: &str = "person,role,start,end\nayse@example.com,Primary,2026-03-02 09:00,2026-03-03 09:00\nBen Okafor,secondary,2026-03-02T06:00:00Z,2026-03-03T06:00:00Z\n";

#[tokio::test]
async fn history_is_checked_first_and_imported_in_one_piece() {
    let (app, crew, carla) = crew().await;
    let id = crew.rotation.id;
    let address = format!("{TEAM}/{id}/history");
    let dry = format!("{address}/check");
    let form = |csv| [("zone", "Europe/Istanbul"), ("csv", csv)];
    let page = carla.post_form(&dry, &form(CSV)).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(
        page.text().contains("All 2 lines are good"),
        "{}",
        page.text()
    );
    assert_eq!(past(&app, id).await, []);
    let page = carla.submit(&address, &form(CSV)).await;
    assert!(
        page.text().contains("2 past shifts are imported"),
        "{}",
        page.text()
    );
    // A Monday: 13 h of day at 1 point, 10 of night at 1.5; Secondary weighs half.
    let start = utc("2026-03-02T06:00:00Z");
    assert_eq!(
        past(&app, id).await,
        [
            (crew.ayse.id, start, 2900, 840),
            (crew.ben.id, start, 1450, 840)
        ]
    );
    let audit = carla.get("/teams/payments/audit").await.text();
    assert!(audit.contains("imported past shifts") && audit.contains("2 shifts"));

    // The same again, and what is published here: refused by line.
    let page = carla.post_form(&address, &form(CSV)).await;
    assert_eq!(page.status, 422);
    assert!(
        page.text()
            .contains("Line 2. This person has a shift at that time that was imported")
    );
    let here =
        "person,role,start,end\nayse@example.com,Primary,2026-11-01 10:00,2026-11-01 11:00\n";
    let page = carla.post_form(&address, &form(here)).await;
    assert!(
        page.text()
            .contains("Line 2. This person has a shift at that time that was published here"),
        "{}",
        page.text()
    );

    // One bad line stops all, each is named, and what was typed stays.
    let bad = format!(
        "{CSV}nobody@example.com,Primary,2026-04-01 09:00,2026-04-02 09:00\nayse@example.com,Boss,2026-04-01 09:00,2026-04-02 09:00\nayse@example.com,Primary,2026-04-02 09:00,2026-04-01 09:00\nayse@example.com,Primary,0001-04-02 09:00,9999-04-01 09:00\n"
    );
    for path in [&address, &dry] {
        let page = carla.post_form(path, &form(&bad)).await;
        assert_eq!(page.status, 422);
        let lines = page.all(".rota-bad strong");
        assert_eq!(
            lines,
            [
                "Line 2.", "Line 3.", "Line 4.", "Line 5.", "Line 6.", "Line 7."
            ]
        );
        assert!(page.body.contains("nobody@example.com,Primary"));
    }
    for (csv, said) in [
        ("", "Paste the lines"),
        ("who,when\na,b\n", "The column person is missing"),
        ("person,role,start,end\n", "no rows"),
        (
            "person,role,start,end\n<b>x</b>,Primary,2026-04-01 09:00,2026-04-02 09:00\n",
            "Nobody in the team",
        ),
    ] {
        let page = carla.post_form(&address, &form(csv)).await;
        assert_eq!(page.status, 422);
        assert!(page.text().contains(said), "{said}: {}", page.text());
        assert!(!page.body.contains("<b>x</b>"));
    }
    let page = carla
        .post_form(&address, &[("zone", "Nowhere"), ("csv", CSV)])
        .await;
    assert!(
        page.all("#zone-error")
            .join("")
            .contains("is not a time zone we know")
    );
    assert_eq!(past(&app, id).await.len(), 2);
    // More than an ordinary form may have, and more than even this one.
    let large = format!("{CSV}{}", "x,y\n".repeat(100_000));
    assert_eq!(carla.post_form(&dry, &form(&large)).await.status, 422);
    let larger = "x,y\n".repeat(600_000);
    // The answer may come, and the connection close, before all of it is sent.
    let request = carla.client().post(carla.address(&dry));
    let request = request.header("origin", &app.url).form(&form(&larger));
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 413);
    }
}

async fn past(app: &TestApp, id: RotationId) -> Vec<(PersonId, DateTime<Utc>, i64, i32)> {
    sqlx::query_as("select person_id, starts_at, points, weekday_minutes from past_shifts where rotation_id = $1 order by id")
        .bind(id)
        .fetch_all(&app.db)
        .await
        .unwrap()
}

#[tokio::test]
async fn two_imports_at_once_bring_each_shift_once() {
    let (app, crew, carla) = crew().await;
    let address = format!("{TEAM}/{}/history", crew.rotation.id);
    let form = [("zone", "Europe/Istanbul"), ("csv", CSV)];
    let (one, other) = tokio::join!(
        carla.post_form(&address, &form),
        carla.post_form(&address, &form)
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 303);
    assert!([409, 422].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(past(&app, crew.rotation.id).await.len(), 2);
}

#[tokio::test]
async fn only_what_was_never_used_can_be_removed() {
    let (app, crew, carla) = crew().await;
    let used = format!("{TEAM}/{}", crew.rotation.id);
    let page = carla.post_form(&format!("{used}/removal"), &[]).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("has published or imported shifts"));
    assert!(!carla.get(&used).await.body.contains("/removal"));
    // Drafts are no use yet: they go along.
    let fresh = fixtures::rotation(
        &app.db,
        &crew.team,
        "Fresh",
        &[("Primary", false)],
        &[&crew.ayse],
    )
    .await;
    let month: Month = "2027-01".parse().unwrap();
    let draft = fixtures::schedule(&app.db, &fresh, month, "draft").await;
    let day = fixtures::day_shift(&fresh, day("2027-01-04"));
    let shift = fixtures::shift(&app.db, &fresh, day).await;
    fixtures::assign(&app.db, &fresh, draft, shift, 0, Some(&crew.ayse)).await;
    let page = carla
        .submit(&format!("{TEAM}/{}/removal", fresh.id), &[])
        .await;
    assert!(page.text().contains("Fresh is removed"), "{}", page.text());
    // Imported past is use.
    let past = fixtures::rotation(&app.db, &crew.team, "Past", &[("Primary", false)], &[]).await;
    let served = Interval::new(utc("2026-01-01T00:00:00Z"), utc("2026-01-02T00:00:00Z")).unwrap();
    fixtures::past_shift(&app.db, &past, 0, &crew.ayse, served, 100).await;
    let page = carla
        .post_form(&format!("{TEAM}/{}/removal", past.id), &[])
        .await;
    assert_eq!(page.status, 409);
}

#[tokio::test]
async fn a_manager_makes_a_rotation_in_a_browser_with_and_without_scripts() {
    let (app, crew, _) = crew().await;
    let browser = Browser::open().await;
    browser.goto(format!("{}/sign-in", app.url)).await.unwrap();
    let session = fixtures::session(&app.db, &crew.carla, app.clock.now()).await;
    let cookie = Cookie::new("session", session);
    browser.add_cookie(cookie).await.unwrap();
    for (scripts, name) in [(true, "Nights"), (false, "Days")] {
        browser.scripts(scripts).await;
        browser
            .goto(format!("{}{TEAM}/new", app.url))
            .await
            .unwrap();
        fill(&browser, "name", name).await;
        browser.press("input[value='day_and_night']").await;
        browser.follow("form.card button").await;
        browser.shows("h1", &format!("Change {name}")).await;
        // Weekdays matter for hours, the weekend's start doesn't; without scripts all is there.
        let weekend = browser.wait("[id='legs.0.weekend_from']").await;
        assert_eq!(weekend.is_displayed().await.unwrap(), !scripts);
        browser.press("#roles .rota-add summary").await;
        fill(&browser, "roles.2.name", "Shadow").await;
        browser.press("[name='roles.2.shadow']").await;
        browser.follow("button[formaction]").await;
        browser.shows("#preview", "full coverage").await;
        browser.follow(".rota-save button:first-child").await;
        browser.shows("h1", name).await;
        browser.shows(".flash", "is saved").await;
    }
    let mut conn = app.db.acquire().await.unwrap();
    for (id, name) in rotations::list(&mut conn, crew.team.id).await.unwrap() {
        if name != "Main" {
            let made = load(&mut conn, id).await;
            assert_eq!(made.versions.len(), 1, "the same day's rules are replaced");
            assert!(made.versions[0].roles[2].shadow);
        }
    }
    browser.scripts(true).await;
    pictures(&app, &crew, &browser).await;
}

async fn fill(browser: &Browser, name: &str, text: &str) {
    browser.write(&format!("[name='{name}']"), text).await;
}

/// Pictures of each page, to be looked at: wide, narrow, dark.
async fn pictures(app: &TestApp, crew: &Payments, browser: &Browser) {
    let id = crew.rotation.id;
    let carla = app.visitor();
    carla.sign_in(&crew.carla.email, PASSWORD).await;
    let form = edit(&carla, id).await;
    let changes = [
        ("effective_from", Some("2026-12-07")),
        ("legs.0.shift_minutes", Some("12")),
        ("legs.0.zone", Some("Europe/London")),
    ];
    assert_eq!(form.send(&carla, &changes).await.status, 303);
    for (look, width, dark) in [
        ("wide", 1280, false),
        ("phone", 390, false),
        ("dark", 1280, true),
        ("tiny", 320, false),
    ] {
        browser.resize(width, 900).await;
        browser.prefer_dark(dark).await;
        for (page, path) in [
            ("list", ""),
            ("new", "/new"),
            ("show", "/ID"),
            ("edit", "/ID/edit"),
            ("history", "/ID/history"),
        ] {
            let path = path.replace("ID", &id.to_string());
            browser
                .goto(format!("{}{TEAM}{path}", app.url))
                .await
                .unwrap();
            let wider = browser.execute("return document.documentElement.scrollWidth > document.documentElement.clientWidth", vec![]).await.unwrap();
            assert!(
                !wider.convert::<bool>().unwrap(),
                "{page} scrolls sideways at {width}"
            );
            browser.picture(&format!("rotations-{page}-{look}")).await;
        }
        if look == "tiny" {
            continue;
        }
        browser
            .goto(format!("{}{TEAM}/{id}/edit", app.url))
            .await
            .unwrap();
        fill(browser, "roles.1.order", "1").await;
        fill(browser, "legs.0.zone", "Mars/Olympus").await;
        browser.follow("button[formaction]").await;
        browser.wait(".problem").await;
        browser.picture(&format!("rotations-wrong-{look}")).await;
        fill(browser, "roles.1.order", "2").await;
        fill(browser, "legs.0.zone", "Europe/London").await;
        browser.follow("button[formaction]").await;
        browser.wait("#preview").await;
        browser.picture(&format!("rotations-preview-{look}")).await;
        browser
            .goto(format!("{}{TEAM}/{id}/history", app.url))
            .await
            .unwrap();
        fill(browser, "csv", "person,role,start,end\nayse@example.com,Primary,2026-03-02 09:00,2026-03-03 09:00\nayse@example.com,Boss,2026-03-04 09:00,2026-03-03 09:00").await;
        browser.follow("button[formaction]").await;
        browser.wait(".rota-bad").await;
        browser.picture(&format!("rotations-import-{look}")).await;
    }
}
