//! Reports: sums, bad dates, downloads, who sees them.

use chrono::{DateTime, TimeDelta, Utc};
use fairshift::vocab::Interval;

use crate::fixtures::{self, PASSWORD};
use crate::support::TestApp;

const NOVEMBER: &str = "from=2026-11-01&to=2026-11-30";

fn at(t: &str) -> DateTime<Utc> {
    t.parse().unwrap()
}

#[tokio::test]
async fn sums_are_those_of_the_rows_and_people_who_left_are_in() {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    // Somebody who served before Fairshift and left since.
    let zone = crew.team.zone;
    let gone = fixtures::person(&app.db, "gone", "=Gone", zone).await;
    let start = at("2026-11-10T21:00:00Z");
    let interval = Interval::new(start, start + TimeDelta::hours(10)).unwrap();
    fixtures::past_shift(&app.db, &crew.rotation, 0, &gone, interval, 1234).await;
    let visitor = app.visitor();
    visitor.sign_in(&crew.ben.email, PASSWORD).await;
    let page = visitor
        .get(&format!("/teams/payments/reports?{NOVEMBER}"))
        .await;
    assert_eq!(page.status, 200);
    let names = page.all("section[aria-labelledby=people] tbody th");
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names.contains(&"=Gone".to_owned()) && names.contains(&"Ben Okafor you".to_owned()));
    let sums: (i64, i64) = sqlx::query_as(
        "select count(*), sum(points)::bigint from carried
        where starts_at >= '2026-10-31T21:00:00Z' and starts_at < '2026-11-30T21:00:00Z'",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(sums.0, 61);
    let foot = page.all("section[aria-labelledby=people] tfoot tr:last-child td");
    assert_eq!(foot[0], "61");
    assert_eq!(foot[2], fairshift::vocab::Points(sums.1).to_string());
    // Each pair served together in twenty of sixty slots.
    let partners = page.all("section[aria-labelledby=partners] tbody tr");
    assert!(
        partners.contains(&"=Gone nobody".to_owned()),
        "{partners:?}"
    );
    assert!(
        partners.contains(&"Chen Wei Ayşe Demir 10× Ben Okafor 10×".to_owned()),
        "{partners:?}"
    );

    let csv = visitor
        .get(&format!("/teams/payments/reports.csv?{NOVEMBER}"))
        .await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        csv.headers["content-disposition"],
        "attachment; filename=\"payments-people-2026-11-01-2026-11-30.csv\""
    );
    let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
    let head: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(&head[..4], ["Person", "Shifts", "Hours", "Points"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    let gone = rows.iter().find(|r| &r[0] == "'=Gone").expect("no formula");
    assert_eq!((&gone[1], &gone[2], &gone[3]), ("1", "10.00", "12.34"));
    let hundredths: i64 = rows
        .iter()
        .map(|r| r[3].replace('.', "").parse::<i64>().unwrap())
        .sum();
    assert_eq!(hundredths, sums.1);

    let csv = visitor
        .get(&format!("/teams/payments/reports/shifts.csv?{NOVEMBER}"))
        .await;
    let mut reader = csv::Reader::from_reader(csv.body.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 61);
    assert_eq!(&rows[0][0], "2026-11-01T09:00:00+03:00");
    assert_eq!(rows.iter().filter(|r| &r[15] == "imported").count(), 1);
}

#[tokio::test]
async fn bad_dates_have_a_message_at_the_field_and_stay() {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    let visitor = app.visitor();
    visitor.sign_in(&crew.carla.email, PASSWORD).await;
    let wrong = [
        ("from=0001-01-01", "#from-error", "0001-01-01"),
        ("to=9999-12-31", "#to-error", "9999-12-31"),
        ("from=2026-02-30", "#from-error", "2026-02-30"),
        ("from=2026-12-01&to=2026-11-01", "#to-error", "2026-11-01"),
        ("from=2001-01-01&to=2026-11-01", "#to-error", "2026-11-01"),
        ("from=%3Cb%3E", "#from-error", "<b>"),
    ];
    for (query, field, typed) in wrong {
        let page = visitor
            .get(&format!("/teams/payments/reports?{query}"))
            .await;
        assert_eq!(page.status, 422, "{query}");
        assert_eq!(page.all(field).len(), 1, "{query}");
        let values = page.attributes("input", "value");
        assert!(values.contains(&typed.to_owned()), "{query}: {values:?}");
        for csv in ["reports.csv", "reports/shifts.csv", "reports/cover.csv"] {
            let page = visitor.get(&format!("/teams/payments/{csv}?{query}")).await;
            assert_eq!(page.status, 400, "{csv}?{query}");
        }
    }
    let presets = visitor.get("/teams/payments/reports").await;
    let links = presets.attributes("form .actions a", "href");
    assert_eq!(links.len(), 4);
    assert!(
        links[0].ends_with("from=2026-05-17&to=2026-11-16"),
        "{links:?}"
    );
    for link in links {
        assert_eq!(visitor.get(&link).await.status, 200);
    }
}

#[tokio::test]
async fn strangers_learn_nothing() {
    let app = TestApp::start().await;
    let crew = fixtures::payments(&app.db).await;
    let visitor = app.visitor();
    visitor.sign_in(&crew.stranger.email, PASSWORD).await;
    for path in [
        "reports",
        "reports.csv",
        "reports/shifts.csv",
        "reports/cover.csv",
    ] {
        let page = visitor.get(&format!("/teams/payments/{path}")).await;
        assert_eq!(page.status, 404, "{path}");
    }
}
