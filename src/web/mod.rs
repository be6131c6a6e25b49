//! What every page shares: the session, forms, the frame, flash messages, static files, security
//! headers. Slices build their pages on it; it knows none of them.

mod address;
pub mod assets;
mod flash;
mod form;
mod frame;
pub mod headers;
mod session;
pub mod token;

pub use address::ClientAddress;
pub use flash::Flash;
pub use form::Form;
pub use frame::{Frame, Section, page, page_with};
pub use session::{Membership, SESSION_COOKIE, SESSION_DAYS, SignedIn, Visitor, cookie};

/// Whether that is a path on this site, also to browsers, which read a backslash as a slash.
#[must_use]
pub fn is_ours(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(|c: char| c == '\\' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_paths_here_are_ours() {
        assert!(is_ours("/teams/a?x=1"));
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\nb",
            "evil",
        ] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
