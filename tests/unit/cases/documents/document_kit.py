"""Word files for the tests of the documents: read back, and changed part by part."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape, unescape

from service.cases.documents import built_in
from service.cases.documents.package import packed, read_parts

MAIN = "word/document.xml"
Change = Callable[[dict[str, bytes]], object]


def text_of(document: bytes) -> str:
    """The text of a document, a line for each paragraph."""
    xml = read_parts(document)[MAIN].decode()
    paragraphs = re.findall(r"<w:p[ >].*?</w:p>", xml, re.S)
    lines = ("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", one)) for one in paragraphs)
    return unescape("\n".join(lines), {"&#123;": "{", "&#125;": "}", "&quot;": '"', "&#39;": "'"})


def changed(kind: str, change: Change) -> bytes:
    """The shipped template of a kind with its parts changed."""
    parts = read_parts(built_in(kind).content)
    change(parts)
    return packed(parts)


def with_words(kind: str, words: str) -> bytes:
    """The shipped template of a kind with a paragraph more."""
    paragraph = f'<w:p><w:r><w:t xml:space="preserve">{escape(words)}</w:t></w:r></w:p>'
    return with_xml(kind, paragraph)


def with_xml(kind: str, xml: str) -> bytes:
    """The shipped template of a kind with XML at the end of its body."""

    def change(parts: dict[str, bytes]) -> None:
        parts[MAIN] = parts[MAIN].replace(b"<w:sectPr", xml.encode() + b"<w:sectPr", 1)

    return changed(kind, change)


def without(kind: str, name: str) -> bytes:
    """The shipped template of a kind without a placeholder."""

    def change(parts: dict[str, bytes]) -> None:
        parts[MAIN] = parts[MAIN].replace(f"{{{{ {name} }}}}".encode(), b"")

    return changed(kind, change)
