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
