//! The only SQL that writes people, teams, memberships, contact methods, sessions and links.

mod attempts;
mod contacts;
mod links;
mod people;
mod sessions;
mod teams;

pub use attempts::{
    Attempt, NewBrowser, clear_attempts, forget_browsers, know_browser, known_browser, may_attempt,
};
pub use contacts::{
    add_contact, contacts, make_device, remove_contact, set_contact_visible, visible_contacts,
};
pub use links::{
    Link, NewLink, Purpose, add_link, find_link, pending_invitations, use_link, withdraw_link,
};
pub use people::{
    NewPerson, Profile, add_person, administrators, any, create_admin, demo_accounts, list_people,
    password_hash, profile, set_admin, set_password, update_profile,
};
pub use sessions::{NewSession, Session, add_session, end_session, end_sessions, sessions_of};
pub use teams::{
    MOST_MEMBERS, Member, MemberChange, TeamRow, add_member, add_team, has_other_manager, has_room,
    list_teams, member, members, remove_member, slug_taken, update_member,
};
