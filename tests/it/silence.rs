//! Secrets are in no line of the log, however much of it is asked for, and on no page again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fairshift::secret::SecretKey;
use sqlx::PgPool;

use crate::fixtures;
use crate::support::database::TestDatabase;
use crate::support::program::{Running, fairshift};
use crate::support::receiver::{Receiver, Reply};
use crate::support::smtp::{Fault, Sink};
use crate::support::visitor::Visitor;

const PAGE: &str = "/teams/payments/webhooks";

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_or_shown_again() {
    let database = TestDatabase::create().await;
    let db = PgPool::connect_with(database.options()).await.unwrap();
    let crew = fixtures::payments(&db).await;
    fixtures::make_admin(&db, &crew.carla).await;
    let (sink, receiver) = (Sink::start().await, Receiver::start().await);
    let key = STANDARD.encode([7; 32]);
    assert!(key.parse::<SecretKey>().is_ok());
    let mut command = fairshift(&["serve", "--listen", "127.0.0.1:0", "--log", "trace"]);
    command
        .env("DATABASE_URL", database.url())
        .env(
            "FAIRSHIFT_SMTP_URL",
            sink.url.replace("smtp://", "smtp://postman:opensesame@"),
        )
        .env("FAIRSHIFT_SECRET_KEY", &key)
        .env("FAIRSHIFT_ALLOW_PRIVATE_ADDRESSES", "true");
    let running = tokio::task::spawn_blocking(|| Running::start(command));
    let mut running = running.await.unwrap();
    let log = running.follow();
    let manager = Visitor::new(&running.url);
    manager.sign_in(&crew.carla.email, fixtures::PASSWORD).await;
    // A webhook, a new secret for it, a post that arrives, one that does not.
    let address = receiver.at("/hook/topsecret");
    let fields = [("address", &*address), ("shape", "json"), ("name", "Pager")];
    let page = manager.post_form(PAGE, &fields).await;
    let first = page.attributes("#webhook-secret", "value").remove(0);
    let forms = |action: &str| format!("form[action$='/{action}']");
    let renewal = page.attributes(&forms("secret"), "action").remove(0);
    let page = manager.post_form(&renewal, &[]).await;
    let renewed = page.attributes("#webhook-secret", "value").remove(0);
    let test = page.attributes(&forms("test"), "action").remove(0);
    manager.submit(&test, &[]).await;
    receiver.always("/hook/topsecret", Reply::Status(500));
    let page = manager.submit(&test, &[]).await;
    assert!(page.text().contains("did not arrive"), "{}", page.text());
    // A mail that the server refuses for the password, and one by a link of an invitation.
    sink.fault(Fault::Auth("535 5.7.8 authentication failed"));
    let fields = [("email", "noor@example.com"), ("is_engineer", "yes")];
    let page = manager
        .post_form("/teams/payments/invitations", &fields)
        .await;
    let link = page.attributes("#invitation-link", "value").remove(0);
    let token = link.rsplit('/').next().unwrap().to_owned();
    Visitor::new(&running.url)
        .get(&format!("/invitations/{token}"))
        .await;
    let refused = async {
        let sql = "select error from jobs where key like 'notice:invitation:%' and error <> ''";
        loop {
            let error: Option<String> = sqlx::query_scalar(sql).fetch_optional(&db).await.unwrap();
            if let Some(error) = error {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    let refused = tokio::time::timeout(Duration::from_mins(1), refused).await;
    let refused = refused.expect("the mail is refused in time");
    let webhooks = manager.get(PAGE).await.body;
    let undelivered = manager.get("/undelivered").await;
    assert!(undelivered.text().contains("Join Payments"));
    let (_, log) = tokio::task::spawn_blocking(move || (running.end("-TERM"), log.join().unwrap()))
        .await
        .unwrap();
    assert!(
        log.contains("webhooks/{id}/test"),
        "there is a log: {}",
        log.len()
    );
    let plain = STANDARD.encode("\0postman\0opensesame");
    for secret in [
        first.as_str(),
        &renewed,
        "topsecret",
        "opensesame",
        &plain,
        &STANDARD.encode("opensesame"),
        fixtures::PASSWORD,
        &fixtures::PASSWORD.replace(' ', "+"),
        &token,
        &key,
    ] {
        let said = log.lines().find(|said| said.contains(secret));
        assert_eq!(said, None, "{secret}");
        for (place, text) in [
            ("webhooks", &webhooks),
            ("undelivered", &undelivered.body),
            ("the job's error", &refused),
        ] {
            assert!(!text.contains(secret), "{secret} is shown: {place}");
        }
    }
}
