//! Rotations: who is needed when. Their roles, legs, burden and hard rules, the shifts that follow
//! from them, and on-call history imported from elsewhere.

pub mod model;
