"""Messages in words, Chinese and English, always of a suspicion; grouped by street."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from geodata.report.words import CHANGE, FLAGS, STAGE, STATUS, Text
from service.alarms.matching import FIRST
from service.alarms.values import Grade, Purpose

STEP: Mapping[str, Text] = {
    FIRST: Text("首次告警", "first alarm"),
    "rebuilt": Text("疑似复建", "possibly rebuilt"),
    "protected_land": Text("扩至保护性用地", "now reaches onto protected land"),
    "finished": Text("由在建转为已建成", "was being built, is finished now"),
}
ELSEWHERE = Text("街道不详", "street not known")
_MOST_REASONS = 3
_MOST_LISTED = 200


@dataclass(frozen=True)
class Item:
    """A structure in a message.

    Args:
        alarm_id: The alarm.
        finding_id: The finding.
        structure_id: The structure.
        step: Why now.
        grade: Of what kind.
        street: Name of its street; empty: not known.
        place: Longitude and latitude.
        told: The properties of the finding.
        link: Where it is shown.
        chip: Where its picture is.
        veiled: Whether it is too secret to be told outside.
        picture: The picture, PNG; None without one.
    """

    alarm_id: str
    finding_id: str
    structure_id: str
    step: str
    grade: Grade
    street: str
    place: tuple[float, float]
    told: Mapping[str, Any]
    link: str
    chip: str
    veiled: bool = False
    picture: bytes | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """As other systems read it."""
        named = {"alarm_id": self.alarm_id, "grade": self.grade, "step": self.step, "link": self.link}
        if self.veiled:
            return {**named, "withheld": True}
        names = ("status", "change", "stage", "confidence", "area_m2", "priority", "flags", "reasons", "parcel_ids",
                 "before_acquired_at", "after_acquired_at")  # fmt: skip
        return {
            **named,
            "finding_id": self.finding_id,
            "structure_id": self.structure_id,
            "street": self.street or None,
            "place": list(self.place),
            "chip": self.chip,
            **{name: self.told.get(name) for name in names},
        }


@dataclass(frozen=True)
class Words:
    """A message in one language.

    Args:
        title: Its title.
        text: Its text.
    """

    title: str
    text: str


def words_of(items: Sequence[Item], purpose: Purpose, more: str, language: str, most_bytes: int = 1 << 20) -> Words:
    """A message about structures.

    Args:
        items: The structures.
        purpose: Why it is sent.
        more: Where all alarms are listed.
        language: `zh` or `en`.
        most_bytes: Bytes that the text has at most; what does not fit is counted and left to the link.
    """
    zh = language == "zh"
    groups = by_street(items)
    title = _title(items, [name for name, _ in groups], purpose, zh)
    lines = _lines(groups, zh)
    for shown in range(min(len(items), _MOST_LISTED), -1, -1):
        text = _text(lines, shown, len(items), more, zh)
        if len(text.encode()) <= most_bytes or shown == 0:
            break
    return Words(title, text)


def by_street(items: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    """Items by street, the street with the gravest first; within one the gravest and most pressing first."""
    groups: dict[str, list[Item]] = {}
    for item in sorted(items, key=_rank):
        groups.setdefault("" if item.veiled else item.street, []).append(item)
    return sorted(groups.items(), key=lambda group: (_rank(group[1][0])[0], group[0] == "", group[0]))


def _rank(item: Item) -> tuple[bool, float, str]:
    return item.grade != "gravest", -float(item.told.get("priority") or 0), item.finding_id


def _title(items: Sequence[Item], streets: Sequence[str], purpose: Purpose, zh: bool) -> str:
    gravest = sum(item.grade == "gravest" for item in items)
    names = [name for name in streets if name]
    where = ("、" if zh else ", ").join(names[:3]) + (("等" if zh else " ...") if len(names) > 3 else "")
    if zh:
        what = f"{gravest} 处疑似在保护性用地上在建" if gravest else f"{len(items)} 处疑似违法建设线索"
        head = {"escalation": "【催办】无人签收：", "digest": "【汇总】"}.get(purpose, "【紧急】" if gravest else "")
        more = f"，共 {len(items)} 处" if gravest and gravest < len(items) else ""
        return f"勘查{head or '：'}{what}{more}" + (f"（{where}）" if where else "")
    what = f"{gravest} possibly being built on protected land" if gravest else f"{len(items)} suspected new structures"
    head = {"escalation": "Not acknowledged: ", "digest": "Digest: "}.get(purpose, "Urgent: " if gravest else "")
    more = f", {len(items)} in all" if gravest and gravest < len(items) else ""
    return f"Kancha: {head}{what}{more}" + (f" ({where})" if where else "")


def _lines(groups: Sequence[tuple[str, list[Item]]], zh: bool) -> list[tuple[str, str]]:
    """Heading and text of every item, in order."""
    found = []
    number = 0
    for name, some in groups:
        heading = f"■ {name or (ELSEWHERE.zh if zh else ELSEWHERE.en)}（{len(some)}）"
        for item in some:
            number += 1
            found.append((heading, f"{number}. {_item(item, zh)}"))
    return found


def _text(lines: Sequence[tuple[str, str]], shown: int, count: int, more: str, zh: bool) -> str:
    told: list[str] = []
    last = ""
    for heading, line in lines[:shown]:
        if heading != last:
            told.append(heading)
            last = heading
        told.append(line)
    if shown < count:
        told.append(f"另有 {count - shown} 处" if zh else f"{count - shown} more")
    end = "全部告警与签收" if zh else "All alarms, to acknowledge them"
    note = "影像发现仅为线索，须现场核实。" if zh else "What imagery shows is a lead; it has to be checked on site."
    return "\n".join([*told, f"{end}: {more}", note])


def _item(item: Item, zh: bool) -> str:
    if item.veiled:
        hint = "密级较高，请登录查看" if zh else "Its grade of secrecy is higher: sign in to see it"
        return f"{hint}\n   {item.link}"
    told = item.told
    words = [
        _word(STAGE, told.get("stage"), zh),
        _word(CHANGE, told.get("change"), zh),
        _word(STATUS, told.get("status"), zh),
        f"{float(told.get('area_m2') or 0):,.0f} m²",
        ("把握" if zh else "confidence") + f" {float(told.get('confidence') or 0):.0%}",
    ]
    words += [_word(FLAGS, flag, zh) for flag in told.get("flags") or ()]
    if item.step != FIRST:
        words.insert(0, _word(STEP, item.step, zh))
    lines = [" · ".join(word for word in words if word)]
    lines += [f"   - {text}" for text in _reasons(told, zh)]
    label = "位置" if zh else "place"
    lines.append(f"   {label} {item.place[0]:.6f}, {item.place[1]:.6f}  {item.link}")
    return "\n".join(lines)


def _reasons(told: Mapping[str, Any], zh: bool) -> list[str]:
    found = [
        str((reason.get("message_zh") if zh else None) or reason.get("message") or reason.get("code") or "")
        for reason in told.get("reasons") or ()
    ]
    return found[:_MOST_REASONS]


def _word(table: Mapping[str, Text], key: Any, zh: bool) -> str:
    found = table.get(str(key))
    return str(key or "") if found is None else (found.zh if zh else found.en)
