//! Who was asked and can't any more holds up nobody.

use chrono::TimeDelta;

use super::{Crew, send};

async fn on_leave(crew: &Crew, name: &str) {
    let person = crew.engineers.iter().find(|p| p.name == name).unwrap();
    sqlx::query(
        "insert into availability_entries (person_id, starts_at, ends_at, level, entered_at)
        values ($1, '2026-12-09T00:00Z', '2026-12-10T00:00Z', 'leave', now())",
    )
    .bind(person.id)
    .execute(&crew.app.db)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_is_asked_as_soon_as_somebody_cannot() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (first, link) = crew.link().await;
    // Nothing has changed: nothing happens.
    crew.later(TimeDelta::hours(1)).await;
    assert_eq!(crew.asked(id).await.join(","), first);
    on_leave(&crew, &first).await;
    crew.later(TimeDelta::hours(1)).await;
    let (second, _) = crew.link().await;
    assert_eq!(crew.asked(id).await.join(","), second);
    assert_ne!(second, first);
    assert!(crew.was_told(&first, "Not needed any more: Primary").await);
    let page = crew.app.visitor().get(&link).await;
    assert!(
        page.text().contains("Your answer is not needed any more"),
        "{}",
        page.text()
    );
    let page = ayse.get(&format!("/covers/{id}")).await;
    let said = format!("{first} can't take it any more");
    assert!(page.text().contains(&said), "{}", page.text());
    // Gone altogether.
    sqlx::query(
        "delete from leg_members where person_id = (select id from people where name = $1)",
    )
    .bind(&second)
    .execute(&crew.app.db)
    .await
    .unwrap();
    crew.later(TimeDelta::hours(1)).await;
    let (third, _) = crew.link().await;
    assert_eq!(crew.asked(id).await.join(","), third);
    assert!(third != first && third != second);
    crew.consistent().await;
    // Back from leave, the first may be asked again, by a new link; the old one is worth nothing.
    sqlx::query("delete from availability_entries where level = 'leave'")
        .execute(&crew.app.db)
        .await
        .unwrap();
    let nobody = crew.app.visitor();
    let (_, last) = crew.link().await;
    send(&nobody, &format!("{last}/answer"), "disagree").await;
    let (again, anew) = crew.link().await;
    assert_eq!(again, first, "the best left");
    assert_ne!(anew, link);
    for (method, path) in [("GET", link.clone()), ("POST", format!("{link}/answer"))] {
        let page = if method == "GET" {
            nobody.get(&path).await
        } else {
            send(&nobody, &path, "agree").await
        };
        assert_eq!(page.status, 400, "{method}: {}", page.text());
        assert!(
            page.text().contains("a newer one has taken its place"),
            "{}",
            page.text()
        );
    }
    send(&nobody, &format!("{anew}/answer"), "agree").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, first);
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_by_name_who_cannot_ends_it() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let chen = crew.person("chen").id.to_string();
    let fields = [("kind", "give"), ("colleague", chen.as_str())];
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    on_leave(&crew, "Chen Wei").await;
    crew.later(TimeDelta::hours(1)).await;
    assert_eq!(crew.state(id).await, "closed");
    let page = ayse.get(&format!("/covers/{id}")).await;
    assert!(
        page.text().contains("Chen Wei can't take it any more"),
        "{}",
        page.text()
    );
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_refused_leads_to_the_next_at_once() {
    for is_signed_in in [false, true] {
        let crew = Crew::new().await;
        let ayse = crew.visitor("ayse").await;
        let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
        let (first, link) = crew.link().await;
        on_leave(&crew, &first).await;
        let text = if is_signed_in {
            let visitor = crew.visitor_of(&first).await;
            let fields = [("choice", "agree")];
            let page = visitor
                .submit(&format!("/covers/{id}/answer"), &fields)
                .await;
            page.text()
        } else {
            let nobody = crew.app.visitor();
            let page = send(&nobody, &format!("{link}/answer"), "agree").await;
            assert_eq!(page.status, 422, "{}", page.text());
            page.text()
        };
        assert!(text.contains("on leave"), "{text}");
        let (second, _) = crew.link().await;
        assert_ne!(second, first);
        assert_eq!(crew.asked(id).await, [second]);
        assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
        crew.consistent().await;
    }
}
