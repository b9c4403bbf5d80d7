"""Numerals, days and serial numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases.documents import KINDS, Serial, SerialRule, Series, format_serial, parse_serial, series_of
from service.cases.documents.errors import FactError, SerialError
from service.cases.documents.numerals import amount, amount_in_capitals, area_text, day_text, moment_text, ordinal


@pytest.mark.parametrize(
    ("yuan", "text"),
    [
        (0, "零元整"),
        (1, "壹元整"),
        (10, "壹拾元整"),
        (105, "壹佰零伍元整"),
        (1_005, "壹仟零伍元整"),
        (1_050, "壹仟零伍拾元整"),
        (10_050, "壹万零伍拾元整"),
        (48_250, "肆万捌仟贰佰伍拾元整"),
        (100_000, "壹拾万元整"),
        (110_000, "壹拾壹万元整"),
        (100_500, "壹拾万零伍佰元整"),
        (1_000_001, "壹佰万零壹元整"),
        (20_030_400, "贰仟零叁万零肆佰元整"),
        (100_000_000, "壹亿元整"),
        (100_000_005, "壹亿零伍元整"),
        (100_050_000, "壹亿零伍万元整"),
        (12_345_678_901, "壹佰贰拾叁亿肆仟伍佰陆拾柒万捌仟玖佰零壹元整"),
        (1_000_000_000_000, "壹万亿元整"),
        (1_000_500_000_000, "壹万零伍亿元整"),
        (1_000_000_000_007, "壹万亿零柒元整"),
        ("0.5", "伍角整"),
        ("0.05", "伍分"),
        ("1.05", "壹元零伍分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        (0.29, "贰角玖分"),
    ],
)
def test_amounts_in_capitals(yuan: float | str, text: str) -> None:
    assert amount_in_capitals(Decimal(yuan) if isinstance(yuan, str) else yuan) == "人民币" + text


@pytest.mark.parametrize("yuan", [-1, 0.001, 1e16, float("nan"), float("inf"), Decimal("sNaN"), "a"])
def test_what_is_no_amount_is_refused(yuan: float) -> None:
    with pytest.raises(FactError):
        amount_in_capitals(yuan)


DIGITS, STEPS = dict(zip("零壹贰叁肆伍陆柒捌玖", range(10), strict=True)), {"拾": 10, "佰": 100, "仟": 1000}


def read_back(text: str) -> int:
    """The number that capitals tell, by the way they are read aloud."""
    total = group = digit = 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
        elif sign in STEPS:
            group, digit = group + digit * STEPS[sign], 0
        elif sign == "万":
            total, group, digit = total + (group + digit) * 10_000, 0, 0
        else:
            total, group, digit = (total + group + digit) * 100_000_000, 0, 0
    return total + group + digit


@given(st.integers(1, 10**16 - 1))
def test_capitals_read_back_as_the_number(yuan: int) -> None:
    text = amount_in_capitals(yuan).removeprefix("人民币").removesuffix("元整")
    assert read_back(text) == yuan
    assert "零零" not in text and not text.endswith("零")


def test_figures_days_and_areas() -> None:
    assert (amount(48250), amount(Decimal("1234.5"))) == ("48,250", "1,234.50")
    assert day_text(date(2025, 9, 30)) == "2025年9月30日"
    assert day_text(datetime(2025, 9, 30, 17, tzinfo=UTC)) == "2025年10月1日"
    assert moment_text(datetime(2025, 12, 31, 16, 5, tzinfo=UTC)) == "2026年1月1日0时05分"
    with pytest.raises(FactError):
        moment_text(datetime(2025, 1, 1))
    # 1 mu is 10,000/15 square metres
    assert area_text(2000) == "2000.0平方米（约合3.000亩）"
    assert area_text(66.67, 1.24) == "66.7平方米（约合0.100亩，测量误差±1.2平方米）"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "一"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (44, "四十四"),
        (100, "一百"),
        (110, "一百一十"),
        (205, "二百零五"),
    ],
)
def test_numbers_of_articles(number: int, text: str) -> None:
    assert ordinal(number) == text


WORDS = st.text("立停改告审拆处催公执垦字甲乙", min_size=1, max_size=3)
BETWEEN = st.text("执字第号〔〕[]（）-·年", min_size=1, max_size=3)


@st.composite
def rules(draw: st.DrawFn) -> SerialRule:
    yearly = draw(st.booleans())
    fields = [*draw(st.permutations(["place", "word"] + (["year"] if yearly else []))), "number"]
    if draw(st.booleans()):
        fields[-1] = "number:0" + draw(st.sampled_from("23456"))
    pattern = "".join(f"{{{field}}}{draw(BETWEEN)}" for field in fields)
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, unique=True))
    words = draw(st.lists(WORDS, min_size=len(kinds), max_size=len(kinds), unique=True))
    return SerialRule(draw(WORDS), pattern, dict(zip(kinds, words, strict=True)), yearly)


@given(rules(), st.data())
def test_what_is_printed_is_read_back(rule: SerialRule, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(rule.word_of)))
    year = data.draw(st.integers(1000, 9999)) if rule.yearly else None
    serial = Serial(kind, year, data.draw(st.integers(1, 10**9)))
    assert parse_serial(rule, format_serial(rule, serial)) == serial


def test_the_pattern_of_a_practising_bureau() -> None:
    old = SerialRule("垦", "{place}执{word}字[{year}]第 {number} 号")
    assert format_serial(old, Serial("demolition_order", 2017, 12)) == "垦执拆字[2017]第 12 号"
    assert format_serial(SerialRule("垦"), Serial("announcement", 2026, 1)) == "垦执公告字〔2026〕第1号"


@pytest.mark.parametrize(
    ("pattern", "yearly", "said"),
    [
        ("{place}{word}字{year}", True, "{number} is missing"),
        ("第{number}号〔{year}〕", True, "{word} is missing"),
        ("{word}第{number}号", True, "{year} is missing"),
        ("{word}〔{year}〕第{number}号", False, "numbers run on"),
        ("{word}{year}{number}", True, "touch"),
        ("{word}〔{year}〕0{number}号", True, "touch"),
        ("{word}〔{year}〕{number}{number}", True, "twice"),
        ("{word}〔{year}〕第{number}号{colour}", True, "{colour} is unknown"),
        ("{word.__class__}〔{year}〕第{number}号", True, "is unknown"),
        ("{word}〔{year}〕第{number:>99999999}号", True, "form that is not known"),
        ("{word:x}〔{year}〕第{number}号", True, "form that is not known"),
        ("{word〔{year}〕第{number}号", True, "braces"),
        ("{}{word}〔{year}〕第{number}号", True, "{} is unknown"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(pattern: str, yearly: bool, said: str) -> None:
    with pytest.raises(SerialError) as caught:
        SerialRule("垦", pattern, None, yearly)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"stop_order": "停", "reminder": "停"}, "stands for two kinds"),
        ({"stop_order": ""}, "a word is empty"),
        ({"stop_order": "停1"}, "digits"),
        ({"ticket": "停"}, "no kind ticket"),
    ],
)
def test_words_tell_kinds_apart(words: Mapping[str, str], said: str) -> None:
    with pytest.raises(SerialError, match=said):
        SerialRule("垦", words=words)


@pytest.mark.parametrize(
    "text", ["垦执拆字〔2017〕第03号", "垦执拆字〔2017〕第0号", "垦执X字〔2017〕第3号", "执拆字〔2017〕第3号", ""]
)
def test_what_the_rule_does_not_print_is_not_read(text: str) -> None:
    with pytest.raises(SerialError):
        parse_serial(SerialRule("垦"), text)


def test_a_kind_without_a_word_has_no_serial_unless_configured() -> None:
    day = date(2026, 12, 31)
    assert series_of(SerialRule("垦"), "hearing_notice", day) is None
    own = SerialRule("垦", words={"hearing_notice": "听"})
    assert series_of(own, "hearing_notice", day) == Series("hearing_notice", 2026)
    assert series_of(SerialRule("垦", "{word}第{number}号", yearly=False), "stop_order", day) == Series(
        "stop_order", None
    )
    for serial in (Serial("hearing_notice", 2026, 1), Serial("stop_order", 2026, 0), Serial("stop_order", None, 1)):
        with pytest.raises(SerialError):
            format_serial(SerialRule("垦"), serial)
