//! The way to the mail server: who refuses what decides whether a mail is tried again; and TLS, against
//! a server whose certificate is by an authority made for the test.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use fairshift::clock::Clock;
use fairshift::jobs::{self, Notice, To, Topic};
use sqlx::PgPool;

use crate::support::database::TestDatabase;
use crate::support::program::{Running, fairshift};
use crate::support::smtp::{Authority, Fault, Sink, Tls};
use crate::support::{TestApp, failed};

fn notice(key: &str, address: &str) -> Notice {
    Notice {
        to: To::Address(address.into()),
        topic: Topic::Invitation,
        key: key.into(),
        lane: key.into(),
        title: "Join Payments".into(),
        lines: vec!["Mira invites you.".into()],
        actions: vec![],
        until: None,
    }
}

async fn tell(app: &TestApp, key: &str, address: &str) {
    let mut conn = app.db.acquire().await.unwrap();
    jobs::notify(&mut conn, app.clock.now(), &notice(key, address))
        .await
        .unwrap();
}

/// A server that asks for a password.
async fn with_password() -> (Sink, TestApp) {
    let sink = Sink::start().await;
    let url = sink.url.replace("smtp://", "smtp://me:secret@");
    let app = TestApp::start_with_mail(&Sink {
        url,
        ..sink.clone()
    })
    .await;
    (sink, app)
}

#[tokio::test]
async fn what_every_mail_would_meet_gives_up_none() {
    for fault in [
        Fault::Greets("554 5.7.1 we don't know <you@example.com>"),
        Fault::Auth("535 5.7.8 authentication failed"),
        Fault::Auth("534 5.7.9 use an app password"),
        Fault::Sender("530 5.7.0 authentication required"),
        Fault::Sender("550 5.7.1 <fairshift@localhost> is not yours"),
    ] {
        let (sink, app) = with_password().await;
        sink.fault(fault.clone());
        for key in ["a", "b"] {
            tell(&app, key, "new@example.com").await;
        }
        app.work().await;
        let failed_now = failed(&app.db).await;
        assert_eq!(failed_now.len(), 2, "{fault:?}");
        for (error, again) in failed_now {
            assert!(again, "{fault:?}: {error}");
            let said = error.contains("mail server") && error.contains(": ");
            assert!(said && !error.contains('@'), "{fault:?}: {error}");
            assert!(!error.contains("secret"), "{fault:?}: {error}");
        }
        sink.fault(Fault::None);
        app.clock.advance(TimeDelta::minutes(1));
        app.work().await;
        assert_eq!(sink.mails().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_refused_message_is_given_up_alone() {
    let (sink, app) = with_password().await;
    sink.fault(Fault::Message(
        "554 5.7.1 <new@example.com> wants no such mail",
    ));
    tell(&app, "a", "new@example.com").await;
    app.work().await;
    let refused = failed(&app.db).await;
    assert_eq!(
        refused,
        [(
            "the mail server refuses it: permanent error (554): 5.7.1 (address) wants no such mail"
                .to_owned(),
            false
        )]
    );
    sink.fault(Fault::None);
    tell(&app, "b", "new@example.com").await;
    app.work().await;
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_slow_to_keep_a_mail_gets_it_once() {
    let (sink, app) = with_password().await;
    // Longer than it may take for any other answer.
    sink.fault(Fault::SlowToKeep(Duration::from_secs(11)));
    tell(&app, "a", "new@example.com").await;
    app.work().await;
    app.clock.advance(TimeDelta::hours(1));
    app.work().await;
    assert_eq!(sink.mails().len(), 1);
    assert!(failed(&app.db).await.is_empty());
}

#[tokio::test]
async fn a_server_that_stalls_with_a_mail_gets_the_same_again() {
    let (sink, app) = with_password().await;
    sink.fault(Fault::StallAfterData);
    tell(&app, "a", "new@example.com").await;
    app.work().await;
    assert_eq!(
        failed(&app.db).await,
        [("the mail server does not answer in time".to_owned(), true)]
    );
    sink.fault(Fault::None);
    app.clock.advance(TimeDelta::minutes(1));
    app.work().await;
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    let id = |n: usize| mails[n].read().headers["message-id"].clone();
    assert_eq!(id(0), id(1));
}

/// The program, with this mail server, trusting that authority or none of ours.
async fn program(
    sink: &Sink,
    options: &str,
    trusts: Option<&Path>,
) -> (TestDatabase, PgPool, Running) {
    let database = TestDatabase::create().await;
    let db = PgPool::connect_with(database.options()).await.unwrap();
    let (scheme, query) = options.split_once(' ').unwrap();
    let port = sink.url.rsplit(':').next().unwrap();
    let mut command = fairshift(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("DATABASE_URL", database.url()).env(
        "FAIRSHIFT_SMTP_URL",
        format!("{scheme}://me:secret@localhost:{port}{query}"),
    );
    if let Some(file) = trusts {
        command
            .env("SSL_CERT_FILE", file)
            .env_remove("SSL_CERT_DIR");
    }
    let running = tokio::task::spawn_blocking(|| Running::start(command));
    let running = running.await.unwrap();
    (database, db, running)
}

/// Has the program mail somebody, and waits for what comes of it: nothing, or why not.
async fn outcome(db: &PgPool) -> Option<String> {
    let mut conn = db.acquire().await.unwrap();
    jobs::notify(
        &mut conn,
        Clock::system().now(),
        &notice("a", "new@example.com"),
    )
    .await
    .unwrap();
    loop {
        let (state, error): (String, String) =
            sqlx::query_as("select state, error from jobs where key = 'notice:a'")
                .fetch_one(&mut *conn)
                .await
                .unwrap();
        if state == "done" {
            return None;
        }
        if !error.is_empty() {
            return Some(error);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_by_tls_from_the_start_or_from_where_it_is_asked_for() {
    let authority = Authority::new("authority");
    let tls = authority.acceptor.clone();
    for (options, tls) in [
        ("smtps ", Tls::AtOnce(tls.clone())),
        ("smtp ?tls=required", Tls::Offered(tls)),
    ] {
        let sink = Sink::start_with(tls).await;
        let (_database, db, _running) = program(&sink, options, Some(&authority.file)).await;
        assert_eq!(outcome(&db).await, None, "{options}");
        let mails = sink.mails();
        assert!(mails.len() == 1 && mails[0].encrypted, "{options}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_tls_is_not_as_it_should_be() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let tls = ours.acceptor.clone();
    let certificate = "the mail server's TLS or certificate is not as it should be";
    for (options, tls, said) in [
        (
            "smtp ?tls=required",
            Tls::Never,
            "STARTTLS is not supported",
        ),
        ("smtp ?tls=required", Tls::Offered(tls.clone()), certificate),
        ("smtps ", Tls::AtOnce(tls), certificate),
    ] {
        let sink = Sink::start_with(tls).await;
        let (_database, db, _running) = program(&sink, options, Some(&other.file)).await;
        let error = outcome(&db).await.unwrap();
        assert!(error.contains(said), "{options}: {error}");
        assert!(sink.mails().is_empty(), "{options}");
        let (_, again) = failed(&db).await.remove(0);
        assert!(again, "{options}");
    }
}
