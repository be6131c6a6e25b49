//! Fairshift: fair on-call rotations. This page is the map: what lives where, and who may import whom.
//!
//! | layer | modules | may import |
//! | --- | --- | --- |
//! | words | [`vocab`] | nothing of ours |
//! | pure rules | [`scheduler`], [`reading`] | [`vocab`] |
//! | ground | [`clock`], [`config`], [`db`], [`fetch`], [`mail`], [`live`], [`secret`], [`telemetry`], [`state`], [`error`], [`web`] | each other, [`vocab`] |
//! | trail | [`audit`], [`jobs`] | the ground |
//! | slices | [`people`], then `rotations`, then `requirements` and `availability`, then [`sources`], then `planning`, then [`oncall`], then [`cover`], then [`reports`], [`calendars`] and [`webhooks`], then [`notices`] | the ground, the trail, and what slices before them export |
//! | whole | [`app`], [`serve`], [`cli`], `demo`, [`solve`] | everything |
//!
//! A slice is a folder with the same files: `mod.rs` (routes, what others may call, its story),
//! `model` (types and rules, pure), `store` (the only SQL that writes its tables), `pages` (handlers
//! and templates). Slices read other slices' tables through SQL views, and call only what their
//! `mod.rs` exports. An integration test, `architecture`, holds the code to this table.
//!
//! A request: [`app`] routes it to a slice's handler; [`web::SignedIn`] says who asks; the handler
//! parses the form into [`vocab`] types, writes in one transaction together with its line in
//! [`audit`], and answers 303. What follows from it elsewhere (mail, calendars) is a row of [`jobs`] in
//! the same transaction, done afterwards by a worker in any process. PostgreSQL holds the invariants.
pub mod app;
pub mod audit;
pub mod availability;
pub mod calendars;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cover;
pub mod db;
pub mod demo;
pub mod error;
pub mod fetch;
pub mod jobs;
pub mod live;
pub mod mail;
pub mod notices;
pub mod oncall;
pub mod people;
pub mod planning;
pub mod reading;
pub mod reports;
pub mod requirements;
pub mod rotations;
pub mod scheduler;
pub mod secret;
pub mod serve;
pub mod solve;
pub mod sources;
pub mod state;
pub mod telemetry;
pub mod vocab;
pub mod web;
pub mod webhooks;
