//! A message that survives one redirect: "Saved." It travels in a cookie that the next page clears.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{is_ours, session::cookie};

/// The cookie's name.
pub const COOKIE: &str = "flash";
/// Stands between a message and what to do next; no text of ours has it.
const BETWEEN: &str = "\u{1F}";
/// The longest text, in characters.
const MOST: usize = 800;

/// What to tell the person on the next page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// The message.
    pub message: String,
    /// What to do next, where something is: its name, and where.
    pub link: Option<(String, String)>,
}

impl Flash {
    /// 303 to `to`, where `message` is shown once.
    #[must_use]
    pub fn redirect(to: &str, message: &str) -> Response {
        Self::sent(to, message)
    }

    /// The same with what to do next: the name and the path of a page of ours.
    #[must_use]
    pub fn redirect_with(to: &str, message: &str, label: &str, path: &str) -> Response {
        Self::sent(to, &[message, label, path].join(BETWEEN))
    }

    fn sent(to: &str, text: &str) -> Response {
        let mut response = Redirect::to(to).into_response();
        let encoded = super::token::hex(text.as_bytes());
        let set = format!("{COOKIE}={encoded}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        if let Ok(set) = HeaderValue::from_str(&set) {
            response.headers_mut().append(header::SET_COOKIE, set);
        }
        response
    }

    /// The message that a redirect left for this request.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let encoded = cookie(headers, COOKIE)?;
        let bytes: Option<Vec<u8>> = encoded
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        let text = String::from_utf8(bytes?).ok();
        let text = text.filter(|text| text.chars().count() <= MOST)?;
        let mut parts = text.split(BETWEEN);
        let message = parts.next().unwrap_or_default().to_owned();
        // Whoever could set a cookie still can't lead anybody elsewhere.
        let ours = |path: &&str| is_ours(path);
        let link = parts
            .next()
            .zip(parts.next().filter(ours))
            .map(|(label, path)| (label.to_owned(), path.to_owned()));
        Some(Self { message, link })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{BETWEEN, Flash};
    use crate::web::token::hex;

    fn read(text: &str) -> Option<Flash> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&format!("flash={}", hex(text.as_bytes()))).unwrap();
        headers.insert("cookie", value);
        Flash::read(&headers)
    }

    #[test]
    fn only_a_page_of_ours_is_offered() {
        let flash = read(&["Done.", "Go on", "/covers"].join(BETWEEN)).unwrap();
        assert_eq!(flash.message, "Done.");
        assert_eq!(flash.link, Some(("Go on".into(), "/covers".into())));
        for path in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:x",
        ] {
            let flash = read(&["Done.", "Go on", path].join(BETWEEN)).unwrap();
            assert_eq!(flash.link, None, "{path}");
        }
        assert_eq!(read("Saved.").unwrap().link, None);
        assert_eq!(read(&"x".repeat(801)), None);
    }
}
