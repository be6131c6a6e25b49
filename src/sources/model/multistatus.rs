//! What a CalDAV server answers: a list of resources with their properties, in XML.

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};

const DAV: &str = "DAV:";
const CALDAV: &str = "urn:ietf:params:xml:ns:caldav";
const CALSERVER: &str = "http://calendarserver.org/ns/";
/// Elements within elements, more than any server has.
const DEEPEST: usize = 32;
/// Resources in one answer.
const MOST: usize = 50_000;

/// A resource, with those of its properties that matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resource {
    /// Its path.
    pub href: String,
    /// Where the signed-in user's own resource is.
    pub principal: Option<String>,
    /// Where the user's calendars are.
    pub home: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// It is a calendar.
    pub is_calendar: bool,
    /// Kinds of entries a calendar takes; empty where the server does not say.
    pub takes: Vec<String>,
    /// The calendar data of an entry.
    pub data: Option<String>,
    /// Names the state of a calendar: it changes whenever anything in it does. None where the server does not
    /// tell.
    pub version: Option<String>,
    /// What the server says of the resource as a whole, if anything: as in HTTP.
    pub status: Option<u16>,
}

/// Reads an answer.
///
/// # Errors
/// Where it is no such answer; in words for its reader.
pub fn multistatus(xml: &str) -> Result<Vec<Resource>, &'static str> {
    const WRONG: &str = "The server's answer is not CalDAV.";
    let mut reader = NsReader::from_str(xml);
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut all: Vec<Resource> = Vec::new();
    let mut is_multistatus = false;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| WRONG)?;
        let prefix = match namespace {
            ResolveResult::Bound(Namespace(DAV)) => "d:",
            ResolveResult::Bound(Namespace(CALDAV)) => "c:",
            ResolveResult::Bound(Namespace(CALSERVER)) => "s:",
            _ => "?:",
        };
        match event {
            Event::Start(element) => {
                let name = format!("{prefix}{}", element.local_name().as_ref());
                is_multistatus |= path.is_empty() && name == "d:multistatus";
                if name == "d:response" {
                    all.push(Resource::default());
                }
                path.push(name);
                text.clear();
                if path.len() > DEEPEST || all.len() > MOST {
                    return Err("The server's answer is too large.");
                }
            }
            Event::Empty(element) => {
                let name = format!("{prefix}{}", element.local_name().as_ref());
                // An answer without anything in it.
                is_multistatus |= path.is_empty() && name == "d:multistatus";
                let kind = element.try_get_attribute("name").ok().flatten();
                let kind = kind.map(|a| a.value.to_string()).unwrap_or_default();
                if let Some(resource) = all.last_mut() {
                    resource.mark(&path, &name, kind);
                }
            }
            Event::Text(more) => text.push_str(&more),
            Event::CData(more) => text.push_str(&more.into_inner()),
            Event::GeneralRef(entity) => match entity.resolve_char_ref() {
                Ok(Some(c)) => text.push(c),
                _ => text.push_str(match &*entity {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    // Entities of their own are not followed.
                    _ => "",
                }),
            },
            Event::End(_) => {
                if let Some(resource) = all.last_mut() {
                    resource.fill(&path, &text);
                }
                path.pop();
                text.clear();
            }
            Event::Eof if is_multistatus && path.is_empty() => return Ok(all),
            Event::Eof => return Err(WRONG),
            _ => {}
        }
    }
}

impl Resource {
    /// An element that says what it says by being there.
    fn mark(&mut self, path: &[String], name: &str, kind: String) {
        match (path.last().map(String::as_str), name) {
            (Some("d:resourcetype"), "c:calendar") => self.is_calendar = true,
            (Some("c:supported-calendar-component-set"), "c:comp") => self.takes.push(kind),
            _ => {}
        }
    }

    /// An element with text in it, at its end.
    fn fill(&mut self, path: &[String], text: &str) {
        let names: Vec<&str> = path.iter().rev().take(3).map(String::as_str).collect();
        let text = text.trim();
        match names.as_slice() {
            ["d:href", "d:response", ..] => text.clone_into(&mut self.href),
            ["d:href", "d:current-user-principal", ..] => self.principal = Some(text.to_owned()),
            ["d:href", "c:calendar-home-set", ..] if self.home.is_none() => {
                self.home = Some(text.to_owned());
            }
            ["d:displayname", ..] if !text.is_empty() => self.name = Some(text.to_owned()),
            ["c:calendar", "d:resourcetype", ..] => self.is_calendar = true,
            ["c:calendar-data", ..] if !text.is_empty() => self.data = Some(text.to_owned()),
            ["s:getctag" | "d:sync-token", "d:prop", ..] if !text.is_empty() => {
                self.version = Some(text.to_owned());
            }
            ["d:status", "d:response", ..] => self.status = status(text),
            _ => {}
        }
    }
}

/// The number in a line like `HTTP/1.1 507 Insufficient Storage`.
fn status(line: &str) -> Option<u16> {
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/">
  <response><href>/ayse/</href><propstat><prop>
    <resourcetype><collection/></resourcetype>
    <current-user-principal><href>/principals/ayse/</href></current-user-principal>
    <C:calendar-home-set><href>/ayse/</href></C:calendar-home-set>
  </prop><status>HTTP/1.1 200 OK</status></propstat></response>
  <response><href>/ayse/work%20%C3%A4/</href><propstat><prop>
    <resourcetype><collection/><C:calendar></C:calendar></resourcetype>
    <displayname>Work &amp; &#228; &lt;3</displayname>
    <C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VTODO"/></C:supported-calendar-component-set>
    <A:calendar-color>#ff0000</A:calendar-color>
  </prop></propstat></response>
  <response><href>/ayse/work/1.ics</href><propstat><prop>
    <C:calendar-data>BEGIN:VCALENDAR&#13;
SUMMARY:a &amp; b
END:VCALENDAR
</C:calendar-data></prop></propstat></response>
  <response><href>/ayse/work/2.ics</href><propstat><prop><C:calendar-data><![CDATA[BEGIN:VCALENDAR
END:VCALENDAR]]></C:calendar-data></prop></propstat></response>
</multistatus>"#;

    #[test]
    fn an_answer_is_read_whatever_its_prefixes() {
        for xml in [
            ANSWER.to_owned(),
            ANSWER.replace("C:", "cal:").replace("xmlns:C", "xmlns:cal"),
        ] {
            let all = multistatus(&xml).unwrap();
            assert_eq!(all.len(), 4);
            assert_eq!(all[0].principal.as_deref(), Some("/principals/ayse/"));
            assert_eq!(all[0].home.as_deref(), Some("/ayse/"));
            assert!(!all[0].is_calendar);
            assert_eq!(all[1].href, "/ayse/work%20%C3%A4/");
            assert_eq!(all[1].name.as_deref(), Some("Work & ä <3"));
            assert!(all[1].is_calendar);
            assert_eq!(all[1].takes, ["VEVENT", "VTODO"]);
            let data = all[2].data.as_deref().unwrap();
            assert!(
                data.starts_with("BEGIN:VCALENDAR\r\nSUMMARY:a & b\n"),
                "{data:?}"
            );
            assert!(all[3].data.as_deref().unwrap().ends_with("END:VCALENDAR"));
        }
    }

    #[test]
    fn the_state_of_a_calendar_has_a_name_where_the_server_tells() {
        let of = |prop: &str| {
            let xml = format!(
                r#"<multistatus xmlns="DAV:" xmlns:S="http://calendarserver.org/ns/"><response><href>/c/</href><propstat><prop>{prop}</prop></propstat></response></multistatus>"#
            );
            multistatus(&xml).unwrap().remove(0).version
        };
        assert_eq!(of("<S:getctag>\"7\"</S:getctag>"), Some("\"7\"".into()));
        assert_eq!(of("<sync-token>x:8</sync-token>"), Some("x:8".into()));
        assert_eq!(of("<S:getctag/><getetag>9</getetag>"), None);
    }

    #[test]
    fn what_the_server_says_of_a_resource_is_read() {
        let of = |response: &str| {
            let xml = format!(
                r#"<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response><href>/1.ics</href>{response}</response></multistatus>"#
            );
            multistatus(&xml).unwrap().remove(0).status
        };
        let data = "<propstat><prop><C:calendar-data/></prop><status>HTTP/1.1 404 Not Found</status></propstat>";
        for (response, wanted) in [
            (
                "<status>HTTP/1.1 507 Insufficient Storage</status>",
                Some(507),
            ),
            ("<status>\n HTTP/1.1  404 Not Found</status>", Some(404)),
            ("<status>nonsense</status>", None),
            ("<status/>", None),
            // That is about one property.
            (data, None),
            ("", None),
        ] {
            assert_eq!(of(response), wanted, "{response}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = format!(
            "<d:multistatus xmlns:d=\"DAV:\">{}</d:multistatus>",
            "<d:a>".repeat(100)
        );
        assert_eq!(multistatus("<multistatus xmlns=\"DAV:\" />"), Ok(vec![]));
        // A billion laughs: entities of a document's own are left out.
        let laughs = "<!DOCTYPE a [<!ENTITY b \"x\"><!ENTITY c \"&b;&b;\">]><multistatus xmlns=\"DAV:\"><response><href>&c;</href></response></multistatus>";
        assert_eq!(multistatus(laughs).unwrap()[0].href, "");
        for wrong in [
            "",
            "<html></html>",
            "<multistatus/>",
            "{}",
            &ANSWER[..400],
            &deep,
        ] {
            assert!(multistatus(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(cut in 0usize..2000, at in 0usize..2000, with in any::<char>()) {
            let mut xml: String = ANSWER.chars().take(cut).collect();
            let at = xml.char_indices().map(|(i, _)| i).nth(at).unwrap_or(0);
            xml.insert(at, with);
            let _ = multistatus(&xml);
        }
    }
}
