//! What tests need before they can begin: teams, people, a rotation, a published month. Written by
//! SQL, straight into the tables, so that a test of one slice doesn't lean on the forms of another.
//!
//! ```ignore
//! let crew = fixtures::payments(&app.db).await;          // a team with two published months
//! visitor.sign_in(&crew.ayse.email, fixtures::PASSWORD).await;
//! ```
//!
//! Or piece by piece: [`team`], [`person`], [`join`], [`phone`], [`rotation`], [`daily`],
//! [`publish`]; and [`shift`], [`schedule`], [`assign`] where a test wants one odd shift.
#![allow(dead_code)] // Fixtures offer more than the tests of one day use.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;
use fairshift::people::{self, Password};
use fairshift::vocab::{
    AssignmentId, Interval, LegId, Month, PersonId, RoleId, RotationId, ScheduleId, ShiftId,
    TeamId, local_instant,
};
use sqlx::PgPool;
use tokio::sync::OnceCell;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// When rows say they were made, in UTC: before the harness's [`crate::support::NOW`].
pub const THEN: &str = "2026-10-01T08:00:00Z";

/// A team.
#[derive(Clone, Debug)]
pub struct Team {
    pub id: TeamId,
    pub slug: String,
    pub name: String,
    pub zone: Tz,
}

/// Somebody who can sign in with [`PASSWORD`].
#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    pub email: String,
}

/// A rotation of one leg: daily shifts that change hands at 09:00 in the team's zone.
#[derive(Clone, Debug)]
pub struct Rotation {
    pub id: RotationId,
    pub leg: LegId,
    /// By escalation order, beginning with 1.
    pub roles: Vec<RoleId>,
    pub zone: Tz,
}

fn then() -> DateTime<Utc> {
    THEN.parse().unwrap()
}

/// A team without anybody in it.
pub async fn team(db: &PgPool, slug: &str, name: &str, zone: Tz) -> Team {
    let id = sqlx::query_scalar(
        "insert into teams (slug, name, time_zone) values ($1, $2, $3) returning id",
    )
    .bind(slug)
    .bind(name)
    .bind(zone.name())
    .fetch_one(db)
    .await
    .unwrap();
    Team {
        id,
        slug: slug.to_owned(),
        name: name.to_owned(),
        zone,
    }
}

/// Somebody who joined on 1 January 2024, is in no team and can't be reached. The address is
/// `NAME@example.com`.
pub async fn person(db: &PgPool, address: &str, name: &str, zone: Tz) -> Person {
    // Hashing is slow on purpose; one hash does for all.
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH
        .get_or_init(async || {
            let password: Password = PASSWORD.parse().unwrap();
            people::hash_password(password).await.unwrap()
        })
        .await;
    let email = format!("{address}@example.com");
    let id = sqlx::query_scalar(
        "insert into people (email, name, password_hash, time_zone, joined_on) values ($1, $2, $3, $4, '2024-01-01') returning id",
    )
    .bind(&email)
    .bind(name)
    .bind(hash)
    .bind(zone.name())
    .fetch_one(db)
    .await
    .unwrap();
    Person {
        id,
        name: name.to_owned(),
        email,
    }
}

/// Makes somebody an administrator of the service.
pub async fn make_admin(db: &PgPool, person: &Person) {
    sqlx::query("update people set is_admin = true where id = $1")
        .bind(person.id)
        .execute(db)
        .await
        .unwrap();
}

/// Puts somebody into a team, as manager or engineer or both.
pub async fn join(db: &PgPool, team: &Team, person: &Person, is_manager: bool, is_engineer: bool) {
    sqlx::query("insert into team_members (team_id, person_id, is_manager, is_engineer) values ($1, $2, $3, $4)")
        .bind(team.id)
        .bind(person.id)
        .bind(is_manager)
        .bind(is_engineer)
        .execute(db)
        .await
        .unwrap();
}

/// Gives somebody an on-call device: a telephone that colleagues see.
pub async fn phone(db: &PgPool, person: &Person, number: &str) {
    sqlx::query("insert into contact_methods (person_id, kind, value, is_on_call_device) values ($1, 'phone', $2, true)")
        .bind(person.id)
        .bind(number)
        .execute(db)
        .await
        .unwrap();
}

/// A rotation of the team from 2024 on. Roles in escalation order, each a name and whether it is a
/// shadow; `crew` are in its only leg.
pub async fn rotation(
    db: &PgPool,
    team: &Team,
    name: &str,
    roles: &[(&str, bool)],
    crew: &[&Person],
) -> Rotation {
    let one = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql);
    let id = one("insert into rotations (team_id, name) values ($1, $2) returning id")
        .bind(team.id)
        .bind(name)
        .fetch_one(db)
        .await
        .unwrap();
    let version = one(
        "insert into rotation_versions (rotation_id, effective_from, created_at, weekday_rate, night_rate, weekend_rate,
            holiday_rate, night_from, night_to, min_rest_minutes, newcomer_until, experienced_from,
            experienced_per_shift, newcomers)
        values ($1, '2024-01-01', $2, 100, 150, 200, 300, '22:00', '08:00', 660, 3, 6, 1, 'never_alone') returning id",
    )
    .bind(id)
    .bind(then())
    .fetch_one(db)
    .await
    .unwrap();
    let mut role_ids = Vec::new();
    for (order, (role, is_shadow)) in (1_i16..).zip(roles) {
        let role = one("insert into roles (rotation_id, name) values ($1, $2) returning id")
            .bind(id)
            .bind(role)
            .fetch_one(db)
            .await
            .unwrap();
        sqlx::query("insert into version_roles (version_id, role_id, escalation_order, burden_percent, is_shadow) values ($1, $2, $3, $4, $5)")
            .bind(version)
            .bind(role)
            .bind(order)
            .bind(burden_percent(order))
            .bind(is_shadow)
            .execute(db)
            .await
            .unwrap();
        role_ids.push(RoleId(role));
    }
    let leg = one("insert into legs (rotation_id, name) values ($1, 'Main') returning id")
        .bind(id)
        .fetch_one(db)
        .await
        .unwrap();
    sqlx::query(
        "insert into version_legs (version_id, leg_id, time_zone, handover, weekdays, cadence, coverage_minutes, shift_minutes)
        values ($1, $2, $3, '09:00', 127, 'hours', 1440, 1440)",
    )
    .bind(version)
    .bind(leg)
    .bind(team.zone.name())
    .execute(db)
    .await
    .unwrap();
    for person in crew {
        sqlx::query("insert into leg_members (leg_id, person_id) values ($1, $2)")
            .bind(leg)
            .bind(person.id)
            .execute(db)
            .await
            .unwrap();
    }
    Rotation {
        id: RotationId(id),
        leg: LegId(leg),
        roles: role_ids,
        zone: team.zone,
    }
}

/// The first role weighs 100 %, all others half.
fn burden_percent(order: i16) -> i16 {
    if order == 1 { 100 } else { 50 }
}

/// From 09:00 of that day to 09:00 of the next, in the rotation's zone: 23 or 25 hours where clocks
/// change.
pub fn day_shift(rotation: &Rotation, day: NaiveDate) -> Interval {
    let nine = |day: NaiveDate| {
        local_instant(
            rotation.zone,
            day.and_time(NaiveTime::from_hms_opt(9, 0, 0).unwrap()),
        )
    };
    Interval::new(nine(day), nine(day.succ_opt().unwrap())).unwrap()
}

/// A shift of the rotation's leg.
pub async fn shift(db: &PgPool, rotation: &Rotation, interval: Interval) -> ShiftId {
    sqlx::query_scalar(
        "insert into shifts (rotation_id, leg_id, starts_at, ends_at, time_zone, changed_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (leg_id, starts_at, ends_at) do update set time_zone = excluded.time_zone returning id",
    )
    .bind(rotation.id)
    .bind(rotation.leg)
    .bind(interval.start)
    .bind(interval.end)
    .bind(rotation.zone.name())
    .bind(then())
    .fetch_one(db)
    .await
    .unwrap()
}

/// A version of a month without assignments: `state` is draft, published or superseded.
pub async fn schedule(db: &PgPool, rotation: &Rotation, month: Month, state: &str) -> ScheduleId {
    sqlx::query_scalar(
        "insert into schedules (rotation_id, month, state, version, created_at, updated_at, published_at)
        values ($1, $2, $3,
            case when $3 <> 'draft' then
                (select coalesce(max(version), 0) + 1 from schedules where rotation_id = $1 and month = $2) end,
            $4, $4, case when $3 <> 'draft' then $4 end) returning id",
    )
    .bind(rotation.id)
    .bind(month.first())
    .bind(state)
    .bind(then())
    .fetch_one(db)
    .await
    .unwrap()
}

/// Fills a slot, or leaves it open. `role` counts from 0. Minutes by kind follow the rates of
/// [`rotation`]: night from 22:00 to 08:00, weekend on Saturday and Sunday.
pub async fn assign(
    db: &PgPool,
    rotation: &Rotation,
    schedule: ScheduleId,
    shift: ShiftId,
    role: usize,
    person: Option<&Person>,
) -> AssignmentId {
    let (start, end): (DateTime<Utc>, DateTime<Utc>) =
        sqlx::query_as("select starts_at, ends_at from shifts where id = $1")
            .bind(shift)
            .fetch_one(db)
            .await
            .unwrap();
    let order = i16::try_from(role).unwrap() + 1;
    let [weekday, night, weekend] = minutes(rotation.zone, Interval::new(start, end).unwrap());
    let hundredths = (weekday * 100 + night * 150 + weekend * 200) / 60;
    sqlx::query_scalar(
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at,
            weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points, escalation_order, is_shadow)
        select s.id, s.state, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11,
            (select is_shadow from version_roles where role_id = $3 limit 1)
        from schedules s where s.id = $1 returning id",
    )
    .bind(schedule)
    .bind(shift)
    .bind(rotation.roles[role])
    .bind(person.map(|p| p.id))
    .bind(start)
    .bind(end)
    .bind(i32::try_from(weekday).unwrap())
    .bind(i32::try_from(night).unwrap())
    .bind(i32::try_from(weekend).unwrap())
    .bind(hundredths * i64::from(burden_percent(order)) / 100)
    .bind(order)
    .fetch_one(db)
    .await
    .unwrap()
}

/// Minutes of weekday, night and weekend, by the clocks of the zone.
fn minutes(zone: Tz, interval: Interval) -> [i64; 3] {
    use chrono::Datelike as _;
    let mut by_kind = [0; 3];
    let mut at = interval.start;
    while at < interval.end {
        let local = at.with_timezone(&zone);
        let kind = match (local.weekday().number_from_monday(), local.hour()) {
            (6 | 7, _) => 2,
            (_, 22.. | 0..8) => 1,
            _ => 0,
        };
        by_kind[kind] += 15;
        at += TimeDelta::minutes(15);
    }
    by_kind
}

/// Publishes a month of daily shifts. `who` says for a day of the month (from 0) and a role (from 0)
/// who serves; none leaves the slot open.
pub async fn publish<'a>(
    db: &PgPool,
    rotation: &Rotation,
    month: Month,
    who: impl Fn(usize, usize) -> Option<&'a Person>,
) -> ScheduleId {
    let id = schedule(db, rotation, month, "published").await;
    for (n, day) in month.days().enumerate() {
        let shift = shift(db, rotation, day_shift(rotation, day)).await;
        for role in 0..rotation.roles.len() {
            assign(db, rotation, id, shift, role, who(n, role)).await;
        }
    }
    id
}

/// A shift served before Fairshift, imported: `points` in hundredths, all of it on weekdays.
pub async fn past_shift(
    db: &PgPool,
    rotation: &Rotation,
    role: usize,
    person: &Person,
    interval: Interval,
    points: i64,
) {
    sqlx::query(
        "insert into past_shifts (rotation_id, role_id, person_id, starts_at, ends_at, weekday_minutes, night_minutes,
            weekend_minutes, holiday_minutes, points, imported_at)
        values ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7, $8)",
    )
    .bind(rotation.id)
    .bind(rotation.roles[role])
    .bind(person.id)
    .bind(interval.start)
    .bind(interval.end)
    .bind(i32::try_from(interval.minutes()).unwrap())
    .bind(points)
    .bind(then())
    .execute(db)
    .await
    .unwrap();
}

/// A team as most tests want it: see [`payments`].
#[derive(Clone, Debug)]
pub struct Payments {
    pub team: Team,
    pub rotation: Rotation,
    /// Manager, takes no shifts. In Istanbul.
    pub carla: Person,
    /// Engineer in Istanbul, serves first.
    pub ayse: Person,
    /// Engineer in London.
    pub ben: Person,
    /// Engineer in Istanbul.
    pub chen: Person,
    /// Nobody's colleague: a manager of another team, "Search".
    pub stranger: Person,
}

/// "Payments" in Istanbul: Primary and Secondary by day, handover at 09:00. November 2026 is
/// published in full and December with an open Secondary on the 3rd. Ayşe, Ben and Chen take turns:
/// on day n of a month (from 0) Primary is number n % 3 and Secondary the one after. Everybody has a
/// telephone but Chen. Their addresses are `carla@example.com` and so on.
pub async fn payments(db: &PgPool) -> Payments {
    let istanbul = Tz::Europe__Istanbul;
    let team = team(db, "payments", "Payments", istanbul).await;
    let carla = person(db, "carla", "Carla Díaz", istanbul).await;
    let ayse = person(db, "ayse", "Ayşe Demir", istanbul).await;
    let ben = person(db, "ben", "Ben Okafor", Tz::Europe__London).await;
    let chen = person(db, "chen", "Chen Wei", istanbul).await;
    let stranger = person(db, "stranger", "Sam Stranger", istanbul).await;
    join(db, &team, &carla, true, false).await;
    for engineer in [&ayse, &ben, &chen] {
        join(db, &team, engineer, false, true).await;
    }
    let search = self::team(db, "search", "Search", istanbul).await;
    join(db, &search, &stranger, true, true).await;
    phone(db, &carla, "+90 212 555 01 01").await;
    phone(db, &ayse, "+90 532 555 02 02").await;
    phone(db, &ben, "+44 20 7946 0303").await;
    let roles = [("Primary", false), ("Secondary", false)];
    let rotation = rotation(db, &team, "Main", &roles, &[&ayse, &ben, &chen]).await;
    let turn = [&ayse, &ben, &chen];
    let november: Month = "2026-11".parse().unwrap();
    publish(db, &rotation, november, |n, role| {
        Some(turn[(n + role) % 3])
    })
    .await;
    publish(db, &rotation, november.next(), |n, role| {
        ((n, role) != (2, 1)).then_some(turn[(n + role) % 3])
    })
    .await;
    Payments {
        team,
        rotation,
        carla,
        ayse,
        ben,
        chen,
        stranger,
    }
}

/// Signs somebody in without the form: the value of the `session` cookie.
pub async fn session(db: &PgPool, person: &Person, now: DateTime<Utc>) -> String {
    let secret = fairshift::web::token::fresh();
    sqlx::query(
        "insert into sessions (token_hash, person_id, created_at, expires_at) values ($1, $2, $3, $4)",
    )
    .bind(fairshift::web::token::hash(&secret))
    .bind(person.id)
    .bind(now)
    .bind(now + TimeDelta::days(1))
    .execute(db)
    .await
    .unwrap();
    secret
}

#[tokio::test]
async fn the_fixtures_are_a_team_that_can_sign_in() {
    let app = crate::support::TestApp::start().await;
    let crew = payments(&app.db).await;
    let published: i64 = sqlx::query_scalar("select count(*) from on_call where person_id = $1")
        .bind(crew.ayse.id)
        .fetch_one(&app.db)
        .await
        .unwrap();
    // Ten times Primary and ten times Secondary in November; 11 and 9 in December.
    assert_eq!(published, 40);
    let visitor = app.visitor();
    visitor.sign_in(&crew.ayse.email, PASSWORD).await;
    assert_eq!(visitor.get("/teams/payments/members").await.status, 200);
    assert_eq!(visitor.get("/teams/search/members").await.status, 404);
}
