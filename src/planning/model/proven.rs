//! What is proven of a plan's cost, and what it is proven of.

use crate::scheduler::Problem;

/// A proven bound, together with what it holds for: it means nothing elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proven {
    /// No schedule costs less that leaves no more slots open than `open`.
    pub bound: i128,
    /// So many.
    pub open: usize,
    /// No schedule leaves fewer slots open.
    pub fewest: bool,
    /// Digest of the problem, pins included.
    pub of: String,
}

impl Proven {
    /// Whether it holds for schedules of this problem with so many slots open.
    #[must_use]
    pub fn is_of(&self, problem: &Problem, open: usize) -> bool {
        open <= self.open && self.of == digest(problem)
    }
}

/// Equal problems, equal digest; another problem, another digest.
#[must_use]
pub fn digest(problem: &Problem) -> String {
    use sha2::{Digest as _, Sha256};
    let text = format!(
        "{:?}{:?}{:?}{:?}",
        problem.people(),
        problem.shifts(),
        problem.slots(),
        problem.settings()
    );
    let digest = Sha256::digest(text.as_bytes());
    let first = digest.iter().take(16);
    let number = first.fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:032x}")
}
