//! What people write about themselves is for their managers alone.

use super::{Crew, send};

const NOTE: &str = "Chemotherapy";

/// That somebody can't on the day from midnight to midnight (UTC), and their reason.
async fn unavailable(crew: &Crew, name: &str, day: &str) {
    sqlx::query(
        "insert into availability_entries (person_id, starts_at, ends_at, level, note, entered_at)
        values ($1, $2::timestamptz, $2::timestamptz + interval '1 day', 'unavailable', $3, now())",
    )
    .bind(crew.person(name).id)
    .bind(
        format!("{day}T00:00:00Z")
            .parse::<chrono::DateTime<chrono::Utc>>()
            .unwrap(),
    )
    .bind(NOTE)
    .execute(&crew.app.db)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_learn_that_somebody_cannot_and_managers_why() {
    let crew = Crew::new().await;
    unavailable(&crew, "ines", "2026-12-09").await;
    unavailable(&crew, "chen", "2026-12-09").await;
    let ayse = crew.visitor("ayse").await;
    let carla = crew.visitor("carla").await;
    let shift = crew.shift("2026-12-09").await;
    let role = crew.rotation.roles[0];
    let form = format!("/covers/new?shift={shift}&role={role}");
    let page = ayse.get(&form).await;
    let barred = page.all("[aria-labelledby=barred] li");
    assert!(
        barred.contains(&"Ines Costa unavailable".to_owned()),
        "{barred:?}"
    );
    assert!(!page.body.contains(NOTE), "{}", page.text());
    let hers = crew.person("ayse").id;
    let page = carla.get(&format!("{form}&person={hers}")).await;
    let barred = page.all("[aria-labelledby=barred] li");
    assert!(
        barred.contains(&format!("Ines Costa unavailable ({NOTE})")),
        "{barred:?}"
    );
    // Refused because of it: a shift given, and one swapped.
    let ines = crew.person("ines").id.to_string();
    let back = format!(
        "{}.{role}.{}",
        crew.shift("2026-12-11").await,
        crew.person("chen").id
    );
    for fields in [
        [("kind", "give"), ("colleague", ines.as_str())],
        [("kind", "swap"), ("return", back.as_str())],
    ] {
        let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
        assert_eq!(page.status, 422, "{}", page.text());
        assert!(page.text().contains("unavailable"), "{}", page.text());
        assert!(!page.body.contains(NOTE), "{fields:?}: {}", page.text());
    }
    // On the request's page: managers read it, and who wrote it.
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let path = format!("/covers/{id}");
    for (who, is_told) in [
        ("ayse", false),
        ("gus", false),
        ("carla", true),
        ("ines", true),
    ] {
        let page = crew.visitor(who).await.get(&path).await;
        assert_eq!(page.status, 200, "{who}");
        assert_eq!(page.body.contains(NOTE), is_told, "{who}: {}", page.text());
    }
    let fields = [("assignee", ines.as_str())];
    let page = carla
        .post_form(&format!("{path}/assignment"), &fields)
        .await;
    assert!(page.text().contains(NOTE), "{}", page.text());
    // What is kept with the assignment is read by everybody.
    let fields = [("assignee", ines.as_str()), ("override", "She offered to")];
    carla.submit(&format!("{path}/assignment"), &fields).await;
    let kept = "select count(*) from assignments where overridden_rules like '%Chemotherapy%'";
    assert_eq!(crew.count(kept).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_swaps_does_not_learn_why_the_other_cannot() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let back = format!(
        "{}.{}.{}",
        crew.shift("2026-12-11").await,
        crew.rotation.roles[0],
        crew.person("chen").id
    );
    let fields = [("kind", "swap"), ("return", back.as_str())];
    crew.request(&ayse, "2026-12-09", 0, &fields).await;
    unavailable(&crew, "ayse", "2026-12-11").await;
    let (_, link) = crew.link().await;
    let page = send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
    assert_eq!(page.status, 422, "{}", page.text());
    assert!(
        page.text().contains("Ayşe Demir: unavailable"),
        "{}",
        page.text()
    );
    assert!(!page.body.contains(NOTE), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_nothing_to_who_has_left_the_team() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let why = [("reason", "My sister marries")];
    let id = crew.request(&ayse, "2026-12-09", 0, &why).await;
    let (name, link) = crew.link().await;
    let asked = crew.visitor_of(&name).await;
    for table in ["leg_members", "team_members"] {
        let sql = format!(
            "delete from {table} where person_id = (select id from people where name = $1)"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&name)
            .execute(&crew.app.db)
            .await
            .unwrap();
    }
    let nobody = crew.app.visitor();
    for page in [
        nobody.get(&link).await,
        asked.get(&link).await,
        super::send(&nobody, &format!("{link}/answer"), "agree").await,
        nobody
            .post_form(&format!("{link}/undo"), &super::TAKE_BACK)
            .await,
    ] {
        assert_eq!(page.status, 410, "{}", page.text());
        let text = page.text();
        assert!(text.contains("You are no longer in this team"), "{text}");
        for secret in ["Ayşe", "Primary", "sister", "9 Dec", "Payments"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    assert_eq!(crew.state(id).await, "open");
    assert_eq!(asked.get(&format!("/covers/{id}")).await.status, 404);
    assert!(!asked.get("/").await.text().contains("You are asked"));
}
