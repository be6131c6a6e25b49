//! Radicale, a real CalDAV server, read from.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use reqwest::{Client, Method};

use super::server::{Reply, Server};
use super::{HALF, HOME, Stage, calendar};
use crate::clients::ensure_clients;
use crate::support::companion::{Companion, own_folder};

/// A server with one account, `ayse`.
struct Radicale {
    url: String,
    folder: PathBuf,
    client: Client,
    _companion: Companion,
}

impl Radicale {
    async fn start(name: &str) -> Self {
        let folder = own_folder(&format!("radicale-{name}"));
        fs::create_dir_all(&folder).unwrap();
        // It takes no port 0, so one that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let shown = folder.display();
        let config = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {shown}/users\nhtpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {shown}/data\n[web]\ntype = none\n"
        );
        fs::write(folder.join("config"), config).unwrap();
        let script = r#"
            "$1/python" -m radicale --config "$2/config" </dev/null >"$2/log" 2>&1 &
            while read -r _; do :; done
            kill $! 2>/dev/null
            wait
            rm -rf "$2"
        "#;
        let companion = Companion::start(script, &[&ensure_clients(), &folder], &folder);
        fairshift::fetch::ready_tls();
        let radicale = Self {
            url: format!("http://127.0.0.1:{port}"),
            client: Client::builder().no_proxy().build().unwrap(),
            folder,
            _companion: companion,
        };
        radicale.set_password("one");
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while radicale.client.get(&radicale.url).send().await.is_err() {
            assert!(
                std::time::Instant::now() < deadline,
                "Radicale does not start"
            );
            tokio::task::yield_now().await;
        }
        radicale
    }

    fn set_password(&self, password: &str) {
        fs::write(self.folder.join("users"), format!("ayse:{password}\n")).unwrap();
    }

    /// A request as another client of the account, which must be taken.
    async fn ask(&self, method: &str, path: &str, body: String) {
        let method: Method = method.parse().unwrap();
        let request = self
            .client
            .request(method.clone(), format!("{}{path}", self.url));
        let answer = request
            .basic_auth("ayse", Some("one"))
            .body(body)
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{method} {path}: {}",
            answer.status()
        );
    }

    async fn make_calendar(&self, path: &str, name: &str, takes: &str) {
        let body = format!(
            r#"<?xml version="1.0"?><C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>{name}</displayname><C:supported-calendar-component-set><C:comp name="{takes}"/></C:supported-calendar-component-set></prop></set></C:mkcalendar>"#
        );
        self.ask("MKCALENDAR", path, body).await;
    }

    fn account<'a>(&'a self, password: &'a str) -> [(&'static str, &'a str); 4] {
        [
            ("server", self.url.as_str()),
            ("user", "ayse"),
            ("password", password),
            ("account_name", "Private"),
        ]
    }
}

#[tokio::test]
#[allow(clippy::too_many_lines)] // The life of one account.
async fn an_account_is_found_chosen_read_and_mended() {
    let stage = Stage::set().await;
    let radicale = Radicale::start("account").await;
    radicale
        .make_calendar("/ayse/work/", "Work &amp; tra\u{202E}vel", "VEVENT")
        .await;
    radicale
        .make_calendar("/ayse/birthdays/", "Birthdays", "VEVENT")
        .await;
    radicale
        .make_calendar("/ayse/tasks/", "Tasks", "VTODO")
        .await;
    radicale
        .ask("PUT", "/ayse/work/1.ics", calendar(&[HALF]))
        .await;
    let birthday = "DTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261204";
    radicale
        .ask("PUT", "/ayse/birthdays/1.ics", calendar(&[birthday]))
        .await;

    // A wrong password is told at its field, and not shown again.
    let accounts = format!("{HOME}/accounts");
    let page = stage
        .ayse
        .post_form(&accounts, &radicale.account("wrong-one"))
        .await;
    assert_eq!(page.status, 422);
    assert!(
        page.all("#password-error")
            .join("")
            .contains("refuses the user name or password"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains("wrong-one"));
    assert_eq!(page.attributes("#user", "value"), ["ayse"]);

    let page = stage.ayse.submit(&accounts, &radicale.account("one")).await;
    assert!(
        page.text().contains("Choose which of its calendars count"),
        "{}",
        page.text()
    );
    let names = page.all("li.check span");
    assert_eq!(names, ["Birthdays", "Work & travel"]);
    assert!(page.text().contains("ayse at 127.0.0.1"));
    assert_eq!(
        stage.december().await,
        None,
        "nothing is chosen, so nothing is known"
    );
    let id: i64 = stage.one("select id from sources").await;
    let choose = format!("{HOME}/{id}/calendars");
    let page = stage
        .ayse
        .submit(&choose, &[("calendar", "/ayse/work/")])
        .await;
    assert!(page.text().contains("1 calendar counts"), "{}", page.text());
    stage.run().await;
    assert_eq!(stage.december().await, Some(50));
    let version: String = stage.one("select etag from sources").await;
    assert_ne!(version, "", "Radicale tells the state of calendars");
    let sealed: Vec<u8> = stage.one("select secret from sources").await;
    assert!(!sealed.windows(4).any(|w| w == b"ayse"));

    // A change on the server, and another calendar chosen as well.
    radicale
        .ask("DELETE", "/ayse/work/1.ics", String::new())
        .await;
    stage.read_again().await;
    assert_eq!(stage.december().await, Some(0));
    radicale
        .ask("PUT", "/ayse/work/2.ics", calendar(&[HALF]))
        .await;
    let both = [
        ("calendar", "/ayse/work/"),
        ("calendar", "/ayse/birthdays/"),
    ];
    stage.ayse.submit(&choose, &both).await;
    stage.run().await;
    // 23 mornings, and the afternoon of the 3rd.
    assert_eq!(stage.december().await, Some(52));

    // The password stops working: what is known stays, and the page says what to do.
    radicale.set_password("two");
    let page = stage.read_again().await;
    assert!(
        page.text()
            .contains("Make a new app password there and enter it here"),
        "{}",
        page.text()
    );
    assert_eq!(stage.december().await, Some(52));
    let secret = format!("{HOME}/{id}/secret");
    let page = stage
        .ayse
        .post_form(&secret, &radicale.account("one"))
        .await;
    assert_eq!(page.status, 422);
    stage.ayse.submit(&secret, &radicale.account("two")).await;
    stage.run().await;
    assert!(!stage.page().await.text().contains("It can't be read"));
    radicale.set_password("one");
    stage.ayse.submit(&secret, &radicale.account("one")).await;
    stage.run().await;

    // A calendar that counts is removed on the server: that is noticed, and not taken for free time.
    radicale
        .ask("DELETE", "/ayse/birthdays/", String::new())
        .await;
    let page = stage.read_again().await;
    assert!(
        page.text()
            .contains("\"Birthdays\": There is no calendar at this place any more"),
        "{}",
        page.text()
    );
    assert_eq!(stage.december().await, Some(52));
    stage.ayse.submit(&choose, &both[..1]).await;
    stage.run().await;
    assert_eq!(stage.december().await, Some(50));
    // None chosen: none counts.
    stage.ayse.submit(&choose, &[]).await;
    stage.run().await;
    assert_eq!(stage.spans().await, 0);
    assert_eq!(stage.december().await, None, "not known, which is not free");
    let unknown = [("calendar", "/ben/work/")];
    let page = stage.ayse.submit(&choose, &unknown).await;
    assert!(
        page.text().contains("No calendar of this account counts"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn the_password_goes_nowhere_but_to_its_server() {
    let stage = Stage::set().await;
    let (own, other) = (Server::start().await, Server::start().await);
    let typed = [
        ("server", own.url.as_str()),
        ("user", "ayse"),
        ("password", "one"),
    ];
    let accounts = format!("{HOME}/accounts");
    let answer = |body: &str| Reply::With(207, "application/xml", body.as_bytes().to_vec());
    let wrap = |prop: &str| {
        format!(
            r#"<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response><href>/</href><propstat><prop>{prop}</prop></propstat></response></multistatus>"#
        )
    };
    let elsewhere = other.at("/principal/");
    for (reply, words) in [
        (
            Reply::Header(301, format!("location: {elsewhere}")),
            "sends us on to 127.0.0.1",
        ),
        (
            answer(&wrap(&format!(
                "<current-user-principal><href>{elsewhere}</href></current-user-principal>"
            ))),
            "sends us on to 127.0.0.1",
        ),
        (
            answer(&wrap(&format!(
                "<C:calendar-home-set><href>{elsewhere}</href></C:calendar-home-set>"
            ))),
            "sends us on to 127.0.0.1",
        ),
        (Reply::Header(301, "location: /".to_owned()), "in circles"),
        (
            Reply::With(200, "text/html", b"<html></html>".to_vec()),
            "not CalDAV",
        ),
        (answer("<html/>"), "not CalDAV"),
        (answer(&wrap("")), "does not say where your calendars are"),
        (
            Reply::With(500, "text/plain", vec![]),
            "a problem of its own (500)",
        ),
        (Reply::Bomb, "not CalDAV"),
    ] {
        own.reply("/", reply.clone());
        own.reply("/.well-known/caldav", reply);
        let page = stage.ayse.post_form(&accounts, &typed).await;
        assert_eq!(page.status, 422);
        assert!(
            page.all("#server-error").join(" ").contains(words),
            "{words}: {}",
            page.text()
        );
    }
    assert!(
        own.asked()[0].contains("authorization: Basic "),
        "{:?}",
        own.asked()
    );
    assert_eq!(other.asked(), [""; 0], "the other server never heard of it");
    for (server, words) in [
        ("", "is not the address"),
        ("ftp://example.com", "must begin with"),
        ("a b", "is not the address"),
    ] {
        let typed = [("server", server), ("user", "ayse"), ("password", "one")];
        let page = stage.ayse.post_form(&accounts, &typed).await;
        let said = page.all("#server-error").join("").to_lowercase();
        assert!(
            page.status == 422 && said.contains(words),
            "{server}: {said}"
        );
    }
}
