//! Who is in the demo.

use chrono_tz::Tz;

/// A person of the demo.
pub struct Member {
    /// Address.
    pub email: &'static str,
    /// Name.
    pub name: &'static str,
    /// Zone.
    pub zone: Tz,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// Days since the first day.
    pub joined_days_ago: i64,
    /// Days until they leave.
    pub leaves_in_days: Option<i64>,
    /// On-call device.
    pub phone: &'static str,
    /// Chat handle.
    pub chat: &'static str,
    /// A requirement they lack: never had it if they asked for it, else it has lapsed.
    pub lacks: &'static str,
    /// Whether they asked for it.
    pub has_asked: bool,
    /// A requirement that lapses in the coming month.
    pub lapses: &'static str,
    /// Percent of working time booked next month; nobody knows where it is none.
    pub utilisation: Option<i16>,
    /// Whether they said that next month is complete.
    pub has_answered: bool,
}

const NOBODY: Member = Member {
    email: "",
    name: "",
    zone: Tz::Europe__Istanbul,
    capacity_percent: 100,
    joined_days_ago: 900,
    leaves_in_days: None,
    phone: "",
    chat: "",
    lacks: "",
    has_asked: false,
    lapses: "",
    utilisation: None,
    has_answered: true,
};

/// The administrator; takes no shifts.
pub const ADMIN: Member = Member {
    email: "admin@example.com",
    name: "Sam Admin",
    ..NOBODY
};

/// The manager; takes no shifts.
pub const MANAGER: Member = Member {
    email: "manager@example.com",
    name: "Mira Aydın",
    phone: "+90 212 555 0100",
    chat: "@mira",
    ..NOBODY
};

/// The engineers.
pub const PEOPLE: [Member; 12] = [
    Member {
        email: "engineer@example.com",
        name: "Ayşe Demir",
        phone: "+90 212 555 0101",
        chat: "@ayse",
        lapses: "Pager test",
        has_answered: false,
        ..NOBODY
    },
    Member {
        email: "ben@example.com",
        name: "Ben Okafor",
        phone: "+1 416 555 0102",
        chat: "@ben",
        zone: Tz::America__Toronto,
        utilisation: Some(71),
        ..NOBODY
    },
    Member {
        email: "chen@example.com",
        name: "Chen Wei",
        phone: "+1 416 555 0103",
        zone: Tz::America__Toronto,
        joined_days_ago: 30,
        lacks: "Incident training",
        has_asked: true,
        utilisation: Some(20),
        ..NOBODY
    },
    Member {
        email: "daniela@example.com",
        name: "Daniela Rossi",
        phone: "+90 212 555 0104",
        chat: "@dani",
        capacity_percent: 60,
        utilisation: Some(30),
        ..NOBODY
    },
    Member {
        email: "emre@example.com",
        name: "Emre Kaya",
        phone: "+90 212 555 0105",
        chat: "@emre",
        utilisation: Some(45),
        ..NOBODY
    },
    Member {
        email: "fatma@example.com",
        name: "Fatma Yılmaz",
        phone: "+90 212 555 0106",
        chat: "@fatma",
        utilisation: Some(50),
        ..NOBODY
    },
    Member {
        email: "grace@example.com",
        name: "Grace Kim",
        phone: "+1 416 555 0107",
        chat: "@grace",
        zone: Tz::America__Toronto,
        utilisation: Some(65),
        has_answered: false,
        ..NOBODY
    },
    Member {
        email: "hugo@example.com",
        name: "Hugo Martin",
        phone: "+90 212 555 0108",
        chat: "@hugo",
        lacks: "Production access",
        utilisation: Some(25),
        ..NOBODY
    },
    Member {
        email: "ines@example.com",
        name: "Inês Costa",
        phone: "+1 416 555 0109",
        chat: "@ines",
        zone: Tz::America__Toronto,
        utilisation: Some(55),
        ..NOBODY
    },
    Member {
        email: "kemal@example.com",
        name: "Kemal Arslan",
        phone: "+90 212 555 0110",
        chat: "@kemal",
        utilisation: None,
        has_answered: false,
        ..NOBODY
    },
    Member {
        email: "lena@example.com",
        name: "Lena Novak",
        phone: "+90 212 555 0111",
        chat: "@lena",
        capacity_percent: 80,
        utilisation: Some(40),
        ..NOBODY
    },
    Member {
        email: "nadia@example.com",
        name: "Nadia Haddad",
        phone: "+90 212 555 0112",
        chat: "@nadia",
        leaves_in_days: Some(75),
        utilisation: Some(35),
        ..NOBODY
    },
];
