"""Prints the invitation in the mail on standard input as JSON, as icalendar sees it.

invitation.py < message.eml

It takes the mail's calendar part, and checks what calendars check (RFC 6047): the part's method is
that of the calendar, there is one such part, and the attachment holds the same bytes.
"""

import datetime
import email
import email.policy
import email.utils
import json
import sys

import icalendar


def of_mail(data):
    mail = email.message_from_bytes(data, policy=email.policy.default)
    if not mail["Message-ID"]:
        raise SystemExit("no Message-ID")
    parts = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    files = [p for p in mail.walk() if p.get_content_type() == "application/ics"]
    if len(parts) != 1 or len(files) != 1:
        raise SystemExit(f"{len(parts)} calendar parts, {len(files)} attachments")
    data = parts[0].get_payload(decode=True)
    if files[0].get_payload(decode=True) != data:
        raise SystemExit("the attachment differs from the calendar part")
    text = next(p for p in mail.walk() if p.get_content_type() == "text/plain")
    return data, {
        "mime_method": parts[0].get_param("method"),
        "sender": email.utils.parseaddr(mail["From"])[1],
        "recipient": email.utils.parseaddr(mail["To"])[1],
        "subject": str(mail["Subject"]),
        "text": text.get_content(),
    }


def utc(when):
    return when.dt.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    data, seen = of_mail(sys.stdin.buffer.read())
    calendar = icalendar.Calendar.from_ical(data)
    for part in calendar.walk():
        if part.errors:
            raise SystemExit(f"{part.name}: {part.errors}")
    [event] = calendar.walk("VEVENT")
    attendee = event["ATTENDEE"]
    seen |= {
        "method": str(calendar["METHOD"]),
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "organizer": str(event["ORGANIZER"]).lower().removeprefix("mailto:"),
        "attendee": str(attendee).lower().removeprefix("mailto:"),
        "partstat": attendee.params["PARTSTAT"],
        "rsvp": attendee.params["RSVP"],
        "start": utc(event["DTSTART"]),
        "end": utc(event["DTEND"]),
        "summary": str(event["SUMMARY"]),
        "description": str(event.get("DESCRIPTION", "")),
        "url": str(event.get("URL", "")),
    }
    json.dump(seen, sys.stdout)


main()
