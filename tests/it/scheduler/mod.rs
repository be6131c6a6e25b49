//! The scheduler against a checker that shares nothing with it.
mod checker;
mod explain;
mod fairness;
mod fuzz;
mod instances;
mod properties;
mod random;
mod seeds;
mod sizes;
mod small;
mod solve;
mod teams;
