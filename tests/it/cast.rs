//! Who acts in the tests of people and routes: two teams, and somebody of each kind.

use chrono_tz::Europe::Istanbul;
use fairshift::vocab::PersonId;

use crate::fixtures::{self, Team};
use crate::support::TestApp;
use crate::support::visitor::Visitor;

pub use crate::fixtures::PASSWORD;

/// The kinds of people there are, as seen from the team `payments`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    Nobody,
    Engineer,
    /// Of the team `search`.
    OtherManager,
    Manager,
    Administrator,
}

impl Who {
    pub const ALL: [Self; 5] = [
        Self::Nobody,
        Self::Engineer,
        Self::OtherManager,
        Self::Manager,
        Self::Administrator,
    ];

    pub fn email(self) -> &'static str {
        match self {
            Self::Nobody => "nobody@example.com",
            Self::Engineer => "engineer@example.com",
            Self::OtherManager => "other@example.com",
            Self::Manager => "manager@example.com",
            Self::Administrator => "admin@example.com",
        }
    }
}

/// The teams `payments` and `search`, and everybody in [`Who`] but nobody.
pub struct Cast {
    pub app: TestApp,
    pub payments: Team,
    pub engineer: PersonId,
    pub manager: PersonId,
    pub admin: PersonId,
}

impl Cast {
    pub async fn new() -> Self {
        let app = TestApp::start().await;
        let db = &app.db;
        let payments = fixtures::team(db, "payments", "Payments", Istanbul).await;
        let search = fixtures::team(db, "search", "Search", Istanbul).await;
        let engineer = fixtures::person(db, "engineer", "Ayşe Demir", Istanbul).await;
        let other = fixtures::person(db, "other", "Omar Haddad", Istanbul).await;
        let manager = fixtures::person(db, "manager", "Mia Lindqvist", Istanbul).await;
        let admin = fixtures::person(db, "admin", "Ada Okafor", Istanbul).await;
        fixtures::join(db, &payments, &engineer, false, true).await;
        fixtures::join(db, &payments, &manager, true, false).await;
        fixtures::join(db, &search, &other, true, true).await;
        fixtures::make_admin(db, &admin).await;
        Self {
            payments,
            engineer: engineer.id,
            manager: manager.id,
            admin: admin.id,
            app,
        }
    }

    /// Somebody in a browser, signed in unless nobody.
    pub async fn visitor(&self, who: Who) -> Visitor {
        let visitor = self.app.visitor();
        if who != Who::Nobody {
            visitor.sign_in(who.email(), PASSWORD).await;
        }
        visitor
    }

    /// The only value of a query.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }
}
