"""Prints the events of the feed on standard input as JSON, as one of two parsers sees them.

read.py icalendar|vobject < feed.ics

icalendar takes the zone of a time from its own zone data by the TZID; vobject computes it from the
VTIMEZONE in the feed. So the two together check both.
"""

import datetime
import json
import sys


def utc(when):
    if not isinstance(when, datetime.datetime) or when.tzinfo is None:
        raise SystemExit(f"floating or all-day: {when!r}")
    return when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_icalendar(data):
    import icalendar

    calendar = icalendar.Calendar.from_ical(data)
    for part in calendar.walk():
        if part.errors:
            raise SystemExit(f"{part.name}: {part.errors}")
    for event in calendar.walk("VEVENT"):
        yield (
            lambda name: str(event[name]) if name in event else None,
            lambda name: event[name].dt,
        )


def with_vobject(data):
    import vobject

    calendar = vobject.readOne(data.decode("utf-8"), validate=True)
    for event in calendar.contents.get("vevent", []):
        def value(name, event=event):
            lines = event.contents.get(name.lower())
            return lines[0].value if lines else None

        yield value, value


def main():
    parsers = {"icalendar": with_icalendar, "vobject": with_vobject}
    events = [
        {
            "uid": text("UID"),
            "sequence": int(text("SEQUENCE")),
            "start": utc(when("DTSTART")),
            "end": utc(when("DTEND")),
            "stamp": utc(when("DTSTAMP")),
            "summary": text("SUMMARY"),
            "description": text("DESCRIPTION"),
            "url": text("URL"),
            "status": text("STATUS"),
            "transparency": text("TRANSP"),
        }
        for text, when in parsers[sys.argv[1]](sys.stdin.buffer.read())
    ]
    json.dump(events, sys.stdout)


main()
