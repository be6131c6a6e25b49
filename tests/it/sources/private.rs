//! Addresses that lead into our own network, by whichever way: typed, by name, by a name that leads elsewhere the
//! next time, or sent on to. At the forms, and when workers read again.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use fairshift::fetch::{Fetcher, Names};
use fairshift::state::AppState;

use super::belief::{account, entry};
use super::server::{Reply, Server};
use super::{HALF, HOME, Stage, calendar, run, serve};
use crate::support::smtp::Authority;
use crate::support::visitor::{Page, Visitor};

#[tokio::test]
async fn addresses_into_private_networks_are_refused_at_their_field() {
    let stage = Stage::set().await;
    // The same service, where private addresses are not allowed.
    let closed = AppState {
        fetcher: Fetcher::new(false),
        ..stage.app.state.clone()
    };
    let visitor = serve(&stage, closed.clone()).await;
    for address in [
        "https://127.0.0.1/c.ics",
        "https://localhost/c.ics",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[fd00:1::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "webcal://127.0.0.1/c.ics",
    ] {
        for (path, field) in [("addresses", "address"), ("accounts", "server")] {
            if address.starts_with("webcal") && field == "server" {
                continue;
            }
            let fields = [(field, address), ("user", "ayse"), ("password", "secret")];
            let page = visitor.post_form(&format!("{HOME}/{path}"), &fields).await;
            assert_eq!(page.status, 422, "{address}");
            let said = page.all(&format!("#{field}-error")).join(" ");
            assert!(
                said.contains("private network"),
                "{address} at {field}: {said}"
            );
        }
    }
    for (address, words) in [
        ("http://example.com/c.ics", "must begin with https://"),
        ("https://example.com:22/c.ics", "must not name a port"),
        (
            "https://me:secret@example.com/c.ics",
            "must not have a user name or password",
        ),
        (
            "gopher://example.com/",
            "must begin with https:// or webcal://",
        ),
        ("calendar", "is not the address of a calendar"),
        ("", "is not the address of a calendar"),
    ] {
        let page = visitor
            .post_form(&format!("{HOME}/addresses"), &[("address", address)])
            .await;
        assert_eq!(page.status, 422, "{address}");
        let said = page.all("#address-error").join(" ");
        assert!(said.to_lowercase().contains(words), "{address}: {said}");
        assert!(
            !page
                .body
                .contains("name=\"password\" type=\"password\" autocomplete=\"off\" value=\"s")
        );
    }
    let kept: i64 = stage.one("select count(*) from sources").await;
    assert_eq!(kept, 0);
    // A calendar that was connected while they were allowed is not read any more either.
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    stage.connect("/c.ics").await;
    let asked = stage.server.asked().len();
    stage.app.clock.advance(TimeDelta::hours(2));
    run(&closed).await;
    assert_eq!(stage.server.asked().len(), asked, "nobody connected");
    assert_eq!(stage.one::<i32>("select failures from sources").await, 1);
    assert_eq!(stage.december().await, Some(50));
}

#[tokio::test]
async fn names_into_private_networks_are_refused_whenever_they_lead_there() {
    let stage = Stage::set().await;
    let server = stage.server.url.trim_start_matches("http://").to_owned();
    let server: std::net::SocketAddr = server.parse().unwrap();
    let names: fairshift::fetch::Names = Arc::new(move |_| vec![server]);
    let with = |private| AppState {
        fetcher: Fetcher::with_names(private, Arc::clone(&names)),
        ..stage.app.state.clone()
    };
    let (open, closed) = (with(true), with(false));
    stage
        .server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    // Connected while it led to where it may.
    let visitor = serve(&stage, open).await;
    let fields = [("address", "http://calendar.example.com/c.ics")];
    visitor
        .submit("/availability/calendars/addresses", &fields)
        .await;
    assert_eq!(stage.december().await, Some(50));
    let asked = stage.server.asked().len();
    // Now it leads inside.
    let visitor = serve(&stage, closed.clone()).await;
    for (path, field) in [("addresses", "address"), ("accounts", "server")] {
        let fields = [
            (field, "https://calendar.example.com/c.ics"),
            ("user", "ayse"),
            ("password", "secret"),
        ];
        let page = visitor.post_form(&format!("{HOME}/{path}"), &fields).await;
        assert_eq!(page.status, 422);
        let said = page.all(&format!("#{field}-error")).join(" ");
        assert!(said.contains("leads into a private network"), "{said}");
    }
    stage.app.clock.advance(TimeDelta::hours(2));
    run(&closed).await;
    assert_eq!(stage.server.asked().len(), asked, "nobody connected");
    assert_eq!(stage.one::<i32>("select failures from sources").await, 1);
    assert_eq!(stage.december().await, Some(50));
}

/// What nobody but us can reach, of each kind.
const INSIDE: [&str; 18] = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:1::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
];
/// The same as people and servers write it.
const WRITTEN: [&str; 16] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "[::1]",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::a00:1]",
];
const OUTSIDE: &str = "93.184.215.14";
const REFUSED: &str = "leads into a private network";

/// What names lead to, one look after the other; the last stays.
type Book = Arc<Mutex<BTreeMap<&'static str, VecDeque<IpAddr>>>>;

/// A service as strict as any, in an internet that has one server.
struct Internet {
    stage: Stage,
    /// The one behind every public address.
    server: Server,
    process: AppState,
    ayse: Visitor,
    book: Book,
    _authority: Authority,
}

impl Internet {
    async fn new(name: &str) -> Self {
        let stage = Stage::set().await;
        let authority = Authority::new(&format!("internet-{name}"));
        let server = Server::start_with_tls(authority.acceptor.clone()).await;
        let at: SocketAddr = server.url["https://".len()..].parse().unwrap();
        let book = Book::default();
        let look = Arc::clone(&book);
        let names: Names = Arc::new(move |name| {
            let mut book = look.lock().unwrap();
            let answers = book.get_mut(name).unwrap_or_else(|| panic!("{name}"));
            let first = answers[0];
            if answers.len() > 1 {
                answers.pop_front();
            }
            vec![SocketAddr::new(first, 0)]
        });
        let pem = std::fs::read(&authority.file).unwrap();
        let certificate = reqwest::Certificate::from_pem(&pem).unwrap();
        let process = AppState {
            fetcher: Fetcher::in_an_internet(names, at, certificate),
            ..stage.app.state.clone()
        };
        let internet = Self {
            ayse: serve(&stage, process.clone()).await,
            stage,
            server,
            process,
            book,
            _authority: authority,
        };
        internet.leads("calendar.example.com", &[OUTSIDE]);
        internet.leads("dav.example.com", &[OUTSIDE]);
        internet
    }

    /// From now on the name leads there: first to the first, and in the end to the last.
    fn leads(&self, name: &'static str, to: &[&str]) {
        let to = to.iter().map(|ip| ip.parse().unwrap()).collect();
        self.book.lock().unwrap().insert(name, to);
    }

    async fn connect(&self, form: &str, field: &str, typed: &str) -> Page {
        // Trying so often is held back otherwise.
        self.stage.app.clock.advance(TimeDelta::minutes(1));
        let fields = [(field, typed), ("user", "ayse"), ("password", "secret")];
        self.ayse
            .post_form(&format!("{HOME}/{form}"), &fields)
            .await
    }

    /// What is typed there is refused at its field, in these words, after so many requests to the server outside.
    async fn refuses(&self, form: &str, field: &str, typed: &str, words: &str, requests: usize) {
        let before = self.server.asked().len();
        let page = self.connect(form, field, typed).await;
        let said = page.all(&format!("#{field}-error")).join(" ");
        assert_eq!(page.status, 422, "{typed}");
        assert!(said.contains(words), "{typed}: {said}");
        let asked = self.server.asked();
        assert_eq!(asked.len(), before + requests, "{typed}: {asked:?}");
    }
}

fn sends_on(to: &str) -> Reply {
    Reply::Header(302, format!("location: {to}"))
}

#[tokio::test]
async fn names_and_redirects_that_lead_inside_are_refused_at_each_form() {
    let net = Internet::new("forms").await;
    let calendar_there = "https://calendar.example.com/c.ics";
    // The way out is there: what is public is read.
    net.server
        .reply("/c.ics", Reply::Calendar(calendar(&[HALF])));
    let page = net.connect("addresses", "address", calendar_there).await;
    assert_eq!(page.status, 303, "{}", page.text());
    account(&net.server, &entry("/c/1.ics", &[HALF]));
    let page = net.connect("accounts", "server", "dav.example.com").await;
    assert_eq!(page.status, 303, "{}", page.text());

    for inside in INSIDE {
        net.leads("inside.example.com", &[inside]);
        // By name.
        for (form, field, typed) in [
            ("addresses", "address", "https://inside.example.com/c.ics"),
            ("addresses", "address", "webcal://inside.example.com/c.ics"),
            ("accounts", "server", "inside.example.com"),
        ] {
            net.refuses(form, field, typed, REFUSED, 0).await;
        }
        // Sent on to a name, from an address that is fine.
        for to in ["https://inside.example.com/c.ics", "//inside.example.com/"] {
            net.server.reply("/c.ics", sends_on(to));
            for typed in [calendar_there, "webcal://calendar.example.com/c.ics"] {
                net.refuses("addresses", "address", typed, REFUSED, 1).await;
            }
        }
        // It led outside when it was asked first, and leads inside when it sends us on to itself.
        net.leads("calendar.example.com", &[OUTSIDE, inside]);
        net.server.reply("/c.ics", sends_on("/moved.ics"));
        net.refuses("addresses", "address", calendar_there, REFUSED, 1)
            .await;
        net.leads("calendar.example.com", &[OUTSIDE]);
        // The same while an account is looked for: the second question of three is not asked.
        net.leads("dav.example.com", &[OUTSIDE, inside]);
        net.refuses("accounts", "server", "dav.example.com", REFUSED, 1)
            .await;
        net.leads("dav.example.com", &[OUTSIDE]);
    }
    for written in WRITTEN {
        let to = format!("https://{written}/c.ics");
        net.server.reply("/c.ics", sends_on(&to));
        net.refuses("addresses", "address", calendar_there, REFUSED, 1)
            .await;
    }
    // A password follows no redirect to another server, wherever that is.
    net.leads("inside.example.com", &["10.0.0.1"]);
    for to in ["https://inside.example.com/", "https://10.0.0.1/"] {
        for path in ["/", "/.well-known/caldav"] {
            net.server.reply(path, sends_on(to));
        }
        let words = "Your password goes only to the server you entered";
        net.refuses("accounts", "server", "dav.example.com", words, 2)
            .await;
    }
    assert_eq!(
        net.stage.one::<i64>("select count(*) from sources").await,
        2
    );
}

#[tokio::test]
async fn workers_are_led_nowhere_inside_either() {
    let net = Internet::new("workers").await;
    let good = Reply::Calendar(calendar(&[HALF]));
    net.server.reply("/c.ics", good.clone());
    let page = net
        .connect("addresses", "address", "https://calendar.example.com/c.ics")
        .await;
    assert_eq!(page.status, 303, "{}", page.text());
    account(&net.server, &entry("/c/1.ics", &[HALF]));
    let page = net.connect("accounts", "server", "dav.example.com").await;
    assert_eq!(page.status, 303, "{}", page.text());
    let path = format!("{}/calendars", page.location());
    net.ayse.submit(&path, &[("calendar", "/c/")]).await;
    run(&net.process).await;
    let known = "select count(*) from source_spans";
    let spans: i64 = net.stage.one(known).await;
    assert!(spans > 40, "{spans}");
    let mut failures = 0;
    // Each source is read once more, and asks so often; what is known stays.
    let mut fails = async |what: &str, requests: usize| {
        let before = net.server.asked().len();
        net.stage.app.clock.advance(TimeDelta::hours(14));
        run(&net.process).await;
        failures += 1;
        let problems: Vec<(i32, String)> =
            sqlx::query_as("select failures, problem from sources order by id")
                .fetch_all(&net.stage.app.db)
                .await
                .unwrap();
        for (count, problem) in problems {
            assert_eq!(count, failures, "{what}: {problem}");
            assert!(problem.contains("private network"), "{what}: {problem}");
        }
        let asked = net.server.asked();
        assert_eq!(asked.len(), before + requests, "{what}: {asked:?}");
        assert_eq!(net.stage.one::<i64>(known).await, spans, "{what}");
    };
    for inside in INSIDE {
        for name in ["calendar.example.com", "dav.example.com"] {
            net.leads(name, &[inside]);
        }
        fails(inside, 0).await;
    }
    for inside in ["127.0.0.1", "::1", "169.254.169.254", "fd00::1"] {
        for name in ["calendar.example.com", "dav.example.com"] {
            net.leads(name, &[OUTSIDE, inside]);
        }
        net.server.reply("/c.ics", sends_on("/moved.ics"));
        net.server.reply("PROPFIND /c/", sends_on("/moved/"));
        fails(inside, 2).await;
    }
}
