//! Each migration on data of the version before: it goes through, and loses nothing.

use std::collections::BTreeMap;

use fairshift::db::MIGRATOR;
use sqlx::PgPool;

use crate::fixtures;
use crate::support::database::TestDatabase;

/// The first version in which a team could have members and rotations.
const FIRST: i64 = 8;

/// The first version with cover requests as they are.
const COVER: i64 = 21;

/// Somebody asks to be covered, and somebody is asked.
async fn cover(db: &PgPool) {
    sqlx::raw_sql(
        "insert into cover_requests (shift_id, role_id, starts_at, ends_at, person_id, kind, needs_approval, made_by, made_at,
            open_until)
        select shift_id, role_id, starts_at, ends_at, person_id, 'cover', false, person_id, starts_at - interval '9 days', starts_at
        from on_call where starts_at > '2026-12-05' order by starts_at, role_id limit 1;
        insert into cover_offers (request_id, person_id, origin, state, asked_at, answer_by, token_hash)
        select id, (select max(id) from people), 'ranked', 'asked', made_at, open_until, sha256('secret') from cover_requests;
        insert into cover_events (request_id, at, action, person_id) select id, made_at, 'made', person_id from cover_requests;",
    )
    .execute(db)
    .await
    .unwrap();
}

/// Rows by table.
async fn counts(db: &PgPool) -> BTreeMap<String, i64> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' order by 1",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let mut counts = BTreeMap::new();
    for table in tables {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        counts.insert(table, sqlx::query_scalar(sql).fetch_one(db).await.unwrap());
    }
    counts
}

/// Somebody's calendars as version 33 has them: a file, an account that shifts are pushed by, one that was
/// never read.
async fn calendars(db: &PgPool) {
    sqlx::raw_sql(
        "insert into sources (person_id, name, kind, counts, place, secret, connected_at, good_at, parsed_at)
            select id, kind, kind, 'busy', 'x', secret, '2026-11-01', good_at, good_at from people,
                (values ('file', null::bytea, '2026-11-02Z'::timestamptz), ('account', 'x', '2026-11-03Z'), ('address', 'x', null))
                    s (kind, secret, good_at)
            where people.name = 'Ayşe Demir';
        insert into calendar_channels (person_id, kind, target, name, source_id, chosen_at, state_at)
            select person_id, 'push', 'https://x/', 'Work', id, now(), now() from sources where kind = 'account';
        insert into calendar_deliveries (channel_id, key, uid, starts_at, ends_at, summary, changed_at)
            select id, 'k', 'u', now(), now() + interval '9 days', 'On call', now() from calendar_channels",
    )
    .execute(db)
    .await
    .unwrap();
}

/// What they are in version 51.
async fn calendars_after(db: &PgPool) {
    let known: Vec<Option<String>> =
        sqlx::query_scalar("select known_until::date::text from sources order by kind desc")
            .fetch_all(db)
            .await
            .unwrap();
    let (file, account) = (Some("2027-12-07".to_owned()), Some("2027-12-08".to_owned()));
    assert_eq!(known, [file, None, account]);
    let fresh: (i64, i64, String) =
        sqlx::query_as("select readable, booking, known_until::date::text from calendar_freshness")
            .fetch_one(db)
            .await
            .unwrap();
    assert_eq!(fresh, (2, 2, "2027-12-07".to_owned()));
    let mut tx = db.begin().await.unwrap();
    sqlx::query("delete from sources where kind = 'account'")
        .execute(&mut *tx)
        .await
        .unwrap();
    let kept: (bool, bool, i64) = sqlx::query_as(
        "select sealed = 'x', source_id is null and ended_at is not null, (select count(*) from jobs where kind = 'calendar.out')
        from calendar_channels",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(kept, (true, true, 1));
    tx.rollback().await.unwrap();
}

/// From version 100 on the end of a request that the schedule closes names whom it concerns.
async fn cover_closed(db: &PgPool) {
    let mut tx = db.begin().await.unwrap();
    sqlx::raw_sql(
        "set constraints all immediate;
        update assignments a set person_id = null from cover_requests r where a.shift_id = r.shift_id and a.role_id = r.role_id",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    let told: (String, bool) = sqlx::query_as(
        "select r.state, payload -> 'others' = jsonb_build_array(f.person_id)
        from jobs, cover_requests r join cover_offers f on f.request_id = r.id where jobs.kind = 'cover.closed'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(told, ("closed".to_owned(), true));
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn each_migration_keeps_the_data_of_the_version_before() {
    let database = TestDatabase::create_empty().await;
    let db = PgPool::connect_with(database.options()).await.unwrap();
    let mut before: Option<BTreeMap<String, i64>> = None;
    for migration in MIGRATOR.iter() {
        let sql = sqlx::AssertSqlSafe(migration.sql.as_str().to_owned());
        sqlx::raw_sql(sql)
            .execute(&db)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", migration.version));
        if let Some(before) = &before {
            let after = counts(&db).await;
            for (table, rows) in before {
                assert_eq!(
                    after.get(table),
                    Some(rows),
                    "{table} after {}",
                    migration.version
                );
            }
        }
        if migration.version == FIRST {
            fixtures::payments(&db).await;
        }
        if migration.version == COVER {
            cover(&db).await;
        }
        if migration.version == 33 {
            calendars(&db).await;
        }
        if migration.version == 51 {
            calendars_after(&db).await;
        }
        if migration.version == 90 {
            let other: i64 = sqlx::query_scalar(
                "select count(*) from team_members m join people p on p.id = m.person_id where m.joined_on <> p.joined_on",
            )
            .fetch_one(&db)
            .await
            .unwrap();
            assert_eq!(
                other, 0,
                "everybody is in their teams for as long as they were"
            );
            let wrong = "insert into failed_sign_ins (account, address, at) values ('a@example.com', '192.0.2.1', now())";
            sqlx::raw_sql(wrong).execute(&db).await.unwrap();
        }
        if migration.version == 100 {
            cover_closed(&db).await;
        }
        if migration.version == 110 {
            let strangers = "select count(*) from failed_sign_ins where browser_id is null";
            let strangers: i64 = sqlx::query_scalar(strangers).fetch_one(&db).await.unwrap();
            assert_eq!(strangers, 1, "in a browser that nobody knew yet");
        }
        if migration.version >= FIRST {
            before = Some(counts(&db).await);
        }
    }
    // What was asked for before it was known what it replaced: nothing is put back.
    let replaced: serde_json::Value = sqlx::query_scalar("select replaced from cover_requests")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(replaced, serde_json::json!([]));
    let before = before.unwrap();
    assert!(
        before["assignments"] > 100 && before["contact_methods"] > 2 && before["cover_events"] == 1,
        "{before:?}"
    );
}
