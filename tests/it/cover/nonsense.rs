//! What no page of ours would send, to every form and address of covering: it is refused with words,
//! changes nothing, and never is our fault.

use super::{Crew, send};
use crate::support::visitor::Visitor;

/// Values that mean nothing, or somebody else's.
const ODD: [&str; 14] = [
    "",
    " ",
    "0",
    "-1",
    "9223372036854775807",
    "99999999999999999999",
    "1.5",
    "null",
    "\u{0}",
    "\u{202e}abc",
    "';--",
    "<b>",
    "2026-02-30T25:61",
    "9999999-12-31T00:00",
];

/// The same, somebody of another team, and more than anybody writes.
async fn odd(crew: &Crew) -> Vec<String> {
    let stranger: i64 = sqlx::query_scalar("select id from people where name = 'Sam Stranger'")
        .fetch_one(&crew.app.db)
        .await
        .unwrap();
    let mut odd = ODD.map(str::to_owned).to_vec();
    odd.extend([stranger.to_string(), "x".repeat(100_000)]);
    odd
}

/// Sends a form, which must not be good, and looks at the answer.
async fn refused(visitor: &Visitor, form: &str, fields: &[(&str, &str)]) {
    let page = visitor.post_form(form, fields).await;
    let (name, value) = fields[0];
    let value: String = value.chars().take(30).collect();
    let shown = format!("{form}: {name} = {value:?}: {}", page.status);
    let answers = [303, 400, 403, 404, 409, 413, 422];
    assert!(answers.contains(&page.status), "{shown}");
    if page.status != 303 {
        assert_eq!(page.all("h1").len(), 1, "{shown}: {}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_request_refuses_nonsense_in_every_field() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let shift = crew.shift("2026-12-09").await.to_string();
    let role = crew.rotation.roles[0].to_string();
    let good = [("shift", &*shift), ("role", &*role), ("kind", "cover")];
    for value in odd(&crew).await {
        for field in [
            "shift",
            "role",
            "person",
            "kind",
            "colleague",
            "return",
            "from",
            "to",
            "at",
            "reason",
        ] {
            let mut sent = vec![(field, value.as_str())];
            sent.extend(good.iter().filter(|(name, _)| *name != field));
            // Where the rest is good, something else is not: nothing may come of it.
            sent.push(match field {
                "from" | "to" => ("reason", "\u{202e}"),
                _ => ("from", "never"),
            });
            refused(&ayse, "/covers", &sent).await;
        }
    }
    let made = "select count(*) from cover_requests";
    assert_eq!(crew.count(made).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_request_refuses_nonsense_in_every_field() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let id = crew.request(&ayse, "2026-12-17", 0, &[]).await;
    let (asked, link) = crew.link().await;
    let asked = crew.visitor_of(&asked).await;
    let nobody = crew.app.visitor();
    let (path, answer) = (format!("/covers/{id}"), format!("{link}/answer"));
    let before = crew.offers(id).await;
    for (visitor, form, fields) in [
        (&asked, format!("{path}/answer"), &["choice", "note"][..]),
        (&nobody, answer.clone(), &["choice", "note"]),
        (&nobody, format!("{link}/undo"), &["choice"]),
        (&carla, format!("{path}/asks"), &["person"]),
        (&carla, format!("{path}/assignment"), &["assignee"]),
        (&carla, format!("{path}/approval"), &["approval"]),
    ] {
        for field in fields {
            for value in odd(&crew).await {
                refused(visitor, &form, &[(field, value.as_str())]).await;
            }
        }
    }
    assert_eq!(crew.offers(id).await, before);
    assert_eq!(crew.state(id).await, "open");
    // After all that it is answered as ever.
    assert_eq!(send(&nobody, &answer, "agree").await.status, 303);
    assert_eq!(crew.state(id).await, "covered");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_lead_nowhere_say_so() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    for value in ODD {
        let bytes = value.bytes();
        let encoded: Vec<String> = bytes.map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            "/covers/{}",
            "/covers/{}/live",
            "/covers/new?shift={}&role={}",
            "/offers/{}",
        ] {
            let page = ayse.get(&path.replace("{}", &encoded.concat())).await;
            let answers = [400, 404];
            let shown = format!("{path} {value:?}: {}", page.status);
            assert!(answers.contains(&page.status), "{shown}");
        }
    }
}
