//! A form as it was typed, and what is wrong with it. A form that fails is shown again with both.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::{FromRequest, RawForm, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

use crate::error::AppError;

/// A form that has not arrived by then is not waited for; less than any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Typed values by field name (a name may repeat), and the messages at the fields.
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: Vec<(String, String)>,
    errors: Vec<(String, String)>,
    /// What fields are called on their page, where that is not their name.
    labels: Vec<(String, String)>,
}

impl Form {
    /// A form with these values, to be filled in.
    #[must_use]
    pub fn of<N: Into<String>, V: Display>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        let values = values
            .into_iter()
            .map(|(n, v)| (n.into(), v.to_string()))
            .collect();
        Self {
            values,
            ..Self::default()
        }
    }

    /// Says what a field is called on its page, for messages that stand apart from it.
    pub fn call(&mut self, name: impl Into<String>, label: impl Into<String>) {
        self.labels.push((name.into(), label.into()));
    }

    fn label(&self, name: &str) -> String {
        let label = self.labels.iter().find(|(n, _)| n == name);
        label.map_or_else(|| name.replace('_', " "), |(_, label)| label.clone())
    }

    /// One more value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Display) {
        self.values.push((name.into(), value.to_string()));
    }

    /// What was typed in a field; empty where the field is missing.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, v)| v)
    }

    /// All values of a field that may repeat, such as checkboxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Whether a checkbox or option of this value is chosen.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|v| v == value)
    }

    /// Whether a checkbox is ticked or any value given.
    #[must_use]
    pub fn ticked(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, e)| e.as_str())
    }

    /// All messages, field and text, in the order found.
    #[must_use]
    pub fn errors(&self) -> &[(String, String)] {
        &self.errors
    }

    /// What is wrong with a field, as a sentence beside it.
    #[must_use]
    pub fn message(&self, name: &str) -> Option<String> {
        self.error(name).map(capital)
    }

    /// All messages for the top of the form: field, and a sentence that can stand alone there. A
    /// message that begins small goes on from the field's name.
    pub fn summary(&self) -> impl Iterator<Item = (&str, String)> {
        self.errors.iter().map(|(name, message)| {
            let text = if message.starts_with(char::is_lowercase) {
                capital(&format!("{} {message}", self.label(name)))
            } else {
                message.clone()
            };
            (name.as_str(), text)
        })
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// The status of the page that shows it: 422 where something is wrong.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if self.is_good() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }

    /// The status of a page with several forms: 422 where something is wrong in one of them.
    #[must_use]
    pub fn status_of(forms: &[&Self]) -> StatusCode {
        let wrong = forms.iter().find(|form| !form.is_good());
        wrong.map_or(StatusCode::OK, |form| form.status())
    }

    /// Puts a message at a field. The first message of a field stays.
    pub fn refuse(&mut self, name: &str, message: impl Display) {
        if self.error(name).is_none() {
            self.errors.push((name.to_owned(), message.to_string()));
        }
    }

    /// The field's value as a `T`; otherwise a message at the field.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        match self.value(name).trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, error);
                None
            }
        }
    }

    /// Like `parse`, but an empty field is fine and gives `default`.
    pub fn parse_or<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> Option<T> {
        if self.value(name).trim().is_empty() {
            Some(default)
        } else {
            self.parse(name)
        }
    }

    /// Like `parse`, but an empty field gives `Some(None)`.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Option<T>> {
        if self.value(name).trim().is_empty() {
            Some(None)
        } else {
            self.parse(name).map(Some)
        }
    }

    /// A whole number within the bounds; otherwise a message that names them.
    pub fn number(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let number = self.value(name).trim().parse::<i64>().ok();
        let number = number.filter(|n| (least..=most).contains(n));
        if number.is_none() {
            self.refuse(
                name,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// A day from 2000 to 2199 as `yyyy-mm-dd`; otherwise a message.
    pub fn day(&mut self, name: &str) -> Option<chrono::NaiveDate> {
        use chrono::Datelike as _;
        let day = chrono::NaiveDate::parse_from_str(self.value(name).trim(), "%Y-%m-%d").ok();
        let day = day.filter(|d| (2000..2200).contains(&d.year()));
        if day.is_none() {
            self.refuse(name, "must be a day from 2000 to 2199, like 2026-12-24");
        }
        day
    }

    /// Like `day`, but an empty field gives `Some(None)`.
    pub fn optional_day(&mut self, name: &str) -> Option<Option<chrono::NaiveDate>> {
        if self.value(name).trim().is_empty() {
            Some(None)
        } else {
            self.day(name).map(Some)
        }
    }

    /// A time of day as `hh:mm`; otherwise a message.
    pub fn time(&mut self, name: &str) -> Option<chrono::NaiveTime> {
        let time = crate::vocab::time_of_day(self.value(name));
        if time.is_none() {
            self.refuse(name, "must be a time of day, like 09:00");
        }
        time
    }

    /// A time zone, by name or by city; otherwise a message.
    pub fn zone(&mut self, name: &str) -> Option<chrono_tz::Tz> {
        match crate::vocab::typed_zone(self.value(name)) {
            Ok(zone) => Some(zone),
            Err(error) => {
                self.refuse(name, error);
                None
            }
        }
    }
}

/// The text with a capital first letter.
fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(rest).collect()
    })
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        Self::within(PATIENCE, request, state).await
    }
}

impl Form {
    /// The form, if it arrives in time.
    async fn within<S: Send + Sync>(
        patience: Duration,
        request: Request,
        state: &S,
    ) -> Result<Self, Response> {
        let read = timeout(patience, RawForm::from_request(request, state));
        let RawForm(bytes) = read
            .await
            .map_err(|_| AppError::TooSlow.into_response())?
            .map_err(|rejection| {
                let rejection = rejection.into_response();
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    AppError::TooLarge.into_response()
                } else {
                    AppError::BadRequest(
                        "The form could not be read. Go back and send it again.".into(),
                    )
                    .into_response()
                }
            })?;
        pairs(&bytes)
            .map(|values| Self {
                values,
                ..Self::default()
            })
            .ok_or_else(|| {
                AppError::BadRequest(
                    "The form has more fields than any of ours. Go back and send it again.".into(),
                )
                .into_response()
            })
    }
}

/// The pairs of an `application/x-www-form-urlencoded` body; none where there are more than any form
/// of ours has. What is no text, and NUL, which the database can't keep, become the replacement
/// character, which no field takes: so the message is at the field.
fn pairs(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    const MOST_FIELDS: usize = 2000;
    let clean = |text: &str| text.replace('\0', "\u{FFFD}");
    let pairs: Vec<(String, String)> = form_urlencoded::parse(bytes)
        .take(MOST_FIELDS + 1)
        .map(|(name, value)| (clean(&name), clean(&value)))
        .collect();
    (pairs.len() <= MOST_FIELDS).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use super::{Form, pairs};
    use crate::vocab::Line;

    #[test]
    fn what_is_no_text_is_refused_at_its_field() {
        for body in ["name=a%00b", "name=a%FFb"] {
            let mut form = Form {
                values: pairs(body.as_bytes()).unwrap(),
                ..Form::default()
            };
            assert!(form.parse::<Line>("name").is_none(), "{body}");
            assert!(form.error("name").is_some());
        }
        assert!(pairs("a=b&".repeat(2001).as_bytes()).is_none());
    }

    #[test]
    fn keeps_what_was_typed_beside_the_message() {
        let mut form = Form::of([
            ("name", "a\u{202E}b"),
            ("tag", "x"),
            ("tag", "y"),
            ("percent", "301"),
        ]);
        assert!(form.parse::<Line>("name").is_none());
        assert!(form.number("percent", 0, 300).is_none());
        assert_eq!(form.value("name"), "a\u{202E}b");
        assert_eq!(form.all("tag").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(
            form.error("percent"),
            Some("must be a whole number from 0 to 300")
        );
        assert_eq!(form.errors().len(), 2);
        form.refuse("again", "The two differ.");
        let summary: Vec<_> = form.summary().map(|(_, text)| text).collect();
        assert_eq!(
            summary[1..],
            [
                "Percent must be a whole number from 0 to 300",
                "The two differ."
            ]
        );
        form.call("percent", "Ayşe Demir");
        assert_eq!(
            form.summary().nth(1).map(|(_, text)| text).as_deref(),
            Some("Ayşe Demir must be a whole number from 0 to 300")
        );
        assert_eq!(
            form.message("percent").as_deref(),
            Some("Must be a whole number from 0 to 300")
        );
    }

    #[tokio::test]
    async fn a_form_that_does_not_arrive_is_not_waited_for() {
        let body =
            axum::body::Body::from_stream(tokio_stream::pending::<Result<Vec<u8>, String>>());
        let request = axum::http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .unwrap();
        let refused = Form::within(std::time::Duration::from_millis(50), request, &())
            .await
            .unwrap_err();
        assert_eq!(refused.status(), 408);
    }

    #[test]
    fn times_of_day_are_whole_minutes() {
        let mut form = Form::of([
            ("a", "08:00"),
            ("b", "08:00:00"),
            ("c", "08:00:30"),
            ("d", "23:59:60"),
        ]);
        assert_eq!(form.time("a"), form.time("b"));
        assert!(form.time("a").is_some());
        assert!(form.time("c").is_none() && form.time("d").is_none());
    }

    #[test]
    fn days_are_of_this_age() {
        let mut form = Form::of([
            ("a", "0001-01-01"),
            ("b", "9999-12-31"),
            ("c", "2024-02-29"),
            ("d", "2023-02-29"),
            ("e", ""),
        ]);
        assert!(form.day("a").is_none() && form.day("b").is_none() && form.day("d").is_none());
        assert!(form.day("c").is_some());
        assert_eq!(form.optional_day("e"), Some(None));
    }
}
