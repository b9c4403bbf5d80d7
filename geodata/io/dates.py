"""Dates of acquisition: from the TIFF tag, else from the file's name.

Patterns that are recognised in a file name, wherever they are not part of a longer run of digits:

| pattern | example |
|---|---|
| `YYYYMMDDThhmmss`, `YYYYMMDD_hhmmss`, `YYYYMMDDhhmmss` | `GF2_20250412T103000.tif` |
| `YYYYMMDD` | `before_20250412.tif` |
| `YYYY-MM-DD`, `YYYY_MM_DD`, `YYYY.MM.DD` | `district_2025-04-12.tif` |
| `YYYY年M月D日` | `正射_2025年4月12日.tif` |

A date without a time stays a Beijing day, which begins at 00:00 UTC+8. A TIFF `DateTime` tag has no zone: it
is read as Beijing time, as the standards speak of it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from geodata.errors import OptionError

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199

_Y, _M, _D = r"(19[89]\d|20\d\d)", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)"
_NAME_PATTERNS = [
    re.compile(rf"(?<!\d){_Y}{_M}{_D}[T_-]?{_TIME}(?!\d)"),
    re.compile(rf"(?<!\d){_Y}{_M}{_D}(?!\d)"),
    re.compile(rf"(?<!\d){_Y}[-_.]{_M}[-_.]{_D}(?!\d)"),
    re.compile(r"(?<!\d)(19[89]\d|20\d\d)年(\d{1,2})月(\d{1,2})日"),
]


def date_from_name(name: str) -> datetime | None:
    """The date that a file name carries, as an aware Beijing time, else None.

    >>> date_from_name("before_20250412.tif").isoformat()
    '2025-04-12T00:00:00+08:00'
    """
    for pattern in _NAME_PATTERNS:
        for match in pattern.finditer(name):
            try:
                return datetime(*(int(part) for part in match.groups()), tzinfo=BEIJING)  # type: ignore[misc,arg-type]
            except ValueError:  # 20250231: digits of the right shape that are no day
                continue
    return None


def date_from_tag(value: str | None) -> datetime | None:
    """The TIFF tag `DateTime` (`YYYY:MM:DD hh:mm:ss`, Beijing time), None where absent or unreadable."""
    if not value:
        return None
    text = value.strip().rstrip("\0")
    for form in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y:%m:%d"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=BEIJING)
        except ValueError:
            continue
        return moment if is_plausible(moment) else None
    told = parse_or_none(text)
    return told if told is not None and is_plausible(told) else None


def is_plausible(moment: datetime) -> bool:
    """Whether imagery may have been taken then: programs write `0001:01:01` or `9999:12:31` for a date they lack.

    >>> is_plausible(datetime(1, 1, 1, tzinfo=BEIJING)), is_plausible(datetime(2025, 4, 12, tzinfo=BEIJING))
    (False, True)
    """
    return _FIRST_YEAR <= moment.year <= _LAST_YEAR


def parse_or_none(text: str) -> datetime | None:
    """An ISO 8601 date or time; without a zone it is a Beijing one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


def parse_date(text: str) -> datetime:
    """A date that a user typed: ISO 8601 or any pattern of the file names.

    Raises:
        OptionError: If it is no date.
    """
    moment = parse_or_none(text.strip()) or date_from_name(text)
    if moment is None:
        raise OptionError(f"{text!r} is not a date.", remedy="Write it as 2025-04-12 or 2025-04-12T10:30:00+08:00.")
    return moment
