//! A notice as a mail: plain text, and HTML that is the same in looks of its own.

use askama::Template;
use chrono_tz::Tz;

use crate::config::PublicUrl;
use crate::jobs::Notice;

/// The two bodies of a mail.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Plain text.
    pub text: String,
    /// HTML with styles of its own: nothing is loaded from anywhere.
    pub html: String,
}

/// One notice in a mail.
struct Part<'a> {
    title: &'a str,
    lines: &'a [String],
    /// Label and full address.
    actions: Vec<(&'a str, String)>,
}

#[derive(Template)]
#[template(path = "notices/mail.html")]
struct Html<'a> {
    /// What mail programs show beside the subject.
    preview: &'a str,
    parts: Vec<Part<'a>>,
    footer: &'a str,
    settings: Option<String>,
}

/// The page where a person chooses what they are told.
pub fn settings(site: &PublicUrl) -> String {
    format!("{site}/notices")
}

/// Renders notices, more than one for a digest. `zone` is the person's; none where they are nobody yet.
///
/// # Errors
/// Where the template fails.
pub fn render(
    notices: &[Notice],
    zone: Option<Tz>,
    site: &PublicUrl,
) -> Result<Rendered, askama::Error> {
    let parts: Vec<Part<'_>> = notices
        .iter()
        .map(|notice| Part {
            title: &notice.title,
            lines: &notice.lines,
            actions: notice
                .actions
                .iter()
                .map(|action| (action.label.as_str(), format!("{site}{}", action.path)))
                .collect(),
        })
        .collect();
    let footer = match zone {
        Some(zone) => format!("Times are in your zone, {}.", zone.name()),
        None => format!("You get this because somebody entered your address at {site}."),
    };
    let settings = zone.map(|_| settings(site));
    let text = plain(&parts, &footer, settings.as_deref());
    let html = Html {
        preview: parts
            .first()
            .and_then(|part| part.lines.first())
            .map_or("", String::as_str),
        parts,
        footer: &footer,
        settings,
    };
    let html = html.render()?;
    Ok(Rendered { text, html })
}

fn plain(parts: &[Part<'_>], footer: &str, settings: Option<&str>) -> String {
    let mut text = String::new();
    for part in parts {
        // Alone, the title is the subject already.
        if parts.len() > 1 {
            text.extend([part.title, "\n\n"]);
        }
        for line in part.lines {
            text.extend([line, "\n\n"]);
        }
        for (label, address) in &part.actions {
            text.extend([label, ":\n", address, "\n\n"]);
        }
    }
    // What follows is not part of the message: mail programs know this line.
    text.extend(["-- \n", footer, "\n"]);
    if let Some(settings) = settings {
        text.extend(["Choose what you are told: ", settings, "\n"]);
    }
    text
}
