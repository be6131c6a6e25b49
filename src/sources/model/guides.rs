//! How to get at a calendar, for the providers that most people have.

/// One provider.
#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// Its name.
    pub name: &'static str,
    /// Which of the forms to use.
    pub form: &'static str,
    /// What to do, step by step.
    pub steps: &'static [&'static str],
    /// What to know.
    pub note: &'static str,
}

/// The guides, in the order of the page.
pub const GUIDES: [Guide; 5] = [
    Guide {
        name: "Google Calendar",
        form: "Secret address",
        steps: &[
            "On a computer open calendar.google.com, then Settings (the cog).",
            "Choose your calendar under \"Settings for my calendars\", then \"Integrate calendar\".",
            "Copy the \"Secret address in iCal format\". It ends in basic.ics.",
            "Paste it here.",
        ],
        note: "Not the public address: that one works only for public calendars. If there is no secret address, your organisation has switched it off; ask its administrator, or upload an export.",
    },
    Guide {
        name: "Outlook and Microsoft 365",
        form: "Secret address",
        steps: &[
            "Open Outlook on the web, then Settings, Calendar, Shared calendars.",
            "Under \"Publish a calendar\" choose your calendar and \"Can view when I'm busy\". That is enough: titles are not needed.",
            "Choose Publish and copy the ICS link.",
            "Paste it here.",
        ],
        note: "Microsoft renews a published calendar every few hours. If Publish is missing, your organisation has switched it off.",
    },
    Guide {
        name: "iCloud",
        form: "Account",
        steps: &[
            "Sign in at account.apple.com, choose \"Sign-In and Security\", then \"App-Specific Passwords\".",
            "Make one and call it Fairshift.",
            "Enter caldav.icloud.com as the server, your Apple Account's e-mail address, and that password.",
        ],
        note: "Your Apple Account must use two-factor authentication. Your usual password does not work here, and should not be given to anybody.",
    },
    Guide {
        name: "Nextcloud",
        form: "Account",
        steps: &[
            "In Nextcloud open your settings, then Security.",
            "At \"Devices & sessions\" enter Fairshift and choose \"Create new app password\".",
            "Enter your server with /remote.php/dav at its end, as in cloud.example.com/remote.php/dav, your user name, and that password.",
        ],
        note: "A server inside your own network is refused unless the administrator of Fairshift allows it.",
    },
    Guide {
        name: "Fastmail",
        form: "Account",
        steps: &[
            "Open Settings, then \"Privacy & Security\", then \"Manage app passwords and access\".",
            "Make a new app password with access to Calendars (CalDAV).",
            "Enter caldav.fastmail.com as the server, your full address, and that password.",
        ],
        note: "App passwords need a paid plan that has CalDAV. You can revoke one at any time without changing anything else.",
    },
];
