//! Headers on every response: nothing but our own scripts and styles, no framing, no sniffing.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::flash;
use super::session::cookie;
use crate::state::AppState;

/// What pages may do.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Adds the headers, and clears the flash message once a page has shown it.
pub async fn add(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let flashed =
        *request.method() == Method::GET && cookie(request.headers(), flash::COOKIE).is_some();
    let mut response = next.run(request).await;
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let shown = response.status().is_success();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if state.site.public_url.is_https() {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    let secure = if state.site.public_url.is_https() {
        mark_secure(headers);
        "; Secure"
    } else {
        ""
    };
    // A page that could not be shown has not shown the message either.
    if flashed && is_page && shown {
        let clear = format!("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}");
        if let Ok(clear) = HeaderValue::from_str(&clear) {
            headers.append(header::SET_COOKIE, clear);
        }
    }
    response
}

/// Cookies that whoever set them did not mark, because they don't know where the site is reached.
fn mark_secure(headers: &mut HeaderMap) {
    let marked = headers.get_all(header::SET_COOKIE).iter().map(|cookie| {
        let text = cookie
            .to_str()
            .ok()
            .filter(|text| !text.contains("; Secure"));
        text.and_then(|text| HeaderValue::from_str(&format!("{text}; Secure")).ok())
            .unwrap_or_else(|| cookie.clone())
    });
    let marked: Vec<HeaderValue> = marked.collect();
    headers.remove(header::SET_COOKIE);
    for cookie in marked {
        headers.append(header::SET_COOKIE, cookie);
    }
}
