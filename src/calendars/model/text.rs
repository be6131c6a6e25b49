//! Content lines: escaped, free of control characters, folded.

use crate::vocab::hidden;

/// Octets a line may have, its end not counted (RFC 5545, 3.1).
const WIDTH: usize = 75;

/// Content lines, ready to send. Whatever goes in, no control or direction mark comes out.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A line as it stands: structure and values that aren't TEXT.
    pub(super) fn raw(&mut self, line: &str) {
        let mut width = 0;
        for c in line.chars().filter(|c| !hidden(*c)) {
            if width + c.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(c);
            width += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A property of type TEXT; line breaks in it are kept.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{}", escaped(value)));
    }

    /// A property of type URI, which has no escapes: blanks can't be part of it.
    pub(super) fn uri(&mut self, name: &str, value: &str) {
        let value: String = value.chars().filter(|c| !c.is_whitespace()).collect();
        self.raw(&format!("{name}:{value}"));
    }

    /// Octets so far.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// What ends a line for at least one reader: Python's `splitlines` takes all of these.
fn breaks(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1C}'..='\u{1E}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + value.len() / 8);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => out.push(' '),
            c if breaks(c) => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A name on one line: a break in it must not start what looks like another line of ours.
pub(super) fn one_line(value: &str) -> String {
    let words = value.split(|c: char| breaks(c) || c == '\t');
    words
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::{Lines, one_line};
    use crate::vocab::hidden;

    /// Undoes folding, as any reader does.
    pub(in super::super) fn unfolded(body: &str) -> String {
        body.replace("\r\n ", "")
    }

    /// Undoes escaping.
    pub(in super::super) fn unescaped(value: &str) -> String {
        let mut out = String::new();
        let mut chars = value.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next().unwrap() {
                    'n' => out.push('\n'),
                    c @ ('\\' | ';' | ',') => out.push(c),
                    c => panic!("\\{c} is no escape"),
                },
                ';' | ',' => panic!("bare {c} in {value}"),
                c => out.push(c),
            }
        }
        out
    }

    /// What every body must be, whatever the texts in it.
    pub(in super::super) fn well_formed(body: &str) {
        assert!(body.ends_with("\r\n"));
        for line in body.strip_suffix("\r\n").unwrap().split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            assert!(!line.is_empty() && line != " ", "empty line");
            assert!(!line.contains(hidden), "{line:?}");
        }
    }

    fn text(value: &str) -> String {
        let mut lines = Lines::default();
        lines.text("SUMMARY", value);
        lines.into_string()
    }

    #[test]
    fn escapes_and_folds() {
        assert_eq!(
            text("a,b;c\\d\ne\r\nf\rg\th"),
            "SUMMARY:a\\,b\\;c\\\\d\\ne\\nf\\ng h\r\n"
        );
        assert_eq!(
            text("a\0b\u{1b}[31mc\u{202E}d\u{FEFF}"),
            "SUMMARY:ab[31mcd\r\n"
        );
        // 8 octets of name, 67 left on the first line: 22 characters of three octets and one over.
        let folded = text(&"日".repeat(30));
        assert_eq!(
            folded,
            format!("SUMMARY:{}\r\n {}\r\n", "日".repeat(22), "日".repeat(8))
        );
        assert_eq!(text(&"x".repeat(67)).matches("\r\n").count(), 1);
        assert_eq!(text(&"x".repeat(68)).matches("\r\n").count(), 2);
    }

    #[test]
    fn names_stay_on_their_line() {
        assert_eq!(one_line(" Ayşe\r\nDemir\u{2028}\tx "), "Ayşe Demir x");
        let mut lines = Lines::default();
        lines.uri("URL", "https://example.com/a\r\nX-EVIL:1?b=c;d,e");
        assert_eq!(
            lines.into_string(),
            "URL:https://example.com/aX-EVIL:1?b=c;d,e\r\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_comes_back(value in any::<String>()) {
            let body = text(&value);
            well_formed(&body);
            let line = unfolded(&body);
            let back = unescaped(line.strip_prefix("SUMMARY:").unwrap().strip_suffix("\r\n").unwrap());
            let expected: String = value
                .replace("\r\n", "\n")
                .chars()
                .map(|c| if super::breaks(c) { '\n' } else if c == '\t' { ' ' } else { c })
                .filter(|c| *c == '\n' || !hidden(*c))
                .collect();
            prop_assert_eq!(back, expected);
        }

        #[test]
        fn wide_text_folds_between_characters(value in "[a-z,;\\\\ é日😀]{0,400}") {
            let body = text(&value);
            well_formed(&body);
            // As octets, the way a client takes it from the wire: each line by itself is UTF-8.
            for line in body.as_bytes().split(|b| *b == b'\n') {
                prop_assert!(std::str::from_utf8(line).is_ok());
            }
            let line = unfolded(&body);
            prop_assert_eq!(unescaped(line.trim_end_matches("\r\n").strip_prefix("SUMMARY:").unwrap()), value);
        }
    }
}
