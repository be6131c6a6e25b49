"""Says when the owner of each calendar is busy, as recurring-ical-events sees it.

Standard input is a JSON list of {"file", "zone", "from", "to", "owner", "host"}; standard output a
list of {"spans": [[kind, start, end], ...]} or {"error": "..."}, in the same order, with the seconds
it took and the megabytes more that it needed. What counts is decided here once more, from the rules
and not from the other implementation.
"""

import datetime
import json
import resource
import sys
import time
import zoneinfo

import icalendar
import recurring_ical_events

UTC = datetime.timezone.utc


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def first(event, name):
    value = event.get(name)
    if isinstance(value, list):
        value = value[0]
    return "" if value is None else str(value).strip().upper()


def attendees(event):
    value = event.get("ATTENDEE", [])
    return value if isinstance(value, list) else [value]


def answers(event, owner):
    for attendee in attendees(event):
        address = str(attendee).lower().removeprefix("mailto:")
        if owner in (address, attendee.params.get("EMAIL", "").lower()):
            yield attendee.params.get("PARTSTAT", "NEEDS-ACTION").upper()


def kind(event, owner, host):
    given = list(answers(event, owner))
    status, shown = first(event, "STATUS"), first(event, "X-MICROSOFT-CDO-BUSYSTATUS")
    url = first(event, "URL").lower().partition("://")[2]
    ours = str(event.get("UID", "")).lower().endswith("@" + host)
    ours = ours or url.partition("/")[0].partition(":")[0] == host
    if ours or status in ("CANCELLED", "CANCELED"):
        return None
    if given and all(answer == "DECLINED" for answer in given):
        return None
    if shown == "OOF" or first(event, "X-GOOGLE-EVENT-TYPE") == "OUTOFOFFICE":
        return "out-of-office"
    if first(event, "TRANSP") == "TRANSPARENT" or shown in ("FREE", "WORKINGELSEWHERE"):
        return None
    if status == "TENTATIVE" or shown == "TENTATIVE":
        return "tentative"
    if given and all(answer == "TENTATIVE" for answer in given):
        return "tentative"
    return "busy"


def moment(when, zone):
    if not isinstance(when, datetime.datetime):
        when = datetime.datetime.combine(when, datetime.time())
    if when.tzinfo is None:
        when = when.replace(tzinfo=zone)
    return when.astimezone(UTC)


def end_of(event):
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
        days = not isinstance(start, datetime.datetime)
        # The rule for a day that ends on itself.
        return end + datetime.timedelta(days=1) if days and end == start else end
    return start


def merged(spans):
    out = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([start, end])
    return out


def busy(case):
    with open(case["file"], "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    zone = zoneinfo.ZoneInfo(case["zone"])
    start, stop = instant(case["from"]), instant(case["to"])
    found = {}
    query = recurring_ical_events.of(calendar, skip_bad_series=True)
    # A day more on each side: days are the owner's, and it takes them for UTC's.
    day = datetime.timedelta(days=1)
    for event in query.between(start - day, stop + day):
        counts = kind(event, case["owner"], case["host"])
        if counts is None:
            continue
        if not isinstance(event["DTSTART"].dt, datetime.datetime):
            counts += "-day"
        begin, end = moment(event["DTSTART"].dt, zone), moment(end_of(event), zone)
        begin, end = max(begin, start), min(end, stop)
        if begin < end:
            found.setdefault(counts, []).append((begin, end))
    return sorted(
        [counts, *(t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in span)]
        for counts, spans in found.items()
        for span in merged(spans)
    )


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main():
    results = []
    for case in json.load(sys.stdin):
        began, before = time.monotonic(), peak()
        try:
            result = {"spans": busy(case)}
        except Exception as error:  # Whatever it refuses is an answer.
            result = {"error": f"{type(error).__name__}: {error}"}
        result |= {"seconds": time.monotonic() - began, "megabytes": peak() - before}
        results.append(result)
    json.dump(results, sys.stdout)


main()
