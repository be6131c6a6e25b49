//! Flags and settings: a wrong one stops the start with one clear line.

use crate::support::program::{fairshift, one_line};

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
        .env("DATABASE_URL", "postgres://me:secret@h/x")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        text.contains("FAIRSHIFT_LISTEN") && text.contains("DATABASE_URL"),
        "{text}"
    );
    assert!(!text.contains("secret"));
}
