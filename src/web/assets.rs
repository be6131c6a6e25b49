//! Static files, in the binary, under an address that holds a hash of their content: they can be
//! cached for ever, and a new build has new addresses.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

macro_rules! assets {
    ($($name:literal: $kind:literal,)*) => {
        const ASSETS: &[(&str, &str, &[u8])] = &[$(
            ($name, $kind, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/", $name))),
        )*];
    };
}

assets! {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "availability.css": "text/css; charset=utf-8",
    "availability.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "cover.css": "text/css; charset=utf-8",
    "oncall.css": "text/css; charset=utf-8",
    "requirements.css": "text/css; charset=utf-8",
    "rotations.css": "text/css; charset=utf-8",
    "sources.css": "text/css; charset=utf-8",
    "rotations.js": "text/javascript; charset=utf-8",
    "planner.css": "text/css; charset=utf-8",
    "cover.js": "text/javascript; charset=utf-8",
    "planner.js": "text/javascript; charset=utf-8",
}

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (name, _, body) in ASSETS {
        digest.update(name.as_bytes());
        digest.update(body);
    }
    super::token::hex(&digest.finalize())
        .chars()
        .take(12)
        .collect()
});

/// The address of a static file.
#[must_use]
pub fn path(name: &str) -> String {
    format!("/static/{}/{name}", *VERSION)
}

/// `GET /static/{version}/{name}`. An old version's address still answers, so that a page loaded
/// before an upgrade keeps its looks, but is not cached.
pub async fn serve(Path((version, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, body)) = ASSETS.iter().find(|(known, _, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (
        [
            (header::CONTENT_TYPE, *kind),
            (header::CACHE_CONTROL, cache),
        ],
        *body,
    )
        .into_response()
}
