//! People, teams, and how they get in.
//!
//! A person signs in with e-mail and password (argon2id); a session is a random secret in a cookie,
//! kept here as a hash, listed and ended on the account page. Ten wrong passwords within 15 minutes are
//! too many; they count apart in browsers that the person has signed in from before, known by another
//! secret in a cookie, so that no stranger can lock anybody out there. Managers invite by link; whoever opens
//! it chooses a name, a zone and a password. An administrator makes teams and reset links. A person
//! has contact methods, exactly one of which is the on-call device. Joining and leaving have dates,
//! also in the future: outside them nobody is recommended.

mod account;
mod admin;
mod first_admin;
mod invitations;
mod member;
mod members;
mod model;
mod passwords;
mod sign_in;
mod store;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub use first_admin::invite_admin;
pub use model::{Contact, ContactKind, Password};
pub use passwords::hash as hash_password;
pub use store::{
    NewPerson, add_contact, add_member, add_person, add_team, any, demo_accounts, visible_contacts,
};

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::create))
        .route("/sign-out", post(sign_in::end))
        .route("/account", get(account::show))
        .route("/account/profile", post(account::update_profile))
        .route("/account/password", post(account::update_password))
        .route("/account/contacts", post(account::create_contact))
        .route("/account/contacts/{id}", post(account::update_contact))
        .route("/account/sessions/{id}/end", post(account::end_session))
        .route(
            "/account/sessions/end-others",
            post(account::end_other_sessions),
        )
        .route(
            "/invitations/{token}",
            get(invitations::show).post(invitations::accept),
        )
        .route(
            "/password/{token}",
            get(invitations::show_reset).post(invitations::reset),
        )
        .route("/teams/{slug}/members", get(members::index))
        .route(
            "/teams/{slug}/members/{id}",
            get(member::show).post(member::update),
        )
        .route("/teams/{slug}/members/{id}/removal", post(member::remove))
        .route("/teams/{slug}/invitations", post(members::invite))
        .route(
            "/teams/{slug}/invitations/{id}/removal",
            post(members::withdraw),
        )
        .route("/admin", get(admin::show))
        .route("/admin/teams", post(admin::create_team))
        .route("/admin/people/{id}/reset-link", post(admin::create_reset))
        .route(
            "/admin/people/{id}/administrator",
            post(admin::update_admin),
        )
}
