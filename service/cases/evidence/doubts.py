"""What may speak against a photograph, in words.

A doubt is no verdict: it stands beside the photograph, and the officer who reviews it sees both. Only the very same
file out of another case is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Severity(StrEnum):
    """How much a doubt weighs."""

    REFUSE = "refuse"
    """It cannot be taken."""
    GRAVE = "grave"
    """As it stands it proves nothing."""
    DOUBT = "doubt"
    """Somebody has to look at it."""
    NOTE = "note"
    """Worth knowing; common with honest photographs."""


_TABLE = """
same_file | refuse | The very same file stands in the case {case}. | 同一文件已用于案件 {case}。
same_file_here | note | The very same file stands in this case already. | 本案中已有同一文件。
near_copy | grave | The case {case} holds nearly the same picture ({way}; {bits} of {of} bits differ). \
| 案件 {case} 中已有几乎相同的画面（{way_zh}，{of} 位中 {bits} 位不同）。
like_copy | doubt | The case {case} holds a similar picture, maybe the same ({way}; {bits} of {of} bits differ). \
| 案件 {case} 中有相似画面，可能为同一画面（{way_zh}，{of} 位中 {bits} 位不同）。
near_copy_here | doubt | This case holds nearly the same picture ({way}; {bits} of {of} bits differ). \
| 本案中已有几乎相同的画面（{way_zh}，{of} 位中 {bits} 位不同）。
blank | doubt | It shows next to nothing (spread of grey values {contrast:.1f}). \
| 画面几乎无内容（灰度离散度 {contrast:.1f}）。
machine_made | grave | Its metadata say that a machine made the picture. | 元数据表明图像由程序生成。
edited | doubt | A program for editing wrote it: {program}. | 由图像编辑软件写出：{program}。
watermark_app | note | A watermark app wrote it: {program}. | 由水印相机类应用写出：{program}。
thumbnail | doubt | The small picture within the file shows something else (difference {difference:.2f}). \
| 文件内缩略图与画面不一致（差异 {difference:.2f}）。
modified | doubt | It was changed {minutes:.0f} min after it was taken. | 拍摄后 {minutes:.0f} 分钟被修改过。
size | doubt | It has {width} x {height} pixels; {taken_width} x {taken_height} were taken. \
| 现为 {width}×{height} 像素，拍摄时为 {taken_width}×{taken_height}。
no_exif | note | It tells nothing of time, place and camera; chat apps remove that. \
| 无拍摄时间、位置和相机信息，经聊天软件传送会被清除。
no_exif_camera | doubt | It tells nothing of time, place and camera, though it shall come straight from the camera. \
| 声明为相机直接拍摄，但无拍摄时间、位置和相机信息。
exif_damaged | note | Parts of what it tells of itself cannot be read: {faults}. | 部分拍摄信息无法读取：{faults}。
format | note | It is a {format}, which cameras do not write; a screenshot is one. \
| 格式为 {format}，非相机格式，可能是截屏。
no_time | doubt | It does not tell when it was taken. | 无拍摄时间。
zone_assumed | note | Its clock tells no time zone; Beijing time is assumed. | 拍摄时间未注明时区，按北京时间处理。
zone_satellites | note | Its clock tells no time zone; by the time of the satellites it ran at UTC{zone}. \
| 拍摄时间未注明时区，按卫星时间推得为 UTC{zone}。
zone_other | doubt | Its clock ran at UTC{zone}, not at Beijing time. | 相机时钟为 UTC{zone}，非北京时间。
satellites | doubt | Its clock and the time of the satellites are {minutes:.0f} min apart; the clock is wrong, or the \
position is an old one. | 相机时钟与卫星时间相差 {minutes:.0f} 分钟，时钟有误或定位为旧数据。
phone_clock | note | The phone's clock was {minutes:+.1f} min off when it sent; its times are corrected by that. \
| 发送时手机时钟偏差 {minutes:+.1f} 分钟，时间已据此更正。
time_told | doubt | By itself it was taken {minutes:.0f} min {order} the time that is told. \
| 照片记录的拍摄时间与填报时间相差 {minutes:.0f} 分钟（{order_zh}）。
future | grave | By itself it was taken {minutes:.0f} min after it arrived. \
| 照片记录的拍摄时间晚于接收时间 {minutes:.0f} 分钟。
told_future | doubt | The time that is told lies {minutes:.0f} min after it arrived. \
| 填报时间晚于接收时间 {minutes:.0f} 分钟。
late | note | It arrived {days:.0f} days after it was taken. | 拍摄后 {days:.0f} 天才收到。
before_event | grave | It was taken {hours:.1f} h before what it shall prove ({what}). \
| 拍摄时间早于所要证明的事项（{what_zh}）{hours:.1f} 小时。
no_position | doubt | Neither it nor the form tells where it was taken. | 照片和填报均无拍摄位置。
position_form | note | It does not tell where it was taken; the place is that of the form. \
| 照片无位置信息，采用填报位置。
position_told | doubt | By itself it was taken {metres:.0f} m from the place that is told (error {error:.0f} m). \
| 照片位置与填报位置相距 {metres:.0f} 米（误差 {error:.0f} 米）。
position_gcj02 | note | The two places are {metres:.0f} m apart, as GCJ-02 shifts them: one comes from a web map. \
| 两处位置相距 {metres:.0f} 米，与 GCJ-02 偏移一致，其一来自互联网地图。
position_rough | note | The place is known to {error:.0f} m only. | 定位误差达 {error:.0f} 米。
far | doubt | It was taken {metres:.0f} m from the structure (error {error:.0f} m). \
| 拍摄位置距建（构）筑物 {metres:.0f} 米（误差 {error:.0f} 米）。
very_far | grave | It was taken {metres:.0f} m from the structure (error {error:.0f} m). \
| 拍摄位置距建（构）筑物 {metres:.0f} 米（误差 {error:.0f} 米）。
looks_away | doubt | The camera looked {off:.0f} degrees past the structure (compass and view allow {allowed:.0f}). \
| 相机朝向偏离建（构）筑物 {off:.0f} 度（罗盘与视角允许 {allowed:.0f} 度）。
"""


def _words() -> Mapping[str, tuple[Severity, str, str]]:
    rows = ([part.strip() for part in line.split(" | ")] for line in _TABLE.strip().splitlines())
    return MappingProxyType({code: (Severity(severity), en, zh) for code, severity, en, zh in rows})


WORDS: Mapping[str, tuple[Severity, str, str]] = _words()
"""What each code weighs, and what it says in English and Chinese."""


@dataclass(frozen=True)
class PhotoDoubt:
    """Something that speaks against a photograph.

    Args:
        code: A key of `WORDS`.
        severity: How much it weighs.
        measured: The figures behind it.
        sentence: In words.
        sentence_zh: In Chinese.
        photo_id: The other photograph that it is about; empty for none.
    """

    code: str
    severity: Severity
    measured: Mapping[str, Any]
    sentence: str
    sentence_zh: str
    photo_id: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The doubt as plain values."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "measured": dict(self.measured),
            "sentence": self.sentence,
            "sentence_zh": self.sentence_zh,
            "photo_id": self.photo_id,
        }


def doubt(code: str, photo_id: str = "", **measured: Any) -> PhotoDoubt:
    """A doubt in its words.

    Args:
        code: A key of `WORDS`.
        photo_id: The other photograph.
        measured: The figures that its words tell.
    """
    severity, en, zh = WORDS[code]
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in measured.items()}
    return PhotoDoubt(code, severity, rounded, en.format(**measured), zh.format(**measured), photo_id)
