"""Numbers, days and areas as Chinese official documents write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from geodata.china import M2_PER_MU
from geodata.io.dates import BEIJING
from service.cases.documents.errors import FactError

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")
_PLAIN = "零一二三四五六七八九"
_HIGHEST = Decimal(10) ** 16


def amount_in_capitals(yuan: int | float | Decimal) -> str:
    """An amount of money in Chinese capitals (人民币大写).

    Zeros inside are told once, `整` ends an amount without 分, as the rules for cheques and bills ask for.

    Args:
        yuan: The amount; whole fen, at least 0, below 10^16.

    Returns:
        Such as `人民币壹万零伍拾元整`.

    Raises:
        FactError: If it is no such amount.

    >>> amount_in_capitals(10050), amount_in_capitals(Decimal("0.35"))
    ('人民币壹万零伍拾元整', '人民币叁角伍分')
    """
    value = _money(yuan)
    whole, cents = divmod(int(value * 100), 100)
    tenths, fen = divmod(cents, 10)
    text = _whole(whole) + "元" if whole else ""
    if not cents:
        return f"人民币{text or '零元'}整"
    if tenths:
        text += _DIGITS[tenths] + "角"
    elif whole:
        text += "零"
    return f"人民币{text}" + (_DIGITS[fen] + "分" if fen else "整")


def amount(yuan: int | float | Decimal) -> str:
    """An amount of money in figures.

    Raises:
        FactError: If it is no amount.

    >>> amount(48250), amount(1.5)
    ('48,250', '1.50')
    """
    value = _money(yuan)
    return f"{int(value):,}" if value == int(value) else f"{value:,.2f}"


def _money(yuan: int | float | Decimal) -> Decimal:
    try:
        value = Decimal(str(yuan))
        fen = value * 100
        fits = value.is_finite() and 0 <= value < _HIGHEST and fen == fen.to_integral_value()
    except (InvalidOperation, ValueError, OverflowError):
        fits = False
    if not fits:
        raise FactError(
            f"{yuan} is not an amount of money.",
            remedy="Tell yuan with at most two decimals, from 0 to below 10^16.",
            amount=str(yuan),
        )
    return value


def _whole(value: int) -> str:
    """A whole number above 0 in capitals."""
    groups: list[int] = []
    while value:
        value, group = divmod(value, 10_000)
        groups.append(group)
    text, gap = "", False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _four(group) + _GROUPS[place]
        gap = False
    # 亿 is told once: 壹万零伍亿, and 壹万亿 only where no 亿 follows
    return text.replace("万亿", "万", 1) if len(groups) == 4 and groups[2] else text


def _four(group: int) -> str:
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if not digit:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text


def ordinal(number: int) -> str:
    """The number of an article in plain Chinese numerals, from 1 to 999.

    >>> ordinal(44), ordinal(110), ordinal(205), ordinal(10)
    ('四十四', '一百一十', '二百零五', '十')
    """
    if not 0 < number < 1000:
        raise ValueError(f"{number} is no number of an article")
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_PLAIN[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _PLAIN[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_PLAIN[ones] if ones else "")


def day_text(day: date) -> str:
    """A day as documents write it; a moment is told by its day in Beijing.

    >>> day_text(date(2025, 9, 30))
    '2025年9月30日'
    """
    if isinstance(day, datetime):
        day = day.astimezone(BEIJING).date()
    return f"{day.year}年{day.month}月{day.day}日"


def moment_text(at: datetime) -> str:
    """A moment in Beijing time, to the minute.

    Raises:
        FactError: If the moment has no zone.

    >>> from datetime import timezone
    >>> moment_text(datetime(2025, 9, 30, 16, 5, tzinfo=timezone.utc))
    '2025年10月1日0时05分'
    """
    if at.tzinfo is None:
        raise FactError(f"The moment {at} has no time zone.", remedy="Tell it with its zone.", moment=str(at))
    here = at.astimezone(BEIJING)
    return f"{day_text(here.date())}{here.hour}时{here.minute:02d}分"


def area_text(area_m2: float, error_m2: float | None = None) -> str:
    """An area in square metres and mu, with its error where there is one.

    >>> area_text(312.4, 6.2), area_text(1000)
    ('312.4平方米（约合0.469亩，测量误差±6.2平方米）', '1000.0平方米（约合1.500亩）')
    """
    error = f"，测量误差±{error_m2:.1f}平方米" if error_m2 else ""
    return f"{area_m2:.1f}平方米（约合{area_m2 / M2_PER_MU:.3f}亩{error}）"
