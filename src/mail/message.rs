//! How a mail is laid out.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use sha2::{Digest as _, Sha256};

use crate::vocab::hidden;
use crate::web::token::hex;

/// A calendar that goes with a mail: an invitation or its end.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a> {
    /// As in the calendar: "REQUEST", "CANCEL".
    pub method: &'a str,
    /// The calendar itself.
    pub ics: &'a str,
}

/// A mail to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// Names it: the same key gives the same Message-ID.
    pub key: &'a str,
    /// The recipient's address.
    pub to: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// For readers without HTML.
    pub text: &'a str,
    /// For the others.
    pub html: &'a str,
    /// When it was written (UTC).
    pub at: DateTime<Utc>,
    /// Where the recipient chooses what they are told.
    pub settings: Option<&'a str>,
    /// A calendar that goes with it.
    pub calendar: Option<Calendar<'a>>,
}

/// The message. With a calendar: mixed [ alternative [ plain, HTML, calendar ], the same calendar as a
/// file ], because some programs look for one and some for the other.
pub fn compose(from: &Mailbox, mail: &Mail<'_>) -> Result<Message, String> {
    let to = mail
        .to
        .parse()
        .map_err(|_| "the recipient's address is none".to_owned())?;
    let subject: String = mail
        .subject
        .chars()
        .map(|c| if hidden(c) { ' ' } else { c })
        .collect();
    let id = hex(&Sha256::digest(mail.key.as_bytes()));
    let id = id.get(..32).unwrap_or(&id);
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(SystemTime::from(mail.at))
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"));
    if let Some(settings) = mail.settings {
        builder = builder.raw_header(raw("List-Unsubscribe", &format!("<{settings}>")));
    }
    let alternative = MultiPart::alternative()
        .singlepart(SinglePart::plain(mail.text.to_owned()))
        .singlepart(SinglePart::html(mail.html.to_owned()));
    let Some(calendar) = mail.calendar else {
        return builder
            .multipart(alternative)
            .map_err(|error| error.to_string());
    };
    let kind = |text: String| ContentType::parse(&text).map_err(|error| error.to_string());
    let inline = kind(format!(
        "text/calendar; method={}; charset=UTF-8",
        calendar.method
    ))?;
    let file = kind("application/ics; name=\"invite.ics\"".to_owned())?;
    // In base64 nobody on the way touches a line's end or length.
    let bytes = || {
        let bytes = calendar.ics.as_bytes().to_vec();
        Body::new_with_encoding(bytes, ContentTransferEncoding::Base64)
            .map_err(|_| "the calendar can't be encoded".to_owned())
    };
    let part = SinglePart::builder().content_type(inline).body(bytes()?);
    let attached = Attachment::new("invite.ics".to_owned()).body(bytes()?, file);
    let mixed = MultiPart::mixed()
        .multipart(alternative.singlepart(part))
        .singlepart(attached);
    builder.multipart(mixed).map_err(|error| error.to_string())
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::Email;

    /// Texts with what could end a line, or an address, at any place.
    fn odd(most: usize) -> impl Strategy<Value = String> {
        let one = prop_oneof![
            any::<char>(),
            prop::sample::select(
                "\r\n\t\0\u{85}\u{2028} :;,<>()[]\"\\\\@.-ab"
                    .chars()
                    .collect::<Vec<_>>()
            ),
        ];
        vec(one, 0..most).prop_map(String::from_iter)
    }

    /// The names of a message's headers; each line of its head is one, or goes on with one.
    fn headers(message: &Message) -> Vec<String> {
        let bytes = message.formatted();
        let text = String::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        let mut names = Vec::new();
        for line in head.split("\r\n") {
            assert!(
                !line.chars().any(|c| c.is_control() && c != '\t'),
                "{line:?}"
            );
            if !line.starts_with([' ', '\t']) {
                names.push(line.split_once(": ").expect("a header").0.to_owned());
            }
        }
        names
    }

    fn mail<'a>(to: &'a str, subject: &'a str) -> Mail<'a> {
        Mail {
            key: "k",
            to,
            subject,
            text: "text",
            html: "<p>text",
            at: DateTime::UNIX_EPOCH,
            settings: Some("https://oncall.example.com/notices"),
            calendar: None,
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_becomes_a_header(name in odd(20), host in odd(20), subject in odd(200)) {
            let from: Mailbox = "Fairshift <us@example.com>".parse().unwrap();
            let usual = headers(&compose(&from, &mail("ben@example.com", "Hello")).unwrap());
            let message = compose(&from, &mail("ben@example.com", &subject)).unwrap();
            prop_assert_eq!(headers(&message), usual.clone());
            let typed = format!("{name}@{host}");
            if let Ok(message) = compose(&from, &mail(&typed, "Hello")) {
                prop_assert_eq!(headers(&message), usual.clone());
            }
            // What may be typed can be sent to, and is kept as it is.
            if let Ok(email) = typed.parse::<Email>() {
                let email = email.as_str();
                prop_assert!(!email.contains(|c: char| c.is_control() || c.is_whitespace()));
                prop_assert!(email.parse::<Email>().is_ok_and(|again| again.as_str() == email));
                let message = compose(&from, &mail(email, "Hello")).unwrap();
                prop_assert_eq!(headers(&message), usual);
                prop_assert_eq!(message.envelope().to()[0].to_string(), email);
            }
        }
    }
}
