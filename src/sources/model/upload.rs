//! A form with a file in it, as browsers send it (`multipart/form-data`).

/// Bytes of the largest file that is taken.
pub const MOST_UPLOAD: usize = 10_000_000;

/// What was sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Upload {
    /// The text fields, name and value.
    pub fields: Vec<(String, String)>,
    /// The file's name, as its owner's machine calls it.
    pub file_name: String,
    /// The file.
    pub file: Vec<u8>,
}

/// Reads a body with that content type; none where it is no such form. At most 20 fields; of files
/// the last counts.
#[must_use]
pub fn upload(content_type: &str, body: &[u8]) -> Option<Upload> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|p| {
        let (name, value) = p.trim().split_once('=')?;
        let named = name.eq_ignore_ascii_case("boundary");
        named.then(|| value.trim_matches('"').to_owned())
    })?;
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let mut upload = Upload::default();
    let opening = format!("--{boundary}");
    let closing = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(opening.as_bytes())?;
    for _ in 0..20 {
        if rest.starts_with(b"--") {
            return Some(upload);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let (head, content) = split(rest, b"\r\n\r\n")?;
        let (content, after) = split(content, closing.as_bytes())?;
        rest = after;
        let head = String::from_utf8_lossy(head);
        let disposition = head.split("\r\n").find(|line| {
            line.to_ascii_lowercase()
                .starts_with("content-disposition:")
        })?;
        let name = parameter(disposition, "name")?;
        if let Some(file) = parameter(disposition, "filename") {
            upload.file_name = file;
            upload.file = content.to_vec();
        } else {
            let value = String::from_utf8_lossy(content).replace('\0', "\u{FFFD}");
            upload.fields.push((name, value));
        }
    }
    None
}

/// What is before and after the first `mark`.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut from = 0;
    while let Some(found) = bytes
        .get(from..)?
        .iter()
        .position(|b| Some(b) == mark.first())
    {
        let at = from + found;
        let rest = bytes.get(at..)?;
        if let Some(after) = rest.strip_prefix(mark) {
            return Some((bytes.get(..at)?, after));
        }
        from = at + 1;
    }
    None
}

/// `filename="a.ics"` of a header's line. Browsers write a quote in it as `%22`.
fn parameter(line: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let (before, value) = line.split_once(&format!("; {start}"))?;
    debug_assert!(!before.is_empty());
    let (value, _) = value.split_once('"')?;
    Some(value.replace("%22", "\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=----X7";

    fn body(file: &[u8]) -> Vec<u8> {
        let head = "------X7\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nWork ä\r\n------X7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"my %22own%22.ics\"\r\nContent-Type: text/calendar\r\n\r\n";
        [head.as_bytes(), file, b"\r\n------X7--\r\n"].concat()
    }

    #[test]
    fn a_form_with_a_file() {
        let upload = upload(TYPE, &body(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")).unwrap();
        assert_eq!(upload.fields, [("name".to_owned(), "Work ä".to_owned())]);
        assert_eq!(upload.file_name, "my \"own\".ics");
        assert_eq!(upload.file, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
        for wrong in [
            "",
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
        ] {
            assert!(super::upload(wrong, &body(b"x")).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_file_survives_and_no_body_panics(file in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..400) {
            let whole = body(&file);
            prop_assert_eq!(&upload(TYPE, &whole).unwrap().file, &file);
            let cut = &whole[..cut.min(whole.len())];
            let _ = upload(TYPE, cut);
            let _ = upload(TYPE, &file);
        }
    }
}
