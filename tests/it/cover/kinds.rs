//! Volunteering, giving away, swapping.

use chrono::TimeDelta;

use super::{Crew, TAKE_BACK, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_volunteers() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let id = crew.request(&ayse, "2026-12-09", 0, &[]).await;
    let (asked, _) = crew.link().await;
    // 9 December is day 8: Emil is Secondary then, Ben Primary the day after.
    let emil = crew.visitor("emil").await;
    let page = emil.get(&format!("/covers/{id}")).await;
    assert!(page.text().contains("Not by the rules"), "{}", page.text());
    let page = emil.submit(&format!("/covers/{id}/agreement"), &[]).await;
    assert!(
        page.text().contains("a rule speaks against it"),
        "{}",
        page.text()
    );
    assert_eq!(crew.state(id).await, "open");
    let volunteer = ["Chen Wei", "Dana Levi", "Gus Larsen"]
        .into_iter()
        .find(|name| *name != asked)
        .unwrap();
    let address = volunteer.split(' ').next().unwrap().to_lowercase();
    let visitor = crew.visitor(&address).await;
    let page = visitor.get(&format!("/covers/{id}")).await;
    assert!(page.text().contains("I take it"), "{}", page.text());
    visitor
        .submit(&format!("/covers/{id}/agreement"), &[])
        .await;
    assert_eq!(crew.holder("2026-12-09", 0).await, volunteer);
    assert!(crew.was_told(&asked, "Already covered").await);
    // The requester can't take her own, nor can a manager who serves nowhere.
    for who in ["ayse", "carla"] {
        let visitor = crew.visitor(who).await;
        let page = visitor
            .post_form(&format!("/covers/{id}/agreement"), &[])
            .await;
        assert_eq!(page.status, 403, "{who}");
    }
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_is_given_to_a_colleague_who_agrees() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let chen = crew.person("chen").id.to_string();
    let emil = crew.person("emil").id.to_string();
    let shift = crew.shift("2026-12-09").await;
    let role = crew.rotation.roles[0];
    let page = ayse
        .get(&format!("/covers/new?shift={shift}&role={role}"))
        .await;
    assert!(
        page.text().contains("Give it to a colleague"),
        "{}",
        page.text()
    );
    assert!(
        page.attributes("#colleague option", "value")
            .contains(&chen),
        "{}",
        page.text()
    );
    for (colleague, message) in [
        ("", "Choose who takes it"),
        ("99999", "does not belong to the rotation"),
        (emil.as_str(), "is on another shift then"),
    ] {
        let fields = [("kind", "give"), ("colleague", colleague)];
        let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
        assert_eq!(page.status, 422, "{colleague}");
        assert!(page.text().contains(message), "{}", page.text());
    }
    let fields = [("kind", "give"), ("colleague", chen.as_str())];
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    assert_eq!(crew.asked(id).await, ["Chen Wei"]);
    // She stays available: it is hers unless Chen agrees.
    assert_eq!(
        crew.count("select count(*) from availability_entries")
            .await,
        0
    );
    let nobody = crew.app.visitor();
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "disagree").await;
    assert_eq!(crew.state(id).await, "closed");
    assert!(crew.was_told("Ayşe", "Closed: Primary").await);
    // No answer is a no.
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    crew.later(TimeDelta::days(3)).await;
    assert_eq!(crew.state(id).await, "closed");
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    let (_, link) = crew.link().await;
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.state(id).await, "covered");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Chen Wei");
    // Taken back, it is hers again and nobody else is asked.
    nobody.post_form(&format!("{link}/undo"), &TAKE_BACK).await;
    assert_eq!(crew.state(id).await, "closed");
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_swap_their_shifts() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    // 9 December: Ayşe Primary. 12 December (day 11): Dana Primary.
    let back = format!(
        "{}.{}.{}",
        crew.shift("2026-12-12").await,
        crew.rotation.roles[0],
        crew.person("dana").id
    );
    for (value, message) in [
        ("", "Choose which shift you take in return"),
        ("1.2", "Choose which shift you take in return"),
        ("1.2.3", "can't be taken in return any more"),
    ] {
        let fields = [("kind", "swap"), ("return", value)];
        let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
        assert_eq!(page.status, 422, "{value}");
        assert!(page.text().contains(message), "{}", page.text());
    }
    let fields = [("kind", "swap"), ("return", back.as_str())];
    let page = crew.try_request(&ayse, "2026-12-09", 0, &fields).await;
    // The 13th is Ayşe's as Secondary: no rest after the 12th.
    assert_eq!(page.status, 422, "{}", page.text());
    assert!(
        page.text().contains("Ayşe Demir: would rest 0 h"),
        "{}",
        page.text()
    );
    // 11 December (day 10): Chen Primary.
    let back = format!(
        "{}.{}.{}",
        crew.shift("2026-12-11").await,
        crew.rotation.roles[0],
        crew.person("chen").id
    );
    let fields = [("kind", "swap"), ("return", back.as_str())];
    let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
    assert_eq!(crew.asked(id).await, ["Chen Wei"]);
    let (_, link) = crew.link().await;
    let nobody = crew.app.visitor();
    let page = nobody.get(&link).await;
    assert!(page.text().contains("Fri 11 Dec 09:00"), "{}", page.text());
    send(&nobody, &format!("{link}/answer"), "agree").await;
    assert_eq!(crew.holder("2026-12-09", 0).await, "Chen Wei");
    assert_eq!(crew.holder("2026-12-11", 0).await, "Ayşe Demir");
    crew.consistent().await;
    // Back again.
    ayse.submit(&format!("/covers/{id}/undo"), &[]).await;
    assert_eq!(crew.holder("2026-12-09", 0).await, "Ayşe Demir");
    assert_eq!(crew.holder("2026-12-11", 0).await, "Chen Wei");
    assert_eq!(crew.state(id).await, "withdrawn");
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_over_the_end_of_a_month() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    // 25 November is day 24: Ayşe Primary. 4 December is day 3: Dana Primary.
    assert_eq!(crew.holder("2026-11-25", 0).await, "Ayşe Demir");
    assert_eq!(crew.holder("2026-12-03", 0).await, "Chen Wei");
    let back = format!(
        "{}.{}.{}",
        crew.shift("2026-12-03").await,
        crew.rotation.roles[0],
        crew.person("chen").id
    );
    let fields = [("kind", "swap"), ("return", back.as_str())];
    let page = crew.try_request(&ayse, "2026-11-25", 0, &fields).await;
    let text = page.text();
    if page.status == 303 {
        let (_, link) = crew.link().await;
        send(&crew.app.visitor(), &format!("{link}/answer"), "agree").await;
        assert_eq!(crew.holder("2026-11-25", 0).await, "Chen Wei");
        assert_eq!(crew.holder("2026-12-03", 0).await, "Ayşe Demir");
    } else {
        // Rest or the like: said, and nothing changed.
        assert!(text.contains("breaks a rule"), "{text}");
    }
    crew.consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_can_be_swapped_is_offered() {
    let crew = Crew::new().await;
    let ayse = crew.visitor("ayse").await;
    let shift = crew.shift("2026-12-09").await;
    let role = crew.rotation.roles[0];
    let page = ayse
        .get(&format!("/covers/new?shift={shift}&role={role}"))
        .await;
    // Dana's 12 December leaves her no rest before the 13th.
    let barred = format!(
        "{}.{role}.{}",
        crew.shift("2026-12-12").await,
        crew.person("dana").id
    );
    let offered = page.attributes("#return option", "value");
    assert!(!offered.contains(&barred), "{offered:?}");
    assert!(
        page.text()
            .contains("Dana Levi: Primary, Sat 12 Dec 09:00 to Sun 13 Dec 09:00 would rest 0 h"),
        "{}",
        page.text()
    );
    // What is offered goes through.
    let offered: Vec<&String> = offered.iter().filter(|o| !o.is_empty()).collect();
    assert!(offered.len() > 8, "{offered:?}");
    for back in offered.iter().step_by(5) {
        let fields = [("kind", "swap"), ("return", back.as_str())];
        let id = crew.request(&ayse, "2026-12-09", 0, &fields).await;
        ayse.submit(&format!("/covers/{id}/withdrawal"), &[]).await;
    }
}
