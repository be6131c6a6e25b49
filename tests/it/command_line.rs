//! Flags and settings: a wrong one stops the start with one clear line.

use crate::support::database::TestDatabase;
use crate::support::program::{DataFolder, Running, fairshift, one_line};
use crate::support::visitor::Visitor;

#[test]
fn a_wrong_flag_is_named_in_one_line() {
    for (arguments, wanted) in [
        (
            &["--listen", "8080"][..],
            "--listen (FAIRSHIFT_LISTEN): must be an address and a port",
        ),
        (&["--listen"], "--listen (FAIRSHIFT_LISTEN): needs a value"),
        (
            &["serve", "--public-url", "oncall.example.com"],
            "--public-url (FAIRSHIFT_PUBLIC_URL): must be http:// or https://",
        ),
        (
            &["--public-url", "https://a.example/path"],
            "without a path",
        ),
        (
            &["demo", "--log", "loud=very"],
            "--log (FAIRSHIFT_LOG): must be error, warn",
        ),
        (
            &["--log-format", "xml"],
            "--log-format (FAIRSHIFT_LOG_FORMAT): must be one of text, json",
        ),
        (
            &["--database-url", "mysql://me:secret@host/x"],
            "--database-url (DATABASE_URL): must look like postgres://",
        ),
        (&["--colour"], "unexpected argument '--colour'"),
        (&["sreve"], "unrecognized subcommand 'sreve'"),
    ] {
        let output = fairshift(arguments).output().unwrap();
        let line = one_line(&output);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(wanted), "{line}");
        assert!(!line.contains("secret"), "{line}");
    }
}

#[test]
fn a_wrong_environment_variable_is_named_too() {
    for (name, value) in [
        ("FAIRSHIFT_LISTEN", "nowhere"),
        ("FAIRSHIFT_PUBLIC_URL", "ftp://example.com"),
        ("DATABASE_URL", "host=localhost password=secret"),
        ("FAIRSHIFT_LOG", "fairshift=loud"),
        ("FAIRSHIFT_LOG_FORMAT", "xml"),
    ] {
        let output = fairshift(&[]).env(name, value).output().unwrap();
        let line = one_line(&output);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(name) && !line.contains("secret"), "{line}");
    }
}

#[test]
fn a_database_that_does_not_answer_is_said_in_one_line() {
    let url = "postgres://me:secret@127.0.0.1:1/nothing";
    let output = fairshift(&["migrate"])
        .env("DATABASE_URL", url)
        .output()
        .unwrap();
    let line = one_line(&output);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(
        line.contains("can't connect to the database") && !line.contains("secret"),
        "{line}"
    );
}

#[test]
fn help_shows_the_settings_but_not_the_database_url() {
    let output = fairshift(&["--help"])
        .env("DATABASE_URL", "postgres://me:quiet-heron@h/x")
        .env(
            "FAIRSHIFT_SECRET_KEY",
            "c3RpbGwtd2F0ZXJzLXJ1bi1kZWVwLWhlcmUtb2suMTI=",
        )
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        text.contains("FAIRSHIFT_LISTEN") && text.contains("DATABASE_URL"),
        "{text}"
    );
    assert!(
        !text.contains("quiet-heron") && !text.contains("c3RpbGwt"),
        "{text}"
    );
}

#[test]
fn a_problem_that_cannot_be_read_is_said_in_one_line() {
    for (arguments, code, wanted) in [
        (
            &["solve", "/nowhere/problem.json"][..],
            1,
            "cannot read /nowhere/problem.json",
        ),
        (
            &["solve", "/dev/null"],
            1,
            "not a fairshift-instance/1 file",
        ),
        (
            &["solve", "x", "--deadline=-1"],
            2,
            "--deadline: must be a number of seconds",
        ),
        (
            &["solve", "x", "--effort", "heroic"],
            2,
            "--effort: must be one of quick, standard",
        ),
    ] {
        let output = fairshift(arguments).output().unwrap();
        let line = one_line(&output);
        assert_eq!(output.status.code(), Some(code), "{line}");
        assert!(line.contains(wanted), "{line}");
    }
}

#[tokio::test]
async fn an_administrator_is_made_beside_a_running_service() {
    let folder = DataFolder::new("admin");
    let running = Running::start(folder.command());
    let output = fairshift(&[
        "admin",
        "create",
        "--email",
        "ada@example.com",
        "--name",
        "Ada",
    ])
    .args(["--public-url", &running.url, "--data-dir"])
    .arg(&folder.path)
    .output()
    .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8(output.stdout).unwrap();
    let link = said.lines().last().unwrap();
    let path = link
        .strip_prefix(&running.url)
        .expect("the link leads to the service");
    let visitor = Visitor::new(&running.url);
    let page = visitor.get(path).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let password = "correct horse battery staple";
    visitor
        .submit(path, &[("password", password), ("again", password)])
        .await;
    Visitor::new(&running.url)
        .sign_in("ada@example.com", password)
        .await;
    assert!(running.end("-INT").0.success());
}

#[tokio::test]
async fn a_database_with_demo_passwords_is_served_as_a_demo_only() {
    let database = TestDatabase::create().await;
    let pool = fairshift::db::pool(database.options()).await.unwrap();
    sqlx::query(
        "INSERT INTO people (email, name, time_zone, joined_on, is_demo)
         VALUES ('engineer@example.com', 'Engineer', 'UTC', '2026-01-01', true)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let listen = ["--listen", "127.0.0.1:0"];
    let output = fairshift(&listen)
        .env("DATABASE_URL", database.url())
        .output()
        .unwrap();
    let line = one_line(&output);
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert!(line.contains("this database holds a demo"), "{line}");
}

#[test]
fn an_administrator_needs_an_address_and_a_name() {
    for (arguments, wanted) in [
        (
            &["--email", "boss", "--name", "Bo"][..],
            "--email: is not an e-mail address",
        ),
        (
            &["--email", "b@c.org", "--name", " "],
            "--name: can't be empty",
        ),
        (
            &["--email", "b@c.org", "--name", "a\u{202E}b"],
            "--name: has a character",
        ),
        (&[], "needs --email <EMAIL> and --name <NAME>"),
    ] {
        let output = fairshift(&["admin", "create"])
            .args(arguments)
            .output()
            .unwrap();
        let line = one_line(&output);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(wanted), "{line}");
    }
}
