"""Chinese addresses and parcel numbers brought to one spelling, so that registers of several bureaus meet.

Spelled alike are: full and half width, 號 and 号, 棟, 栋 and 幢, Chinese and Arabic numerals before a counter
(二十三号, 23号), a number with and without its 号 or 第, leading zeros; and addresses with and without their province,
city and district, which registers of one city leave out or not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

SIMILAR = 0.75
"""Likeness from which on two addresses may mean one place."""
LEAD = 0.1
"""So much likelier than the second best the best must be."""
_PREFIX_LEFT_OUT = 0.9
"""Likeness of two addresses of which one ends with the other: a town or street office stands before it."""
_LEAST_TEXT = 3

_VARIANTS = str.maketrans("號棟栋樓層單縣區鎮鄉莊東〇两", "号幢幢楼层单县区镇乡庄东零二")
_COUNTERS = "号|幢|组|队|弄|巷|单元|室|层|楼|社|排|户|村民小组|村民组"
_NUMERAL = re.compile(rf"[零一二三四五六七八九十百千]+(?={_COUNTERS})")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_PROVINCE = re.compile(r"^(?:中国|中华人民共和国)?[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区)")
_CITY = re.compile(r"^[\u4e00-\u9fff]{2,6}?(?:市|自治州|地区|盟)")
_DISTRICT = re.compile(r"^[\u4e00-\u9fff]{1,6}?(?:县|旗|市|(?<![小社园景厂校片宅业发新])区)")
_NOISE = re.compile(r"[^\w\-]|_")
_GROUPS = re.compile(r"\d+|[^\W\d_]+")


@dataclass(frozen=True)
class Address:
    """An address in one spelling.

    Args:
        text: All of it; equal texts are one address.
        numbers: Its numbers in their order: 人民路12号3幢 has (12, 3).
    """

    text: str
    numbers: tuple[int, ...]

    @property
    def words(self) -> str:
        """The text with every number as one sign."""
        return re.sub(r"\d+", "#", self.text)


def normalised_address(text: str) -> Address:
    """An address in one spelling.

    >>> normalised_address("河北省邯郸市邯山区人民路１２號三栋").text
    '人民路12-3幢'
    """
    plain = unicodedata.normalize("NFKC", text).lower().translate(_VARIANTS)
    plain = re.sub(r"[—–－~～、/]", "-", plain)
    plain = _NOISE.sub("", plain)
    for prefix in (_PROVINCE, _CITY, _DISTRICT):
        plain = _without(prefix, plain)
    plain = _NUMERAL.sub(lambda found: str(_value(found.group())), plain)
    plain = re.sub(r"第(?=\d)", "", plain)
    plain = re.sub(r"(?<=\d)号(?:院)?", "-", plain)
    plain = re.sub(r"\d+", lambda found: str(int(found.group())), plain)
    plain = re.sub(r"-+", "-", plain).strip("-")
    return Address(plain, tuple(int(number) for number in re.findall(r"\d+", plain)))


def _without(prefix: re.Pattern[str], text: str) -> str:
    """The text without a prefix, where words are left before the first number: 阳光小区3幢 has no district."""
    rest = prefix.sub("", text, count=1)
    return rest if re.match(r"[\u4e00-\u9fff]{2}", rest) and not _NUMERAL.match(rest) else text


def _value(numeral: str) -> int:
    """The number that a Chinese numeral writes: 二十三, 一百零五, or digit by digit 一二三."""
    if not set(numeral) & set(_UNITS):
        return int("".join(str(_DIGITS[char]) for char in numeral))
    total, digit = 0, 0
    for char in numeral:
        if char in _UNITS:
            total, digit = total + max(1, digit) * _UNITS[char], 0
        else:
            digit = _DIGITS[char]
    return total + digit


def likeness(one: Address, other: Address) -> float:
    """How alike two addresses are, 0 to 1; 0 where their numbers differ: 12号 is not 13号.

    It is the Sørensen-Dice coefficient of the pairs of neighbouring characters, a number counting as one character;
    at least 0.9 where one address ends with the other.
    """
    if one.numbers != other.numbers:
        return 0.0
    a, b = one.words, other.words
    if a == b:
        return 1.0
    pairs = [Counter(word[i : i + 2] for i in range(len(word) - 1)) for word in (a, b)]
    total = sum(pairs[0].values()) + sum(pairs[1].values())
    dice = 2 * sum((pairs[0] & pairs[1]).values()) / total if total else 0.0
    short, long = sorted((a, b), key=len)
    ends = len(short.replace("#", "")) >= _LEAST_TEXT and long.endswith(short)
    return max(dice, _PREFIX_LEFT_OUT) if ends else dice


def normalised_number(text: str) -> str:
    """A parcel number in one spelling: case, width, punctuation and leading zeros do not count.

    >>> normalised_number("ｇ－００１／０２"), normalised_number("G1-2")
    ('G-1-2', 'G-1-2')
    """
    groups = _GROUPS.findall(unicodedata.normalize("NFKC", text).upper())
    return "-".join(str(int(group)) if group.isdecimal() else group for group in groups)
