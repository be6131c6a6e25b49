"""Prints Windows' names for zones and the IANA names that CLDR gives them, as a JSON object."""

import json

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

print(json.dumps(WINDOWS_TO_OLSON))
