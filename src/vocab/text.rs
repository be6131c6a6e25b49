//! Text that people type: bounded, and free of what could deceive or break a line.

use std::fmt;
use std::str::FromStr;

use lettre::Address;

/// Why a text was refused. The message is meant for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("can't be empty")]
    Empty,
    /// More characters than allowed.
    #[error("is too long: at most {0} characters")]
    TooLong(usize),
    /// Control characters, or marks that turn the direction of writing around.
    #[error(
        "has a character that can't be shown (a control or text-direction mark); type it again without"
    )]
    Hidden,
    /// Not an e-mail address.
    #[error("is not an e-mail address, like name@example.com")]
    NotEmail,
    /// Not a short name for addresses.
    #[error("may only have small letters, digits and hyphens, like payments-eu")]
    NotSlug,
}

/// Characters that hide or reorder others: controls, bidirectional marks, zero-width and line
/// separators, and what stands for bytes that were no text. A joiner between visible characters (Persian, emoji) is fine.
pub(crate) fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFD}')
}

fn checked(text: &str, most: usize, lines: bool) -> Result<String, TextError> {
    let text = if lines {
        text.replace("\r\n", "\n")
    } else {
        text.to_owned()
    };
    let text = text.trim();
    if text.chars().count() > most {
        return Err(TextError::TooLong(most));
    }
    if text
        .chars()
        .any(|c| hidden(c) && !(lines && matches!(c, '\n' | '\t')))
    {
        return Err(TextError::Hidden);
    }
    Ok(text.to_owned())
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($text:ident) $body:block)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;
            fn from_str($text: &str) -> Result<Self, TextError> {
                $body.map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// One line, 1 to 120 characters: a name, a title.
    Line(text) {
        checked(text, 120, false).and_then(|t| if t.is_empty() { Err(TextError::Empty) } else { Ok(t) })
    }
    /// Some lines, at most 2,000 characters, may be empty: a note, a reason.
    Note(text) {
        checked(text, 2000, true)
    }
    /// An e-mail address in small letters: one that a mail can be sent to, and no quotes, comments or numbers of
    /// machines, which real ones don't have.
    Email(text) {
        checked(&text.to_lowercase(), 254, false).and_then(|t| {
            let odd = |c: char| c.is_whitespace() || "<>,;\"()[]".contains(c);
            let odd_host = |c: char| c.is_ascii_punctuation() && !matches!(c, '-' | '.');
            let host = t.rsplit('@').next().unwrap_or_default();
            let good = !t.contains(odd) && !host.contains(odd_host) && t.parse::<Address>().is_ok();
            if good { Ok(t) } else { Err(TextError::NotEmail) }
        })
    }
    /// A team's or rotation's name in addresses: small letters, digits, hyphens; at most 60.
    Slug(text) {
        checked(text, 60, false).and_then(|t| {
            let good = !t.is_empty()
                && t.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                && !t.starts_with('-')
                && !t.ends_with('-');
            if good { Ok(t) } else { Err(TextError::NotSlug) }
        })
    }
}

impl Slug {
    /// A slug out of a title: "Payments (EU)" becomes "payments-eu"; "team" where nothing is left.
    #[must_use]
    pub fn of(title: &str) -> Self {
        let mut slug = String::new();
        for c in title.to_lowercase().chars().map(plain) {
            if c == '\u{307}' {
                // What a lower-case İ leaves behind.
            } else if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() >= 60 {
                break;
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() {
            "team".to_owned()
        } else {
            slug.to_owned()
        })
    }
}

/// The letter without its marks, where it is one that European languages write.
fn plain(c: char) -> char {
    const LETTERS: [(&str, char); 18] = [
        ("àáâãäåāăą", 'a'),
        ("çćĉċč", 'c'),
        ("ďđð", 'd'),
        ("èéêëēĕėęě", 'e'),
        ("ĝğġģ", 'g'),
        ("ĥħ", 'h'),
        ("ìíîïĩīĭįı", 'i'),
        ("ĵ", 'j'),
        ("ķ", 'k'),
        ("ĺļľł", 'l'),
        ("ñńņň", 'n'),
        ("òóôõöøōŏő", 'o'),
        ("ŕŗř", 'r'),
        ("śŝşšș", 's'),
        ("ţťŧț", 't'),
        ("ùúûüũūŭůűų", 'u'),
        ("ýÿŷ", 'y'),
        ("źżž", 'z'),
    ];
    let known = LETTERS.iter().find(|(marked, _)| marked.contains(c));
    known.map_or(c, |(_, letter)| *letter)
}

#[cfg(test)]
mod tests {
    use super::{Email, Line, Note, Slug, TextError};

    #[test]
    fn a_line_is_one_visible_line() {
        assert_eq!(
            "  Ayşe Demir ".parse::<Line>().map(|l| l.to_string()),
            Ok("Ayşe Demir".into())
        );
        assert_eq!("  ".parse::<Line>(), Err(TextError::Empty));
        assert_eq!("a\u{202E}b".parse::<Line>(), Err(TextError::Hidden));
        assert_eq!("a\nb".parse::<Line>(), Err(TextError::Hidden));
        assert_eq!(
            "x".repeat(10_000).parse::<Line>(),
            Err(TextError::TooLong(120))
        );
        assert!("<b>bold</b>".parse::<Line>().is_ok(), "markup is text");
    }

    #[test]
    fn a_note_may_have_lines() {
        assert_eq!(
            "a\r\nb".parse::<Note>().map(|n| n.to_string()),
            Ok("a\nb".into())
        );
        assert!("a\0b".parse::<Note>().is_err());
    }

    #[test]
    fn addresses_and_slugs() {
        assert_eq!(
            "Ben@Example.com".parse::<Email>().map(|e| e.to_string()),
            Ok("ben@example.com".into())
        );
        for good in ["o'neil+pager@b.org", "ayşe@örnek.example", "root@mailhost"] {
            assert_eq!(
                good.parse::<Email>().map(|e| e.to_string()),
                Ok(good.into())
            );
        }
        let long = format!("{}@b.org", "x".repeat(65));
        for bad in [
            "",
            "ben",
            "@x",
            "a@",
            "a b@c",
            "a@b@c",
            "a@b..c",
            "<a@b.c>",
            ".a@b.c",
            "a.@b.c",
            "a..a@b.c",
            "a@-b.c",
            "a@b-.c",
            "a@b_.c",
            "a@b.c.",
            "a@b!c",
            "a:b@c.d",
            "\"a b\"@c.d",
            "a@[192.0.2.1]",
            "a\\b@c.d",
            &long,
        ] {
            assert_eq!(bad.parse::<Email>(), Err(TextError::NotEmail), "{bad}");
        }
        assert_eq!(Slug::of("Payments (EU)").as_str(), "payments-eu");
        assert_eq!(Slug::of("Búsqueda").as_str(), "busqueda");
        assert_eq!(Slug::of("İstanbul Ödeme").as_str(), "istanbul-odeme");
        assert_eq!(Slug::of("日本").as_str(), "team");
        assert!("Payments".parse::<Slug>().is_err());
    }
}
