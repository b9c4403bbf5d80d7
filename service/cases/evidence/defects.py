"""What can be wrong with an evidence package, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_TABLE = """
not_a_package | This is no evidence package: it is no ZIP. | 不是证据包：文件不是 ZIP。
cut_off | The end of the package is missing: it was cut off. | 包不完整，末尾缺失。
bytes_behind | {bytes} bytes stand behind the end of the package. | 包末尾之后多出 {bytes} 字节。
bytes_between | {bytes} bytes stand where nothing may, before the list of files. | 文件清单之前多出 {bytes} 字节。
directory_lost | The list of files is not where the end of the package says. | 文件清单不在包尾所指位置。
directory | The list of files at the end is not what it must be. | 包尾的文件清单与应有内容不符。
count | The end tells of {told} files, the list of {found}. | 包尾记载 {told} 个文件，清单列有 {found} 个。
too_many | It tells of {told} files, more than a package may have. | 记载文件数 {told} 超出上限。
encrypted | It is encrypted. | 文件被加密。
compressed | It is compressed, which nothing in a package is. | 文件被压缩，证据包内文件均不压缩。
link | It is a link and no file. | 是链接而非文件。
twice | Its name stands twice in the package. | 包内有重名文件。
unsafe_name | Its name leads out of the folder, or cannot be shown. | 文件名指向目录之外或含不可显示字符。
misplaced | It begins at {told}, not at {expected}. | 起始位置为 {told}，应为 {expected}。
header | Its header is not what it must be. | 文件头与应有内容不符。
crc | Its content does not have the sum (CRC-32) of its header. | 内容与文件头的 CRC-32 不符。
missing | The package lacks it. | 包内缺少该文件。
unlisted | The manifest does not know it. | 清单中没有该文件。
order | It does not stand in its place. | 文件次序不符。
size | It has {found} bytes, the manifest tells of {told}. | 实有 {found} 字节，清单记载 {told} 字节。
hash | Its SHA-256 is {found}, the manifest tells {told}. | SHA-256 为 {found}，清单记载 {told}。
manifest_unread | The manifest cannot be read: {why}. | 清单无法读取：{why}。
manifest_form | The manifest does not have its one form. | 清单不是规范格式。
manifest_path | Its path does not follow from its kind, number and name. | 清单中的路径与种类、序号、名称不符。
format | The manifest is of the format {found}, which this release does not know. | 清单格式为 {found}，本版本不支持。
sums | It does not list the files as the manifest does. | 校验和清单与总清单不一致。
signature | The signature is not of this key over this manifest. | 签名与清单及公钥不符。
signer | The manifest tells of another key than the package has. | 清单记载的公钥与包内公钥不同。
signer_unread | The public key cannot be read. | 公钥无法读取。
unknown_signer | It is signed by the key {found}, which is not trusted. | 签名公钥 {found} 不在信任之列。
events | {why} | {why_zh}
stamp_signature | The time stamp is not the one that the package was sealed with. | 时间戳不是封存时的时间戳。
stamp | {why} | 时间戳无效（{why}）
"""


def _words() -> Mapping[str, tuple[str, str]]:
    rows = (line.split(" | ") for line in _TABLE.strip().splitlines())
    return MappingProxyType({code.strip(): (en.strip(), zh.strip()) for code, en, zh in rows})


WORDS: Mapping[str, tuple[str, str]] = _words()
"""What each code says, in English and Chinese."""


@dataclass(frozen=True)
class Defect:
    """Something that is wrong with a package.

    Args:
        code: A key of `WORDS`.
        part: Which file of it; empty: the package itself.
        message: In words.
        message_zh: In Chinese.
        measured: The figures behind it.
    """

    code: str
    part: str
    message: str
    message_zh: str
    measured: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The defect as plain values."""
        return {
            "code": self.code,
            "part": self.part,
            "message": self.message,
            "message_zh": self.message_zh,
            "measured": dict(self.measured),
        }


def defect(code: str, part: str = "", **measured: Any) -> Defect:
    """A defect in its words.

    Args:
        code: A key of `WORDS`.
        part: Which file of the package.
        measured: The figures that its words tell.
    """
    en, zh = WORDS[code]
    return Defect(code, part, en.format(**measured), zh.format(**measured), measured)
