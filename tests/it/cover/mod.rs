//! "I can't make it", from the request to who serves.

mod answers;
mod eligible;
mod ends;
mod journey;
mod killed;
mod kinds;
mod live;
mod looks;
mod machine;
mod manager;
mod nonsense;
mod open;
mod parts;
mod plain;
mod private;
mod races;
mod restored;
mod team_page;
pub mod told;
mod versions;
mod ways;
mod whole;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use fairshift::jobs::{self, Handlers};
use fairshift::vocab::Month;
use sqlx::PgPool;

use crate::fixtures::{self, Person, Rotation, Team};
use crate::support::TestApp;
use crate::support::visitor::{Page, Visitor};

/// Eight engineers who serve every fourth day, by turns as Primary and Secondary, four who have no
/// shifts yet, and their manager.
/// November and December 2026 are published. Everybody counts as experienced.
pub struct Crew {
    pub app: TestApp,
    pub team: Team,
    pub rotation: Rotation,
    pub carla: Person,
    /// On day n of a month (from 0) Primary is number n % 8 and Secondary number (n + 4) % 8; the last
    /// four have none.
    pub engineers: Vec<Person>,
}

const NAMES: [(&str, &str); 12] = [
    ("ayse", "Ayşe Demir"),
    ("ben", "Ben Okafor"),
    ("chen", "Chen Wei"),
    ("dana", "Dana Levi"),
    ("emil", "Emil Novak"),
    ("fay", "Fay Adeyemi"),
    ("gus", "Gus Larsen"),
    ("hana", "Hana Mori"),
    ("ines", "Ines Costa"),
    ("jon", "Jon Bell"),
    ("kim", "Kim Park"),
    ("lea", "Lea Roth"),
];

impl Crew {
    pub async fn new() -> Self {
        let app = TestApp::start().await;
        Self::on(app, &["2026-11", "2026-12"]).await
    }

    async fn on(app: TestApp, months: &[&str]) -> Self {
        let seed = Seed::plant(&app.db, months).await;
        Self {
            app,
            team: seed.team,
            rotation: seed.rotation,
            carla: seed.carla,
            engineers: seed.engineers,
        }
    }

    pub async fn visitor(&self, name: &str) -> Visitor {
        let visitor = self.app.visitor();
        visitor
            .sign_in(&format!("{name}@example.com"), fixtures::PASSWORD)
            .await;
        visitor
    }

    /// The same by a person's name.
    pub async fn visitor_of(&self, name: &str) -> Visitor {
        let person = self.engineers.iter().find(|p| p.name == name).unwrap();
        self.visitor(person.email.split('@').next().unwrap()).await
    }

    pub fn person(&self, name: &str) -> &Person {
        let address = format!("{name}@example.com");
        let mut all = self.engineers.iter().chain([&self.carla]);
        all.find(|p| p.email == address).unwrap()
    }

    /// The shift that begins on that day.
    pub async fn shift(&self, day: &str) -> i64 {
        let interval = fixtures::day_shift(&self.rotation, day.parse().unwrap());
        sqlx::query_scalar("select id from shifts where starts_at = $1")
            .bind(interval.start)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    /// Says that somebody can't make their shift of a day; the request's id.
    pub async fn request(
        &self,
        visitor: &Visitor,
        day: &str,
        role: usize,
        more: &[(&str, &str)],
    ) -> i64 {
        let page = self.try_request(visitor, day, role, more).await;
        assert_eq!(page.status, 303, "{}", page.text());
        let location = page.location();
        location.rsplit('/').next().unwrap().parse().unwrap()
    }

    pub async fn try_request(
        &self,
        visitor: &Visitor,
        day: &str,
        role: usize,
        more: &[(&str, &str)],
    ) -> Page {
        let shift = self.shift(day).await.to_string();
        let role = self.rotation.roles[role].to_string();
        let mut fields = vec![("shift", shift.as_str()), ("role", role.as_str())];
        if !more.iter().any(|(name, _)| *name == "kind") {
            fields.push(("kind", "cover"));
        }
        fields.extend(more);
        visitor.post_form("/covers", &fields).await
    }

    /// Who serves the roles of a day's shift, in time: names and times.
    pub async fn serving(&self, day: &str, role: usize) -> Vec<(String, String)> {
        let rows: Vec<(String, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
            "select p.name, a.starts_at, a.ends_at from on_call a join people p on p.id = a.person_id
            where a.shift_id = $1 and a.role_id = $2 order by a.starts_at",
        )
        .bind(self.shift(day).await)
        .bind(self.rotation.roles[role])
        .fetch_all(&self.app.db)
        .await
        .unwrap();
        let time = |t: DateTime<Utc>| t.format("%d %H:%M").to_string();
        rows.into_iter()
            .map(|(name, start, end)| (name, format!("{} to {}", time(start), time(end))))
            .collect()
    }

    /// The one who serves all of a role.
    pub async fn holder(&self, day: &str, role: usize) -> String {
        let serving = self.serving(day, role).await;
        assert_eq!(serving.len(), 1, "{serving:?}");
        serving[0].0.clone()
    }

    /// The links that were sent and not withdrawn: the person's name and the path, in order.
    pub async fn links(&self) -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, j.payload -> 'actions' -> 0 ->> 'path' from jobs j
            join people p on p.id = (j.payload -> 'to' ->> 'person')::bigint
            where j.kind = 'notice' and j.payload ->> 'topic' = 'cover_ask' order by j.id",
        )
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    /// The last link, and whose it is.
    pub async fn link(&self) -> (String, String) {
        self.links().await.pop().expect("somebody was asked")
    }

    /// What people were told: name and subject.
    pub async fn told(&self) -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, j.payload ->> 'title' from jobs j
            join people p on p.id = (j.payload -> 'to' ->> 'person')::bigint
            where j.kind = 'notice' order by j.id",
        )
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    pub async fn was_told(&self, name: &str, subject: &str) -> bool {
        let told = self.told().await;
        told.iter()
            .any(|(who, title)| who.starts_with(name) && title.contains(subject))
    }

    pub async fn state(&self, request: i64) -> String {
        sqlx::query_scalar("select state from cover_requests where id = $1")
            .bind(request)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    /// Each person's offer: name and state, in the order they were asked.
    pub async fn offers(&self, request: i64) -> Vec<(String, String)> {
        sqlx::query_as(
            "select p.name, f.state from cover_offers f join people p on p.id = f.person_id
            where f.request_id = $1 order by f.asked_at, f.id",
        )
        .bind(request)
        .fetch_all(&self.app.db)
        .await
        .unwrap()
    }

    /// Who is being asked.
    pub async fn asked(&self, request: i64) -> Vec<String> {
        let offers = self.offers(request).await.into_iter();
        offers
            .filter(|(_, state)| state == "asked")
            .map(|(name, _)| name)
            .collect()
    }

    /// Moves the clock and does what is due; mails stay where they are, for nobody delivers them here.
    pub async fn later(&self, by: TimeDelta) {
        self.app.clock.advance(by);
        jobs::run_due(&self.app.state, &deadlines()).await.unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    /// What must hold at any time, whatever happened.
    pub async fn consistent(&self) {
        consistent(&self.app.db).await;
    }
}

/// What must hold at any time in a database, whatever happened.
pub async fn consistent(db: &PgPool) {
    for (what, sql) in [
        (
            "a shift's parts fill it, once",
            "select count(*) from (select a.shift_id, a.role_id, min(a.starts_at) as first, max(a.ends_at) as last,
                sum(extract(epoch from a.ends_at - a.starts_at)) as seconds
            from assignments a where a.schedule_state = 'published' group by 1, 2) a join shifts s on s.id = a.shift_id
            where a.first <> s.starts_at or a.last <> s.ends_at
                or a.seconds <> extract(epoch from s.ends_at - s.starts_at)",
        ),
        (
            "a covered request's taker serves, an open one's requester",
            "select count(*) from cover_requests r where r.state in ('open', 'agreed', 'covered')
                and r.id = (select max(x.id) from cover_requests x where x.shift_id = r.shift_id and x.role_id = r.role_id)
                and not exists (select from on_call a where a.shift_id = r.shift_id and a.role_id = r.role_id
                    and a.person_id = case r.state when 'covered' then r.taker_id else r.person_id end
                    and a.starts_at <= r.starts_at and a.ends_at >= r.ends_at)",
        ),
        (
            "one winner, and nobody is asked for what is settled",
            "select count(*) from cover_requests r where
                (select count(*) from cover_offers f where f.request_id = r.id and f.state = 'agreed')
                    <> (r.state in ('agreed', 'covered'))::int
                or (r.state <> 'open' and exists (select from cover_offers f where f.request_id = r.id and f.state = 'asked'))",
        ),
        (
            "every request that is not settled has a deadline to come",
            "select count(*) from cover_requests r where r.state in ('open', 'agreed') and not exists (
                select from jobs j where j.kind = 'cover.deadline' and j.state = 'waiting'
                    and (j.payload ->> 'request')::bigint = r.id)",
        ),
    ] {
        let wrong: i64 = sqlx::query_scalar(sql).fetch_one(db).await.unwrap();
        assert_eq!(wrong, 0, "{what}");
    }
}

/// The people of a [`Crew`] and their rotation.
pub struct Seed {
    pub team: Team,
    pub rotation: Rotation,
    pub carla: Person,
    pub engineers: Vec<Person>,
}

impl Seed {
    /// Puts them into a database, with these months published.
    pub async fn plant(db: &PgPool, months: &[&str]) -> Self {
        let istanbul = Tz::Europe__Istanbul;
        let team = fixtures::team(db, "payments", "Payments", istanbul).await;
        let carla = fixtures::person(db, "carla", "Carla Díaz", istanbul).await;
        fixtures::join(db, &team, &carla, true, false).await;
        let mut engineers = Vec::new();
        for (address, name) in NAMES {
            let zone = if address == "ben" {
                Tz::Europe__London
            } else {
                istanbul
            };
            let person = fixtures::person(db, address, name, zone).await;
            fixtures::join(db, &team, &person, false, true).await;
            fixtures::phone(db, &person, "+90 212 555 01 01").await;
            engineers.push(person);
        }
        let stranger = fixtures::person(db, "stranger", "Sam Stranger", istanbul).await;
        let search = fixtures::team(db, "search", "Search", istanbul).await;
        fixtures::join(db, &search, &stranger, true, true).await;
        let all: Vec<&Person> = engineers.iter().collect();
        let roles = [("Primary", false), ("Secondary", false)];
        let rotation = fixtures::rotation(db, &team, "Main", &roles, &all).await;
        sqlx::query("update rotation_versions set newcomer_until = 0, experienced_from = 0")
            .execute(db)
            .await
            .unwrap();
        for month in months {
            let month: Month = month.parse().unwrap();
            fixtures::publish(db, &rotation, month, |n, role| {
                Some(&engineers[(n + 4 * role) % 8])
            })
            .await;
        }
        Self {
            team,
            rotation,
            carla,
            engineers,
        }
    }
}

/// Does the jobs of covering alone: what people are told stays in the outbox, to be looked at.
pub fn deadlines() -> Handlers {
    fairshift::cover::handle(Handlers::new())
}

/// What the form of a link says that takes an agreement back.
pub const TAKE_BACK: [(&str, &str); 1] = [("choice", "undo")];

/// The answer of a form.
pub async fn send(visitor: &Visitor, path: &str, choice: &str) -> Page {
    visitor.post_form(path, &[("choice", choice)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_i_cant_to_somebody_else_serves() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    // Day 8 of December, from 0: Ayşe is Primary, Emil Secondary.
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    let shift = crew.shift("2026-12-09").await;
    let page = ayse.get(&format!("/shifts/{shift}")).await;
    assert_eq!(page.all("#cant h2"), ["I can't make it"]);
    let id = crew
        .request(&ayse, "2026-12-09", 0, &[("reason", "My sister marries")])
        .await;
    crew.consistent().await;
    // She is unavailable at once.
    let entries: Vec<(String, String)> =
        sqlx::query_as("select level, note from availability_entries where person_id = $1")
            .bind(crew.person("ayse").id)
            .fetch_all(&crew.app.db)
            .await
            .unwrap();
    assert_eq!(
        entries,
        [("unavailable".into(), "My sister marries".into())]
    );
    // One is asked, and the page says why.
    let asked = crew.asked(id).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text().contains("looking for somebody"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("available, rested"), "{}", page.text());
    // The manager and the asked are told, she is not.
    assert!(
        crew.was_told("Carla", "Ayşe Demir can't make Primary, Wed 9 Dec 09:00")
            .await
    );
    assert!(crew.was_told(&asked[0], "Can you take Primary").await);
    assert!(!crew.was_told("Ayşe", "").await);
    let (name, link) = crew.link().await;
    assert_eq!(name, asked[0]);
    // The page opens without signing in; opening it changes nothing.
    let visitor = crew.app.visitor();
    let before = crew.offers(id).await;
    let page = visitor.get(&link).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("My sister marries"), "{}", page.text());
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["cache-control"], "no-store");
    let head = visitor
        .client()
        .head(visitor.address(&link))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status().as_u16(), 200);
    assert_eq!(crew.offers(id).await, before);
    // A no leads to the next.
    let no = visitor
        .post_form(
            &format!("{link}/answer"),
            &[("choice", "disagree"), ("note", "On a boat")],
        )
        .await;
    assert_eq!(no.status, 303, "{}", no.text());
    let page = visitor.get(&no.location()).await;
    assert!(
        page.text().contains("You said that you can't"),
        "{}",
        page.text()
    );
    let (second, next) = crew.link().await;
    assert_ne!(second, name);
    // A yes ends it, everywhere at once.
    let yes = send(&visitor, &format!("{next}/answer"), "agree").await;
    assert_eq!(yes.status, 303, "{}", yes.text());
    assert_eq!(crew.state(id).await, "covered");
    assert_eq!(crew.holder("2026-12-09", 0).await, second);
    crew.consistent().await;
    assert!(
        crew.was_told("Ayşe", &format!("{second} takes Primary"))
            .await
    );
    assert!(
        crew.was_told("Carla", &format!("{second} takes Primary"))
            .await
    );
    let page = ayse.get(&format!("/covers/{id}")).await;
    let text = page.text();
    for words in [
        "Ayşe Demir asked to be covered",
        &format!("{name} said no"),
        "On a boat",
        &format!("{second} agreed"),
        "covered",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The shift's page shows who serves.
    let page = ayse.get(&format!("/shifts/{shift}")).await;
    assert!(page.all("#cant").is_empty());
    assert!(page.text().contains(&second), "{}", page.text());
}
