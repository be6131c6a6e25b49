//! What is posted. The JSON is documented in README.md.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::model::Target;
use crate::config::PublicUrl;
use crate::cover;
use crate::jobs::{Notice, Topic};

/// Characters of a message: Discord takes no more than 2,000.
const MOST: usize = 1900;
/// And of its title.
const MOST_TITLE: usize = 500;

/// A space without width, which parts what would be a command.
const NOTHING: char = '\u{200B}';

#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    #[serde(rename = "event")]
    topic: Topic,
    time: String,
    time_zone: &'static str,
    team: Team<'a>,
    title: &'a str,
    text: String,
    links: Vec<Link<'a>>,
}

#[derive(Serialize)]
struct Team<'a> {
    slug: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Link<'a> {
    label: &'a str,
    url: String,
}

/// The links of a notice. What everybody in a room can read must hold no secret.
fn links<'a>(notice: &'a Notice, site: &PublicUrl) -> Vec<Link<'a>> {
    let actions = notice.actions.iter();
    actions
        .filter(|action| !cover::brings_secret(&action.path))
        .map(|action| Link {
            label: &action.label,
            url: format!("{site}{}", action.path),
        })
        .collect()
}

/// A notice as JSON of our own. `at` is when it came about.
///
/// # Errors
/// Never, in practice: it is plain data.
pub fn json(
    target: &Target,
    notice: &Notice,
    at: DateTime<Utc>,
    site: &PublicUrl,
) -> serde_json::Result<String> {
    serde_json::to_string(&Event {
        id: &notice.key,
        topic: notice.topic,
        time: at
            .with_timezone(&target.zone)
            .to_rfc3339_opts(SecondsFormat::Secs, false),
        time_zone: target.zone.name(),
        team: Team {
            slug: &target.slug,
            name: &target.team_name,
        },
        title: &notice.title,
        text: notice.lines.join("\n"),
        links: links(notice, site),
    })
}

/// A notice as Slack and its like take it.
///
/// # Errors
/// Never, in practice: it is plain data.
pub fn slack(notice: &Notice, site: &PublicUrl) -> serde_json::Result<String> {
    let links = links(notice, site);
    let links = links
        .iter()
        .map(|link| format!("\n<{}|{}>", entities(&link.url), escaped(link.label)));
    let links: String = links.collect();
    let title = cut(escaped(&notice.title), MOST_TITLE);
    let used = title.chars().count() + links.chars().count();
    let words = cut(escaped(&notice.lines.join("\n")), MOST.saturating_sub(used));
    let text = format!("*{title}*\n{words}{links}");
    serde_json::to_string(&serde_json::json!({ "text": text }))
}

/// No longer than that, and no entity cut in two.
fn cut(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    let mut short: String = text.chars().take(most).collect();
    if let Some(at) = short.rfind('&')
        && !short.get(at..).unwrap_or_default().contains(';')
    {
        short.truncate(at);
    }
    short.push('…');
    short
}

/// Words that wake everybody after an @, in one chat or another.
const EVERYBODY: [&str; 4] = ["everyone", "channel", "here", "all"];

/// Text in which nothing is a command: `<!channel>` and `@everyone` would wake everybody, and
/// `[a](b)` would lead elsewhere than it says.
fn escaped(text: &str) -> String {
    let mut quiet = String::with_capacity(text.len());
    for (index, piece) in text.split('@').enumerate() {
        if index > 0 {
            quiet.push('@');
            let is_call = |word: &&str| {
                piece
                    .get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            if EVERYBODY.iter().any(is_call) {
                quiet.push(NOTHING);
            }
        }
        quiet.push_str(piece);
    }
    entities(&quiet.replace("](", &format!("]{NOTHING}(")))
}

/// Text in which nothing is markup of Slack's.
fn entities(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{Action, To};
    use crate::vocab::TeamId;

    fn notice(lines: Vec<String>) -> Notice {
        let action = |label: &str, path: &str| Action {
            label: label.into(),
            path: path.into(),
        };
        Notice {
            to: To::Team(TeamId(1)),
            topic: Topic::CoverNews,
            key: "k".into(),
            lane: "l".into(),
            title: "<!channel> & Ben".into(),
            lines,
            actions: vec![
                action("See > it", "/covers/1?a=1&b=2"),
                action("Agree", "/offers/secret"),
            ],
            until: None,
        }
    }

    fn text(notice: &Notice) -> String {
        let site = "https://oncall.example.com".parse().unwrap();
        let body: serde_json::Value = serde_json::from_str(&slack(notice, &site).unwrap()).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 1);
        body["text"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_message_holds_no_command_and_no_secret() {
        assert_eq!(
            text(&notice(vec!["1 < 2".into(), "<@U1>".into()])),
            "*&lt;!channel&gt; &amp; Ben*\n1 &lt; 2\n&lt;@U1&gt;\n\
             <https://oncall.example.com/covers/1?a=1&amp;b=2|See &gt; it>"
        );
    }

    #[test]
    fn nobody_is_woken_and_no_link_is_hidden_by_a_name_or_a_reason() {
        let mut loud = notice(vec![
            "ask @Here, @channel, a@example.com [x](https://evil)".into(),
        ]);
        loud.title = "@everyone takes it".into();
        let text = text(&loud);
        for call in ["@everyone", "@Here", "@channel", "]("] {
            assert!(!text.contains(call), "{text}");
        }
        assert!(text.contains("@\u{200B}everyone") && text.contains("a@example.com"));
    }

    #[test]
    fn what_escaping_adds_is_counted_too() {
        for loud in ["&", "<", "@here", "]("] {
            let mut long = notice(vec![loud.repeat(2000)]);
            long.title = loud.repeat(300);
            let text = text(&long);
            assert!(
                text.chars().count() < 2000,
                "{loud}: {}",
                text.chars().count()
            );
            assert!(!text.contains("&a…") && !text.contains("&am…") && !text.contains("&amp…"));
            assert!(text.contains("\n<https://"), "{text}");
        }
    }

    #[test]
    fn a_long_message_is_cut_before_its_links() {
        let text = text(&notice(vec!["ä".repeat(5000)]));
        assert!(text.chars().count() < 2000);
        assert!(text.contains("ä…\n<https://"), "{text}");
    }
}
