"""The values of a layer's columns: text, days in Beijing and numbers, out of whatever files hold.

Columns are converted by their distinct values: a land use is read once, not once for each of a million parcels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

BEIJING = timezone(timedelta(hours=8))
"""Fixed UTC+8: China has kept no daylight saving time since 1991."""

_EMPTY_WORDS = {"", "-", "--", "/", "null", "none", "nan", "nat", "<na>", "无"}
_EMPTY_DAYS = {"0", "0.0", "00000000"}
_OPEN_ENDED = {"长期", "永久", "长期有效"}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})(?:\.0+)?")


class UnreadableValueError(ValueError):
    """A value is not what its column holds.

    Args:
        row: Position of the first such value, from 0.
        value: The value.
    """

    def __init__(self, row: int, value: object) -> None:
        super().__init__(f"{value!r} in row {row}")
        self.row, self.value = row, value


def parse_day(value: object) -> date | None:
    """A day in Beijing from what layers hold, None where there is none.

    Accepts `2024-05-01`, `2024/5/1`, `2024.5.1`, `2024年5月1日`, `20240501` (text or number) and date types.
    A time with an offset is moved to Beijing first; one without is taken as Beijing time.

    >>> parse_day("2024/5/1"), parse_day(20240501.0), parse_day("2024-05-01T18:00:00Z")
    (datetime.date(2024, 5, 1), datetime.date(2024, 5, 1), datetime.date(2024, 5, 2))

    Raises:
        ValueError: If it is not a date.
    """
    if is_missing(value):
        return None
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value).to_pydatetime()
    if isinstance(value, datetime):
        return (value.astimezone(BEIJING) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    text = as_text(value) or ""
    match = _DAY.fullmatch(text)
    if match:
        year, month, day = (int(group) for group in match.groups() if group is not None)
        return date(year, month, day)
    moment = datetime.fromisoformat(text.replace("/", "-"))
    return (moment.astimezone(BEIJING) if moment.tzinfo else moment).date()


def is_missing(value: object) -> bool:
    """Whether a value says nothing: null, not a number, or a word for nothing."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, str) and value.strip().lower() in _EMPTY_WORDS


def as_text(value: object) -> str | None:
    """Text of a value; numbers without their `.0`, since shapefiles keep ids as numbers."""
    if is_missing(value):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def as_number(value: object) -> float:
    """A number that is neither negative nor infinite, NaN where there is none.

    Raises:
        ValueError: If it is none.
    """
    number = math.nan if is_missing(value) else float(str(value).strip().replace(",", ""))
    if number < 0 or math.isinf(number):
        raise ValueError("negative or infinite")
    return number


def as_share(value: object) -> float:
    """A number from 0 to 1; see `as_number`."""
    number = as_number(value)
    if number > 1:
        raise ValueError("more than everything")
    return number


def as_degrees(value: object) -> float:
    """A longitude or latitude, NaN where there is none.

    Raises:
        ValueError: If it is none.
    """
    number = math.nan if is_missing(value) else float(str(value).strip())
    if abs(number) > 180:
        raise ValueError("beyond 180 degrees")
    return number


def as_day(value: object) -> date | None:
    """A day; zeros stand for none."""
    return None if str(value).strip() in _EMPTY_DAYS else parse_day(value)


def as_last_day(value: object) -> date | None:
    """A last day; words for open-ended stand for none."""
    return None if str(value).strip() in _OPEN_ENDED else as_day(value)


def converted(values: pd.Series[Any], convert: Callable[[object], object], *, numbers: bool) -> npt.NDArray[Any]:
    """A column brought to its type, each distinct value once.

    Args:
        values: The column, shape (n,).
        convert: What one value becomes.
        numbers: Whether the result holds numbers (NaN for none) or objects (None for none).

    Returns:
        An array of shape (n,), float64 or object.

    Raises:
        UnreadableValueError: With the first value that cannot be converted.
    """
    nothing = math.nan if numbers else None
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        # values of several types: 1, 1.0 and True are equal, and not the same
        codes, distinct = np.arange(len(values)), list(values)
    else:
        codes, uniques = pd.factorize(values)
        distinct = list(uniques)
    found: list[object] = []
    for at, value in enumerate(distinct):
        try:
            found.append(convert(value))
        except (ValueError, OverflowError) as error:
            raise UnreadableValueError(int(np.argmax(codes == at)), value) from error
    table = np.empty(len(found) + 1, dtype=np.float64 if numbers else object)
    table[:-1] = found
    table[-1] = nothing  # where the code is -1
    return table[codes]
