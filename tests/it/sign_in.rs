//! Signing in and out, sessions, and how fast a password can be guessed.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use fairshift::app;
use fairshift::state::{AppState, Site};
use tokio::net::TcpListener;

use crate::cast::{Cast, PASSWORD, Who};
use crate::support::visitor::{Page, Visitor};

async fn try_password(visitor: &Visitor, email: &str, password: &str) -> Page {
    let fields = [("email", email), ("password", password)];
    visitor.post_form("/sign-in", &fields).await
}

fn cookie_of(page: &Page) -> String {
    let mut set = page.headers.get_all("set-cookie").iter();
    set.find_map(|value| {
        let value = value.to_str().unwrap();
        value.starts_with("session=").then(|| value.to_owned())
    })
    .expect("a session cookie")
}

fn secret_of(page: &Page) -> String {
    cookie_of(page)
        .trim_start_matches("session=")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_page_that_needs_it_comes_back_after_signing_in() {
    let cast = Cast::new().await;
    let visitor = cast.app.visitor();
    let page = visitor.get("/teams/payments/members?a=1&b=2").await;
    assert_eq!(page.status, 303);
    let form = visitor.get(&page.location()).await;
    let next = form.attributes("input[name=next]", "value")[0].clone();
    assert_eq!(next, "/teams/payments/members?a=1&b=2");
    let email = format!("  {} ", Who::Engineer.email().to_uppercase());
    let fields = [
        ("email", email.as_str()),
        ("password", PASSWORD),
        ("next", &next),
    ];
    let answer = visitor.post_form("/sign-in", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, next.clone()));
    assert_eq!(visitor.get(&next).await.status, 200);
    // Signed in already: the form is not needed.
    assert_eq!(visitor.get("/sign-in").await.location(), "/");
}

#[tokio::test]
async fn never_to_another_site_after_signing_in() {
    let cast = Cast::new().await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:x",
    ] {
        let fields = [
            ("email", Who::Engineer.email()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = cast.app.visitor().post_form("/sign-in", &fields).await;
        assert_eq!(
            (answer.status, answer.location().as_str()),
            (303, "/"),
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_the_same() {
    let cast = Cast::new().await;
    let visitor = cast.app.visitor();
    let wrong = try_password(&visitor, Who::Engineer.email(), "wrong horse").await;
    let unknown = try_password(&visitor, "unknown@example.com", "wrong horse").await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(wrong.text(), unknown.text());
    assert_eq!(wrong.attributes("#email", "value"), [Who::Engineer.email()]);
    assert!(!wrong.body.contains("wrong horse"), "never shown again");
    assert_eq!(wrong.attributes("#password", "aria-invalid"), ["true"]);

    let empty = visitor.post_form("/sign-in", &[]).await;
    assert_eq!(empty.status, 422);
    assert_eq!(empty.all(".wrong").len(), 2);
    let long = "x".repeat(10_000);
    assert_eq!(try_password(&visitor, &long, &long).await.status, 422);
    assert_eq!(
        try_password(&visitor, "a\0b@example.com", PASSWORD)
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn ten_wrong_passwords_for_an_account_are_enough_for_a_while() {
    let cast = Cast::new().await;
    let email = Who::Engineer.email();
    for _ in 0..10 {
        assert_eq!(
            try_password(&cast.app.visitor(), email, "wrong horse")
                .await
                .status,
            422
        );
    }
    let refused = try_password(&cast.app.visitor(), email, PASSWORD).await;
    assert_eq!(refused.status, 429, "not even the right one");
    assert!(refused.text().contains("Wait 15 minutes"));
    cast.visitor(Who::Manager).await;
    cast.app.clock.advance(TimeDelta::minutes(15));
    assert_eq!(
        try_password(&cast.app.visitor(), email, PASSWORD)
            .await
            .status,
        303
    );
    let left = "select count(*) from failed_sign_ins";
    assert_eq!(cast.count(left).await, 0, "forgotten after the right one");
}

#[tokio::test]
async fn refused_attempts_do_not_make_the_wait_longer() {
    let cast = Cast::new().await;
    let email = Who::Engineer.email();
    for _ in 0..10 {
        try_password(&cast.app.visitor(), email, "wrong horse").await;
    }
    cast.app.clock.advance(TimeDelta::minutes(14));
    for _ in 0..3 {
        assert_eq!(
            try_password(&cast.app.visitor(), email, "wrong horse")
                .await
                .status,
            429
        );
    }
    cast.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        try_password(&cast.app.visitor(), email, PASSWORD)
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn fifty_at_once_get_no_more_guesses_than_fifty_in_a_row() {
    let cast = Cast::new().await;
    let visitor = cast.app.visitor();
    let attempts: Vec<_> = (0..50)
        .map(|_| {
            let visitor = visitor.clone();
            tokio::spawn(async move {
                try_password(&visitor, Who::Engineer.email(), "wrong horse")
                    .await
                    .status
            })
        })
        .collect();
    let mut looked_at = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            422 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert!(looked_at <= 10, "{looked_at} passwords were looked at");
    let refused = try_password(&visitor, Who::Engineer.email(), PASSWORD).await;
    assert_eq!(refused.status, 429);
}

#[tokio::test]
async fn many_accounts_from_one_address_are_limited_too() {
    let cast = Cast::new().await;
    let visitor = cast.app.visitor();
    for number in 0..60 {
        let email = format!("person{number}@example.com");
        assert_eq!(
            try_password(&visitor, &email, "wrong horse").await.status,
            422
        );
    }
    let from_here = try_password(&visitor, Who::Engineer.email(), PASSWORD).await;
    assert_eq!(from_here.status, 429);
    // A proxy on this machine speaks for somebody elsewhere.
    let elsewhere = visitor
        .client()
        .post(visitor.address("/sign-in"))
        .header("x-forwarded-for", "203.0.113.9")
        .form(&[("email", Who::Engineer.email()), ("password", PASSWORD)]);
    assert_eq!(elsewhere.send().await.unwrap().status(), 303);
}

/// The value of the cookie that a browser is known by.
fn browser_of(page: &Page) -> String {
    let mut set = page.headers.get_all("set-cookie").iter();
    let found = set.find_map(|value| value.to_str().unwrap().strip_prefix("browser="));
    let cookie = found.expect("a browser cookie");
    for wanted in [
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=31536000",
    ] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

/// A try with nothing but the cookie that a browser is known by.
async fn try_known(cast: &Cast, browser: &str, email: &str, password: &str) -> u16 {
    let visitor = cast.app.visitor();
    let request = visitor
        .client()
        .post(visitor.address("/sign-in"))
        .header("cookie", format!("browser={browser}"))
        .form(&[("email", email), ("password", password)]);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn strangers_do_not_lock_a_person_out_of_their_own_browser() {
    let cast = Cast::new().await;
    let email = Who::Engineer.email();
    let own = cast.app.visitor();
    let browser = browser_of(&try_password(&own, email, PASSWORD).await);
    own.post_form("/sign-out", &[]).await;
    let colleague = try_password(&cast.app.visitor(), Who::Manager.email(), PASSWORD).await;
    let colleague = browser_of(&colleague);
    for _ in 0..10 {
        try_password(&cast.app.visitor(), email, "wrong horse").await;
    }
    let stranger = try_password(&cast.app.visitor(), email, PASSWORD).await;
    assert_eq!(stranger.status, 429, "locked for strangers");
    assert!(
        stranger
            .text()
            .contains("a browser where you signed in before")
    );
    for no_use in [&colleague, "", &"0".repeat(64)] {
        assert_eq!(try_known(&cast, no_use, email, PASSWORD).await, 429);
    }
    let back = try_password(&own, email, PASSWORD).await;
    assert_eq!(back.status, 303, "but not here");
    let again = browser_of(&back);
    assert_ne!(again, browser, "a fresh secret each time");
    assert_eq!(try_known(&cast, &browser, email, PASSWORD).await, 429);
    // Neither does it help strangers that the owner came in.
    let stranger = try_password(&cast.app.visitor(), email, PASSWORD).await;
    assert_eq!(stranger.status, 429);

    // Whoever copied the cookie guesses ten times, and keeps nobody else out.
    for _ in 0..10 {
        assert_eq!(try_known(&cast, &again, email, "wrong horse").await, 422);
    }
    assert_eq!(try_known(&cast, &again, email, PASSWORD).await, 429);
    cast.app.clock.advance(TimeDelta::minutes(15));
    let stranger = cast.app.visitor();
    for _ in 0..10 {
        assert_eq!(try_known(&cast, &again, email, "wrong horse").await, 422);
    }
    assert_eq!(try_password(&stranger, email, PASSWORD).await.status, 303);
    // A year without signing in.
    cast.app.clock.advance(TimeDelta::days(365));
    for _ in 0..10 {
        try_password(&cast.app.visitor(), email, "wrong horse").await;
    }
    assert_eq!(try_known(&cast, &again, email, PASSWORD).await, 429);
}

#[tokio::test]
async fn people_who_share_a_browser_are_both_known_there() {
    let cast = Cast::new().await;
    let shared = cast.app.visitor();
    for who in [Who::Engineer, Who::Manager] {
        shared.sign_in(who.email(), PASSWORD).await;
    }
    shared.post_form("/sign-out", &[]).await;
    for who in [Who::Engineer, Who::Manager] {
        for _ in 0..10 {
            try_password(&cast.app.visitor(), who.email(), "wrong horse").await;
        }
        let page = try_password(&cast.app.visitor(), who.email(), PASSWORD).await;
        assert_eq!(page.status, 429);
        assert_eq!(
            try_password(&shared, who.email(), PASSWORD).await.status,
            303
        );
    }
    let browsers = "select count(*) from known_browsers";
    assert_eq!(cast.count(browsers).await, 2, "one for each of them");
}

#[tokio::test]
async fn a_new_password_forgets_the_other_browsers() {
    let cast = Cast::new().await;
    let email = Who::Engineer.email();
    let stolen = browser_of(&try_password(&cast.app.visitor(), email, PASSWORD).await);
    let own = cast.visitor(Who::Engineer).await;
    for _ in 0..10 {
        try_password(&cast.app.visitor(), email, "wrong horse").await;
    }
    // Strangers don't keep anybody from changing the password either.
    let (new, newer) = ("new horse battery", "newer horse battery");
    let fields = [
        ("password", PASSWORD),
        ("new_password", new),
        ("again", new),
    ];
    assert_eq!(
        own.post_form("/account/password", &fields).await.status,
        303
    );
    assert_eq!(try_known(&cast, &stolen, email, new).await, 429);
    own.post_form("/sign-out", &[]).await;
    let back = try_password(&own, email, new).await;
    assert_eq!(back.status, 303);

    let admin = cast.visitor(Who::Administrator).await;
    let path = format!("/admin/people/{}/reset-link", cast.engineer);
    let page = admin.post_form(&path, &[]).await;
    let link = page.attributes("#reset-link", "value")[0].clone();
    let other = cast.app.visitor();
    let link = link.strip_prefix(&other.address("")).unwrap();
    let answer = other
        .post_form(link, &[("password", newer), ("again", newer)])
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        try_known(&cast, &browser_of(&back), email, newer).await,
        429
    );
    assert_eq!(
        try_known(&cast, &browser_of(&answer), email, newer).await,
        303
    );
}

#[tokio::test]
async fn signing_in_gives_a_fresh_secret_and_ends_the_one_before() {
    let cast = Cast::new().await;
    let visitor = cast.app.visitor();
    let planted = "0".repeat(64);
    let answer = visitor
        .client()
        .post(visitor.address("/sign-in"))
        .header("cookie", format!("session={planted}"))
        .form(&[("email", Who::Engineer.email()), ("password", PASSWORD)])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let first = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(!first.contains(&planted), "no session fixation");
    let second = try_password(&visitor, Who::Manager.email(), PASSWORD).await;
    let cookie = cookie_of(&second);
    for wanted in [
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=2592000",
    ] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    assert_eq!(secret_of(&second).len(), 64);
    let sessions = "select count(*) from sessions";
    assert_eq!(cast.count(sessions).await, 1, "the same browser has one");
    let kept = "select count(*) from sessions where encode(token_hash, 'escape') like '%' || $1";
    let kept: i64 = sqlx::query_scalar(kept)
        .bind(secret_of(&second))
        .fetch_one(&cast.app.db)
        .await
        .unwrap();
    assert_eq!(kept, 0, "the secret itself is not kept");
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_time_and_from_another_browser() {
    let cast = Cast::new().await;
    let one = cast.visitor(Who::Engineer).await;
    let two = cast.visitor(Who::Engineer).await;
    let account = two.get("/account").await;
    assert_eq!(account.all("#sessions li").len(), 2);
    let end = account.attributes("#sessions li form", "action")[0].clone();

    // Somebody else's session is not there.
    let manager = cast.visitor(Who::Manager).await;
    assert_eq!(manager.post_form(&end, &[]).await.status, 404);
    assert_eq!(one.get("/account").await.status, 200);

    let page = two.submit(&end, &[]).await;
    assert_eq!(page.all(".flash"), ["The session is ended."]);
    assert_eq!(one.get("/account").await.status, 303);
    assert_eq!(two.post_form(&end, &[]).await.status, 404);

    let third = cast.visitor(Who::Engineer).await;
    let page = two.submit("/account/sessions/end-others", &[]).await;
    assert_eq!(page.all(".flash"), ["The other session is ended."]);
    assert_eq!(third.get("/account").await.status, 303);

    // The cookie of a session that was signed out of is worth nothing to who copied it.
    let visitor = cast.app.visitor();
    let secret = secret_of(&try_password(&visitor, Who::Engineer.email(), PASSWORD).await);
    assert_eq!(
        visitor.post_form("/sign-out", &[]).await.location(),
        "/sign-in"
    );
    let copied = cast.app.visitor();
    let request = copied.client().get(copied.address("/account"));
    let request = request.header("cookie", format!("session={secret}"));
    assert_eq!(request.send().await.unwrap().status(), 303);

    assert_eq!(two.get("/account").await.status, 200);
    cast.app.clock.advance(TimeDelta::days(30));
    assert_eq!(two.get("/account").await.status, 303);
}

#[tokio::test]
async fn a_new_password_needs_the_old_and_ends_the_other_sessions() {
    let cast = Cast::new().await;
    let one = cast.visitor(Who::Engineer).await;
    let two = cast.visitor(Who::Engineer).await;
    let change = async |old, new, again| {
        let fields = [("password", old), ("new_password", new), ("again", again)];
        two.post_form("/account/password", &fields).await
    };
    for (old, new, again, field) in [
        (
            "wrong horse",
            "new horse battery",
            "new horse battery",
            "password",
        ),
        (PASSWORD, "short", "short", "new_password"),
        (
            PASSWORD,
            "new horse battery",
            "newer horse battery",
            "again",
        ),
    ] {
        let page = change(old, new, again).await;
        assert_eq!(page.status, 422);
        assert_eq!(page.attributes("[aria-invalid=true]", "id"), [field]);
        assert!(
            !page.body.contains("battery"),
            "passwords are not shown again"
        );
    }
    assert_eq!(one.get("/account").await.status, 200, "nothing was changed");
    assert_eq!(
        change(PASSWORD, "new horse battery", "new horse battery")
            .await
            .status,
        303
    );
    assert_eq!(two.get("/account").await.status, 200);
    assert_eq!(one.get("/account").await.status, 303);
    let visitor = cast.app.visitor();
    assert_eq!(
        try_password(&visitor, Who::Engineer.email(), PASSWORD)
            .await
            .status,
        422
    );
    visitor
        .sign_in(Who::Engineer.email(), "new horse battery")
        .await;

    // Nobody guesses on at a browser left open.
    for _ in 0..10 {
        change("wrong horse", "other horse battery", "other horse battery").await;
    }
    let page = change(
        "new horse battery",
        "other horse battery",
        "other horse battery",
    )
    .await;
    assert_eq!(page.status, 429);
}

#[tokio::test]
async fn on_https_the_cookie_is_secure_and_the_browser_told_to_stay() {
    let cast = Cast::new().await;
    let public_url = "https://oncall.example.com".parse().unwrap();
    let state = AppState {
        site: Arc::new(Site {
            public_url,
            demo: false,
            secret_key: None,
        }),
        ..cast.app.state.clone()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = app::router(state).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let visitor = Visitor::new(&url);
    // As a proxy passes it on, from an older browser.
    let answer = visitor
        .client()
        .post(visitor.address("/sign-in"))
        .header("origin", "https://oncall.example.com")
        .form(&[("email", Who::Engineer.email()), ("password", PASSWORD)])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.ends_with("; Secure"), "{cookie}");
    }
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    // What one page leaves for the next, too.
    let secret = cookie.split(';').next().unwrap();
    let told = visitor
        .client()
        .post(visitor.address("/account/sessions/end-others"))
        .header("origin", "https://oncall.example.com")
        .header("cookie", secret)
        .send()
        .await
        .unwrap();
    let flash = told.headers()["set-cookie"].to_str().unwrap();
    assert!(
        flash.starts_with("flash=") && flash.ends_with("; Secure"),
        "{flash}"
    );
    assert!(answer.headers().contains_key("strict-transport-security"));
    // Whoever sits on the way can make a page of our host without TLS, and such browsers don't tell.
    for (origin, wanted) in [
        ("http://oncall.example.com", 403),
        ("https://oncall.example.com", 303),
    ] {
        let sent = visitor
            .client()
            .post(visitor.address("/sign-in"))
            .header("host", "oncall.example.com")
            .header("origin", origin)
            .form(&[("email", Who::Engineer.email()), ("password", PASSWORD)])
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), wanted, "{origin}");
    }
}

#[tokio::test]
async fn only_a_demo_signs_in_with_one_click() {
    let cast = Cast::new().await;
    let page = cast.app.visitor().get("/sign-in").await;
    assert!(!page.body.contains("fairshift-demo"));
    let demo = crate::support::TestApp::start_as(true).await;
    let page = demo.visitor().get("/sign-in").await;
    assert_eq!(
        page.attributes("form input[name=password][type=hidden]", "value")
            .len(),
        3
    );
}
