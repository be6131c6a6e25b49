//! The only SQL that writes `requirements`, `requirement_roles` and `holdings`.

mod definitions;
mod holdings;
mod reads;

pub use definitions::{
    Refused, add_requirement, find_requirement, requirement_roles, retire, retired_requirements,
    revise,
};
pub use holdings::{Outcome, Signature, ask, decide, declare, revoke, sign_off, withdraw};
pub use reads::{Request, Scope, board, engineer_name, history, holdings_for, request, standing};
