//! Calendars as files, and how many somebody may connect.

use super::{AWAY, HALF, HOME, MEETING, Stage, calendar, upload};

#[tokio::test]
async fn a_file_is_uploaded_or_pasted_and_goes_with_all_its_data() {
    let stage = Stage::set().await;
    let (half, path) = (calendar(&[HALF, AWAY]), format!("{HOME}/files"));
    for (fields, file, words) in [
        (vec![], &b""[..], "Choose a file that ends in .ics"),
        (vec![], b"<html>", "gave a web page"),
        (vec![("text", "hello")], b"", "BEGIN:VCALENDAR"),
        (
            vec![("file_counts", "everything")],
            half.as_bytes(),
            "what the calendar counts for",
        ),
        (
            vec![("file_name", "a\u{202E}b")],
            half.as_bytes(),
            "can't be shown",
        ),
    ] {
        let (status, body) = upload(&stage.ayse, &path, &fields, file).await;
        assert_eq!(status, 422, "{words}");
        assert!(
            body.contains(words) || body.contains(&words.replace('\'', "&#39;")),
            "{words}: {body}"
        );
    }
    assert_eq!(
        upload(&stage.ayse, &path, &[], &vec![b' '; 10_200_000])
            .await
            .0,
        413
    );
    assert_eq!(
        upload(
            &stage.ayse,
            &path,
            &[("file_name", "Export")],
            half.as_bytes()
        )
        .await
        .0,
        303
    );
    let page = stage.ayse.get(HOME).await;
    assert!(
        page.text().contains("Export uploaded just now"),
        "{}",
        page.text()
    );
    assert_eq!(
        stage.december().await,
        Some(57),
        "half of the rest, and three days away"
    );
    // Pasted, as without a file to hand; for out of office only.
    let pasted = [("text", half.as_str()), ("file_counts", "out_of_office")];
    assert_eq!(upload(&stage.ayse, &path, &pasted, b"").await.0, 303);
    let (first, second): (i64, i64) = sqlx::query_as("select min(id), max(id) from sources")
        .fetch_one(&stage.app.db)
        .await
        .unwrap();
    stage
        .ayse
        .submit(&format!("{HOME}/{first}/removal"), &[])
        .await;
    assert_eq!(
        stage.december().await,
        None,
        "only out of office is left, which does not say how busy she is"
    );
    // The other is uploaded anew, then goes: nothing of it is left, and nothing means not known.
    let path = format!("{HOME}/{second}/file");
    assert_eq!(
        upload(&stage.ayse, &path, &[], calendar(&[HALF]).as_bytes())
            .await
            .0,
        303
    );
    assert_eq!(stage.december().await, None);
    stage
        .ayse
        .submit(
            &format!("{HOME}/{second}"),
            &[("name", "Export"), ("counts", "busy")],
        )
        .await;
    assert_eq!(stage.december().await, Some(50));
    stage
        .ayse
        .submit(&format!("{HOME}/{second}/removal"), &[])
        .await;
    assert_eq!(stage.december().await, None);
    let left: i64 = stage
        .one("select (select count(*) from sources) + (select count(*) from source_spans) + (select count(*) from booked_times) + (select count(*) from leave_proposals)")
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_person_connects_at_most_20() {
    let stage = Stage::set().await;
    let file = calendar(&[MEETING]);
    for _ in 0..20 {
        assert_eq!(
            upload(&stage.ayse, &format!("{HOME}/files"), &[], file.as_bytes())
                .await
                .0,
            303
        );
    }
    let (status, body) = upload(&stage.ayse, &format!("{HOME}/files"), &[], file.as_bytes()).await;
    assert_eq!(status, 422);
    assert!(body.contains("Remove one first"));
}
