//! The private PostgreSQL, and migrations by several processes at once.

use std::process::Stdio;

use sqlx::{ConnectOptions, Connection};

use crate::support::database::TestDatabase;
use crate::support::program::{DataFolder, Running, fairshift, one_line, runs, send, wait_for_end};

async fn write_a_row(folder: &DataFolder) {
    let mut connection = folder.options().connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (what text); INSERT INTO kept VALUES ('this')")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn assert_kept(folder: &DataFolder) {
    let mut connection = folder.options().connect().await.unwrap();
    let kept: Vec<String> = sqlx::query_scalar("SELECT what FROM kept")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(kept, ["this"]);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn ctrl_c_stops_the_private_server_and_the_data_stays() {
    let folder = DataFolder::new("ctrl-c");
    let running = Running::start(folder.command());
    write_a_row(&folder).await;
    let server = folder.postgres().unwrap();
    let (status, log) = running.end("-INT");
    assert!(status.success(), "{log}");
    assert!(log.contains("stopped"), "{log}");
    wait_for_end(&server);

    let running = Running::start(folder.command());
    assert_kept(&folder).await;
    assert!(running.end("-TERM").0.success());
}

#[tokio::test]
async fn after_kill_9_the_next_start_takes_the_server_over() {
    let folder = DataFolder::new("kill-9");
    let running = Running::start(folder.command());
    write_a_row(&folder).await;
    let orphan = folder.postgres().unwrap();
    assert!(!running.end("-KILL").0.success());
    assert!(runs(&orphan));

    let running = Running::start(folder.command());
    assert_ne!(folder.postgres().unwrap(), orphan);
    assert_kept(&folder).await;
    assert!(running.end("-INT").0.success());
}

#[tokio::test]
async fn a_crash_of_everything_loses_nothing() {
    let folder = DataFolder::new("crash");
    let running = Running::start(folder.command());
    write_a_row(&folder).await;
    let server = folder.postgres().unwrap();
    send("-KILL", &server);
    running.end("-KILL");
    wait_for_end(&server);
    // What a power cut leaves: the number in the file may since belong to any other program.
    let file = folder.path.join("postgres/data/postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replacen(&server, &std::process::id().to_string(), 1),
    )
    .unwrap();

    let running = Running::start(folder.command());
    assert_kept(&folder).await;
    assert!(running.end("-INT").0.success());
}

#[test]
fn a_second_instance_on_the_same_folder_is_refused() {
    let folder = DataFolder::new("second");
    let running = Running::start(folder.command());
    let server = folder.postgres();
    let second = folder.command().output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let line = one_line(&second);
    assert!(
        line.contains("another Fairshift runs on the data folder"),
        "{line}"
    );
    assert_eq!(folder.postgres(), server, "the first goes on");
    assert!(running.end("-INT").0.success());
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let folder = DataFolder::new(&"long-".repeat(24));
    let running = Running::start(folder.command());
    assert!(!folder.path.join("postgres/.s.PGSQL.5432").exists());
    let elsewhere = folder.socket();
    assert!(elsewhere.join(".s.PGSQL.5432").exists());
    assert!(running.end("-INT").0.success());
    std::fs::remove_dir(elsewhere).unwrap();
}

#[test]
fn data_of_another_version_is_left_alone() {
    let folder = DataFolder::new("version");
    assert!(Running::start(folder.command()).end("-INT").0.success());
    let file = folder.path.join("postgres/data/PG_VERSION");
    std::fs::write(&file, "9\n").unwrap();
    let output = folder.command().output().unwrap();
    let line = one_line(&output);
    assert!(line.contains("was made by PostgreSQL 9"), "{line}");
}

#[tokio::test]
async fn several_processes_migrate_one_database_at_once() {
    let database = TestDatabase::create_empty().await;
    let processes: Vec<_> = (0..4)
        .map(|_| {
            fairshift(&["migrate"])
                .env("DATABASE_URL", database.url())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }
    let pool = fairshift::db::pool(database.options()).await.unwrap();
    fairshift::db::ready(&pool).await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let database = TestDatabase::create().await;
    let pool = fairshift::db::pool(database.options()).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99999999999999, 'later', true, '', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let output = fairshift(&["migrate"])
        .env("DATABASE_URL", database.url())
        .output()
        .unwrap();
    let line = one_line(&output);
    assert!(line.contains("a newer version of Fairshift"), "{line}");
}
