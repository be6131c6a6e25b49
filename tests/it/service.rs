//! The service as a whole: is it up, is it ready, what does it log, how does it stop.

use fairshift::db::MIGRATOR;
use sqlx::{ConnectOptions, Connection};

use crate::support::TestApp;
use crate::support::database::TestDatabase;
use crate::support::program::{DataFolder, Running, fairshift};
use crate::support::visitor::Visitor;

#[tokio::test]
async fn healthy_and_ready() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    assert_eq!(visitor.get("/healthz").await.status, 200);
    assert_eq!(visitor.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn not_ready_while_a_migration_is_missing() {
    let app = TestApp::start().await;
    let last = MIGRATOR.iter().last().unwrap().version;
    sqlx::query("DELETE FROM _sqlx_migrations WHERE version = $1")
        .bind(last)
        .execute(&app.db)
        .await
        .unwrap();
    let page = app.visitor().get("/readyz").await;
    assert_eq!(page.status, 503);
    assert!(
        page.body.contains(&format!("lacks migration {last}")),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn not_ready_without_the_database() {
    let app = TestApp::start().await;
    app.db.close().await;
    let page = app.visitor().get("/readyz").await;
    assert_eq!(
        (page.status, page.body.trim()),
        (503, "the database does not answer")
    );
    assert_eq!(app.visitor().get("/healthz").await.status, 200);
}

async fn on_a_database(arguments: &[&str]) -> (TestDatabase, Running) {
    let database = TestDatabase::create().await;
    let mut command = fairshift(arguments);
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", database.url());
    (database, Running::start(command))
}

#[tokio::test]
async fn a_line_per_request_with_its_id_and_route_but_no_secret() {
    let (_database, mut running) = on_a_database(&["--log-format", "json"]).await;
    let visitor = Visitor::new(&running.url);
    visitor.get("/nowhere/topsecret?token=topsecret").await;
    let page = visitor.get("/readyz?token=topsecret").await;
    let id = page.headers["x-request-id"].to_str().unwrap().to_owned();
    let unknown = running.log_line("\"route\":\"none\"");
    let line = running.log_line(&id);
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&entry["route"], &entry["status"]),
        (&"/readyz".into(), &200.into()),
        "{line}"
    );
    assert!(entry["ms"].is_u64(), "{line}");
    assert!(!line.contains("topsecret") && !unknown.contains("topsecret"));
    let (status, rest) = running.end("-TERM");
    assert!(status.success());
    assert!(!rest.contains("topsecret"));
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    let (database, running) = on_a_database(&[]).await;
    let mut holder = database.options().connect().await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE _sqlx_migrations")
        .execute(&mut *held)
        .await
        .unwrap();
    let visitor = Visitor::new(&running.url);
    let under_way = tokio::spawn(async move { visitor.get("/readyz").await });
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
    while !sqlx::query_scalar::<_, bool>(waits)
        .fetch_one(&mut *held)
        .await
        .unwrap()
    {
        tokio::task::yield_now().await;
    }
    let stopping = running.stop("-TERM");
    held.rollback().await.unwrap();
    assert_eq!(under_way.await.unwrap().status, 200);
    assert!(stopping.ended().success());
}

/// A planner that stays open is no request to wait for.
#[tokio::test]
async fn an_open_stream_ends_with_the_service() {
    let (_database, running) = on_a_database(&["demo"]).await;
    let manager = Visitor::new(&running.url);
    manager
        .sign_in("manager@example.com", fairshift::demo::PASSWORD)
        .await;
    let plan = manager.get("/teams/payments/plan").await.location();
    let page = manager.get(&plan).await;
    let address = page.attributes("[data-live]", "data-live").remove(0);
    let open = manager.client().get(manager.address(&address));
    let mut stream = open.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let stopping = running.stop("-TERM");
    while stream.chunk().await.unwrap().is_some() {}
    assert!(stopping.ended().success());
}

/// Addresses and passwords of calendars are encrypted with it: a demo needs no setting, and a service on a
/// database of its own has none that is not set.
#[tokio::test]
async fn a_demo_makes_its_own_key_and_a_service_does_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let calendars = "/availability/calendars";
    let missing = "the administrator has to set FAIRSHIFT_SECRET_KEY";
    let folder = DataFolder::new("demo-key");
    let database = TestDatabase::create().await;
    let mut command = fairshift(&["demo", "--listen", "127.0.0.1:0", "--data-dir"]);
    command
        .arg(&folder.path)
        .env("DATABASE_URL", database.url());
    let demo = Running::start(command);
    let file = folder.path.join("secret-key");
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(
        key.trim().parse::<fairshift::secret::SecretKey>().is_ok(),
        "a key"
    );
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its account alone");
    let ayse = Visitor::new(&demo.url);
    ayse.sign_in("engineer@example.com", fairshift::demo::PASSWORD)
        .await;
    let page = ayse.get(calendars).await;
    assert!(!page.text().contains(missing), "{}", page.text());
    demo.end("-INT");

    let database = TestDatabase::create().await;
    let pool = fairshift::db::pool(database.options()).await.unwrap();
    let crew = crate::fixtures::payments(&pool).await;
    let folder = DataFolder::new("no-key");
    let mut command = fairshift(&["--listen", "127.0.0.1:0", "--data-dir"]);
    command
        .arg(&folder.path)
        .env("DATABASE_URL", database.url());
    let service = Running::start(command);
    let ayse = Visitor::new(&service.url);
    ayse.sign_in(&crew.ayse.email, crate::fixtures::PASSWORD)
        .await;
    let page = ayse.get(calendars).await;
    assert!(page.text().contains(missing), "{}", page.text());
    assert!(!folder.path.join("secret-key").exists());
    service.end("-INT");
}
