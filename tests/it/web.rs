//! What surrounds every page: headers, requests from other sites, limits, static files, error pages.

use reqwest::Method;

use crate::cast::{Cast, Who};
use crate::support::TestApp;

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Engineer).await;
    let sheet = visitor
        .get("/account")
        .await
        .attributes("link[rel=stylesheet]", "href")[0]
        .clone();
    for (path, status) in [
        ("/account", 200),
        ("/sign-in", 303),
        (sheet.as_str(), 200),
        ("/nowhere", 404),
        ("/static/x/none.css", 404),
        ("/account/profile", 405),
        ("/healthz", 200),
        ("/readyz", 200),
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, status, "{path}");
        let header = |name: &str| {
            let value = page.headers.get(name);
            value.map_or("", |v| v.to_str().unwrap()).to_owned()
        };
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{path}"
        );
        for wanted in [
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(wanted), "{path}");
        }
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(
            header("cross-origin-opener-policy"),
            "same-origin",
            "{path}"
        );
        assert_eq!(header("x-request-id").len(), 16, "{path}");
        if status != 200 && status != 303 {
            assert!(header("content-type").starts_with("text/html"), "{path}");
            assert_eq!(header("cache-control"), "no-store", "{path}");
            assert!(
                page.body.contains("<h1>") && page.body.contains("href=\"/\""),
                "{path}"
            );
        }
    }
    assert_eq!(
        visitor.get("/account").await.headers["cache-control"],
        "no-store"
    );
    let allowed = visitor.get("/account/profile").await;
    assert_eq!(allowed.headers["allow"], "POST");
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_and_ours_pass() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Engineer).await;
    let ours = cast.app.url.as_str();
    let send = async |headers: &[(&str, &str)]| {
        let mut request = visitor.client().post(visitor.address("/account/profile"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let fields = [("name", "Ayşe D."), ("time_zone", "Europe/Istanbul")];
        let answer = request.form(&fields).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for headers in [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ][..],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "http://127.0.0.1:1"),
        ],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let (status, body) = send(headers).await;
        assert_eq!(status, 403, "{headers:?}");
        assert!(body.contains("came from another site"), "{headers:?}");
    }
    let name = "select count(*) from people where name = 'Ayşe D.'";
    assert_eq!(cast.count(name).await, 0, "nothing was changed");
    for headers in [
        &[("sec-fetch-site", "same-origin"), ("origin", ours)][..],
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[("origin", ours)],
        &[],
    ] {
        assert_eq!(send(headers).await.0, 303, "{headers:?}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_page_and_not_a_broken_connection() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Engineer).await;
    for size in [300_000, 3_000_000] {
        let name = "x".repeat(size);
        let page = visitor
            .post_form("/account/profile", &[("name", &name)])
            .await;
        assert_eq!(page.status, 413);
        assert!(page.text().contains("too much at once"));
    }
    let fields: Vec<_> = (0..2001).map(|_| ("name", "x")).collect();
    let page = visitor.post_form("/account/profile", &fields).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("more fields"));
    let json = visitor.client().post(visitor.address("/account/profile"));
    let answer = json
        .header("content-type", "application/json")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("<h1>"));
}

#[tokio::test]
async fn static_files_are_cached_for_ever_by_content_and_compressed() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    let page = visitor.get("/sign-in").await;
    let mut addresses = page.attributes("link[rel=stylesheet]", "href");
    addresses.extend(page.attributes("script", "src"));
    addresses.extend(page.attributes("link[rel=icon]", "href"));
    assert!(addresses.len() >= 3);
    for address in addresses {
        let file = visitor.get(&address).await;
        assert_eq!(file.status, 200, "{address}");
        assert_eq!(
            file.headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
        let head = visitor
            .client()
            .request(Method::HEAD, visitor.address(&address));
        let head = head.send().await.unwrap();
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["content-type"], file.headers["content-type"]);

        // An address of another version still answers, but nobody may keep it.
        let name = address.rsplit('/').next().unwrap();
        let old = visitor.get(&format!("/static/000000000000/{name}")).await;
        assert_eq!((old.status, &old.body), (200, &file.body));
        assert_eq!(old.headers["cache-control"], "no-cache");
    }
    let sheet = &page.attributes("link[rel=stylesheet]", "href")[0];
    let plain = reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .build()
        .unwrap();
    let request = plain
        .get(visitor.address(sheet))
        .header("accept-encoding", "gzip");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert!(
        answer.headers()["vary"]
            .to_str()
            .unwrap()
            .contains("accept-encoding")
    );
}

#[tokio::test]
async fn pages_answer_head_and_hold_no_inline_script_or_style() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Administrator).await;
    for path in [
        "/account",
        "/admin",
        "/teams/payments/members",
        "/teams/payments/audit",
    ] {
        let head = visitor
            .client()
            .head(visitor.address(path))
            .send()
            .await
            .unwrap();
        assert_eq!(head.status(), 200, "{path}");
        assert!(head.text().await.unwrap().is_empty());
        let page = visitor.get(path).await;
        assert!(page.attributes("[style]", "style").is_empty(), "{path}");
        assert!(page.all("style").is_empty(), "{path}");
        let scripts = page.all("script").len();
        assert_eq!(
            page.attributes("script[src]", "src").len(),
            scripts,
            "{path}"
        );
        for handler in ["onclick", "onsubmit", "onchange", "onload"] {
            assert!(!page.body.contains(&format!(" {handler}=")), "{path}");
        }
    }
}

#[tokio::test]
async fn an_address_that_can_not_be_read_is_not_found() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Administrator).await;
    for path in [
        "/teams/payments/members/abc",
        "/teams/payments/members/99999999999999999999",
        "/teams/payments/members/-1",
        "/teams/payments/members/%ff",
        "/teams/payments/members/1%00",
        "/teams/%00/members",
        "/teams/payments/audit?before=yesterday",
        "/admin?q=%00",
        "/nowhere",
        "//evil.example/",
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert_eq!(page.all("h1"), ["There is nothing here"], "{path}");
        for leak in ["parse", "deserialize", "i64", "UTF-8", "Invalid"] {
            assert!(!page.body.contains(leak), "{path}: {leak}");
        }
    }
    let page = visitor.get("/admin?q=%F0%9F%98%80%E2%80%AE<script>").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("<script>"));
}

#[tokio::test]
async fn a_database_that_is_gone_is_a_page_without_detail() {
    let cast = Cast::new().await;
    let visitor = cast.visitor(Who::Engineer).await;
    cast.app.db.close().await;
    let page = visitor.get("/account").await;
    assert_eq!(page.status, 503);
    assert_eq!(page.all("h1"), ["Too busy right now"]);
    assert!(!page.body.to_lowercase().contains("pool"));
}
