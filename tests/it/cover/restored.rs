//! Who can make it after all has the availability they had, and what they entered since.

use chrono::{DateTime, Utc};

use super::{Crew, TAKE_BACK, send};

async fn enter(crew: &Crew, name: &str, from: &str, to: &str, level: &str, note: &str) {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    sqlx::query(
        "insert into availability_entries (person_id, starts_at, ends_at, level, note, entered_by, entered_at)
        values ($1, $2, $3, $4, $5, $1, '2026-11-01T10:00Z')",
    )
    .bind(crew.person(name).id)
    .bind(at(from))
    .bind(at(to))
    .bind(level)
    .bind(note)
    .execute(&crew.app.db)
    .await
    .unwrap();
}

async fn entered(crew: &Crew, name: &str) -> Vec<String> {
    sqlx::query_scalar(
        "select to_char(starts_at at time zone 'UTC', 'DD HH24') || '-' || to_char(ends_at at time zone 'UTC', 'DD HH24')
            || ' ' || level || ' ' || note
        from availability_entries where person_id = $1 order by starts_at",
    )
    .bind(crew.person(name).id)
    .fetch_all(&crew.app.db)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_entered_before_comes_back() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    // The shift is from the 9th 06:00 to the 10th 06:00.
    for (from, to, level, note) in [
        (
            "2026-12-09T00:00:00Z",
            "2026-12-09T10:00:00Z",
            "preferred",
            "Quiet day",
        ),
        (
            "2026-12-09T20:00:00Z",
            "2026-12-10T12:00:00Z",
            "if_needed",
            "Late",
        ),
    ] {
        enter(&crew, "ayse", from, to, level, note).await;
    }
    let before = entered(&crew, "ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let during = entered(&crew, "ayse").await;
    assert_eq!(
        during,
        [
            "09 00-09 06 preferred Quiet day",
            "09 06-10 06 unavailable Can't make this shift",
            "10 06-10 12 if_needed Late"
        ]
    );
    ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    assert_eq!(entered(&crew, "ayse").await, before);
    // So it does when an agreement is taken back by her.
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (_, link) = crew.link().await;
    send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert_eq!(entered(&crew, "ayse").await, before);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_entered_since_stays() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    enter(
        &crew,
        "ayse",
        "2026-12-09T00:00:00Z",
        "2026-12-10T12:00:00Z",
        "preferred",
        "Quiet day",
    )
    .await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    // Leave, since: by the page, in her zone (UTC+3).
    let fields = [
        ("month", "2026-12"),
        ("range_from", "2026-12-09"),
        ("range_from_time", "18:00"),
        ("range_to", "2026-12-09"),
        ("range_to_time", "21:00"),
        ("range_level", "leave"),
        ("range_note", "Dentist"),
        ("replace", "yes"),
    ];
    ayse.submit("/availability/range", &fields).await;
    ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    assert_eq!(
        entered(&crew, "ayse").await,
        [
            "09 00-09 15 preferred Quiet day",
            "09 15-09 18 leave Dentist",
            "09 18-10 12 preferred Quiet day"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_it_back_though_she_asked_for_cover_herself() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let first = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (name, link) = crew.link().await;
    let nobody = crew.app.visitor();
    send(&nobody, &format!("{link}/answer"), "agree").await;
    let taker = crew.visitor_of(&name).await;
    let second = crew.request(&taker, "2026-12-09", 0, &[]).await;
    let (asked, _) = crew.link().await;
    let back = taker
        .submit(&format!("/covers/{first}/undo"), &TAKE_BACK)
        .await;
    assert!(back.text().contains("Taken back"), "{}", back.text());
    assert_eq!(crew.state(first).await, "open");
    assert_eq!(crew.state(second).await, "closed");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    assert!(crew.was_told(&asked, "Closed: Primary").await);
    // Who asked second can't, and is not asked for the first.
    assert!(!crew.asked(first).await.contains(&name));
    crew.consistent().await;
}
