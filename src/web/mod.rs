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
