//! Fairshift.
fn main() {}
