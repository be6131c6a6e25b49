//! Fairshift: fair on-call rotations.
pub mod vocab;
