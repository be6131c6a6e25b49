//! The lines of a file as they were before somebody folded them.

use std::borrow::Cow;

/// Content lines, unfolded, without their ends. Ends may be CRLF, LF or CR, in any mix; empty lines
/// are left out. Folds are undone on bytes, since some writers fold inside a character.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
        }
    }

    /// The next line as it stands in the file; never empty.
    fn physical(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = self.rest.iter().position(|b| matches!(b, b'\r' | b'\n'));
            let (line, rest) = match end.and_then(|end| self.rest.split_at_checked(end)) {
                Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
                None => (self.rest, &[][..]),
            };
            self.rest = rest;
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Cow::Borrowed(self.physical()?);
        loop {
            let before = self.rest;
            match self.physical() {
                Some([b' ' | b'\t', more @ ..]) => line.to_mut().extend_from_slice(more),
                Some(_) => {
                    self.rest = before;
                    return Some(line);
                }
                None => return Some(line),
            }
        }
    }
}

/// The property that a content line is about, in capitals.
pub(super) fn name(line: &[u8]) -> String {
    let end = line.iter().position(|b| matches!(b, b':' | b';'));
    let name = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
    // No name that means something is longer.
    let name = name.get(..name.len().min(40)).unwrap_or_default();
    String::from_utf8_lossy(name).trim().to_ascii_uppercase()
}

/// What follows the first colon that stands outside quotes.
pub(super) fn value(line: &[u8]) -> &[u8] {
    let mut quoted = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b':' if !quoted => return line.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::{Lines, name, value};

    fn lines(bytes: &[u8]) -> Vec<String> {
        Lines::new(bytes)
            .map(|line| String::from_utf8(line.into_owned()).unwrap())
            .collect()
    }

    #[test]
    fn folds_are_undone_whatever_the_ends() {
        let text = "\u{FEFF}A:1\r\nB:é\n C\r\t:2\r\n\r\nD:3\n\n  4";
        assert_eq!(lines(text.as_bytes()), ["A:1", "B:éC:2", "D:3 4"]);
        assert_eq!(lines(b"A:\xC3\r\n \xA9"), ["A:é"]);
        assert_eq!(lines(b" \r\n x"), [" x"]);
        assert!(lines(b"\r\n\n\r").is_empty());
    }

    #[test]
    fn names_and_values() {
        assert_eq!(name(b"dtstart;TZID=\"a:b\":1"), "DTSTART");
        assert_eq!(value(b"dtstart;TZID=\"a:b\":1:2"), b"1:2");
        assert_eq!(value(b"nothing"), b"");
    }
}
