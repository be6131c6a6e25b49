//! The integration tests: one binary, a file per slice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod a11y;
mod architecture;
mod attacks;
mod availability;
mod calendar_mail;
mod calendar_push;
mod cast;
mod clients;
mod command_line;
mod cover;
mod database;
mod feed_clients;
mod feeds;
mod fixtures;
mod harness;
mod jobs;
mod journey;
mod looks;
mod mail_server;
mod migrations;
mod notices;
mod oncall;
mod people;
mod pictures;
mod planning;
mod planning_figures;
mod planning_live;
mod planning_proof;
mod planning_repair;
mod reading;
mod reports;
mod requirements;
mod rotations;
mod routes;
mod scheduler;
mod service;
mod sign_in;
mod silence;
mod sources;
mod support;
mod web;
mod webhooks;
