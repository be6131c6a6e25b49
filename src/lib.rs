//! Fairshift: fair on-call rotations.
pub mod app;
pub mod calendars;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod serve;
pub mod telemetry;
pub mod vocab;
