//! A message that survives one redirect: "Saved." It travels in a cookie that the next page clears.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::session::cookie;

/// The cookie's name.
pub const COOKIE: &str = "flash";

/// What to tell the person on the next page.
#[derive(Clone, Copy, Debug)]
pub struct Flash;

impl Flash {
    /// 303 to `to`, where `message` is shown once.
    #[must_use]
    pub fn redirect(to: &str, message: &str) -> Response {
        let mut response = Redirect::to(to).into_response();
        let encoded = super::token::hex(message.as_bytes());
        let set = format!("{COOKIE}={encoded}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        if let Ok(set) = HeaderValue::from_str(&set) {
            response.headers_mut().append(header::SET_COOKIE, set);
        }
        response
    }

    /// The message that a redirect left for this request.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<String> {
        let encoded = cookie(headers, COOKIE)?;
        let bytes: Option<Vec<u8>> = encoded
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        String::from_utf8(bytes?)
            .ok()
            .filter(|text| text.chars().count() <= 500)
    }
}
