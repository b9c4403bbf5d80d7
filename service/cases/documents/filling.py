"""Filling a template: strict about what is missing, deaf to what values say."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2.exceptions import TemplateError as JinjaError
from markupsafe import Markup
from PIL import Image, ImageOps, UnidentifiedImageError

from service.cases.documents.context import Context
from service.cases.documents.errors import FactError, MissingFactsError, TemplateError
from service.cases.documents.facts import Picture
from service.cases.documents.grammar import Grammar
from service.cases.documents.inspection import check_content
from service.cases.documents.kinds import KINDS
from service.cases.documents.package import packed, read_parts
from service.cases.documents.placeholders import PLACEHOLDERS
from service.cases.documents.shelf import TemplateVersion

MAX_TEXT, MAX_ROWS, MAX_PIXELS = 20_000, 500, 120_000_000
_MAX_SIDE = 1600
"""Pictures are brought to so many pixels, which prints at 250 dots an inch over the width of the page."""
_WIDTH_MM, _HEIGHT_MM = 150, 95
_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]|\t|\r")
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "{": "&#123;", "}": "&#125;"}
)


def fill(template: TemplateVersion, context: Context) -> bytes:
    """A Word document from a template and what stands for its placeholders.

    Values stay text whatever they hold: markup, braces, control characters. A line break begins a paragraph.

    Args:
        template: The template.
        context: From `context_of`.

    Returns:
        The document; the same template and context give the same bytes.

    Raises:
        TemplateError: If the template may not be used.
        MissingFactsError: With all that is missing.
        FactError: If a picture is none, or a text or a list is too long.
    """
    kind = KINDS[template.kind]
    used = check_content(template.content, kind)
    missing = missing_facts(context, used.needed(lambda name: is_told(context, name)) | set(kind.needs))
    if missing:
        told = ", ".join(f"{name} ({PLACEHOLDERS[name].meaning_zh})" for name in missing)
        raise MissingFactsError(
            f"{kind.title_zh} ({kind.name}) cannot be made: {told} missing.",
            remedy="Tell what is missing in the case, then make the document.",
            kind=kind.name,
            missing=missing,
        )
    document = DocxTemplate(io.BytesIO(template.content))
    document.init_docx()
    try:
        document.render(_ready(document, context, used.names), Grammar(_written), autoescape=True)
        target = io.BytesIO()
        document.save(target)
    except JinjaError as error:
        raise TemplateError(f"The template of {kind.name} cannot be filled: {error}.", kind=kind.name) from error
    return packed(read_parts(target.getvalue()))


def is_told(context: Context, name: str) -> bool:
    """Whether something stands for a placeholder; an amount of 0 does."""
    return context.get(name) not in (None, "", False, [], ())


def missing_facts(context: Context, names: set[str]) -> list[str]:
    """Of these placeholders those that nothing stands for, in alphabetical order; a flag is never missing."""
    return sorted(name for name in names if PLACEHOLDERS[name].form != "flag" and not is_told(context, name))


def _written(value: Any) -> Any:
    """A value as it is written into the XML."""
    if isinstance(value, InlineImage | Markup):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise TemplateError(f"A {type(value).__name__} cannot be written.", remedy="Write its fields.")
    return Markup(value.translate(_ESCAPES))


def _ready(document: DocxTemplate, context: Context, names: set[str]) -> dict[str, Any]:
    """The values that the template uses: clean texts, pictures placed."""
    return {name: _value(document, name, context.get(name)) for name in names}


def _value(document: DocxTemplate, name: str, value: Any) -> Any:
    if isinstance(value, Picture):
        return _placed(document, name, value)
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise FactError(f"{name} has {len(value):,} characters.", remedy=f"Keep to {MAX_TEXT:,}.", name=name)
        # docxtpl begins a paragraph, of the same look, where it reads the bell
        return _UNPRINTABLE.sub(" ", value.replace("\r\n", "\n")).strip().replace("\n", "\a")
    if isinstance(value, list | tuple):
        if len(value) > MAX_ROWS:
            raise FactError(f"{name} has {len(value):,} rows.", remedy=f"Keep to {MAX_ROWS:,}.", name=name)
        return [_value(document, name, one) for one in value]
    if isinstance(value, Mapping):
        return {key: _value(document, f"{name}.{key}", one) for key, one in value.items()}
    return value


def _placed(document: DocxTemplate, name: str, picture: Picture) -> InlineImage:
    """A picture in the document: turned upright, of printable size, without what a camera writes into it."""
    try:
        with Image.open(io.BytesIO(picture.content), formats=("PNG", "JPEG")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise FactError(
                    f"The picture {name} has {opened.width} x {opened.height} pixels.",
                    remedy="Make it smaller.",
                    name=name,
                )
            kind = opened.format
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FactError(
            f"The picture {name} is neither PNG nor JPEG.", remedy="Give a PNG or JPEG.", name=name
        ) from error
    upright.thumbnail((_MAX_SIDE, _MAX_SIDE))
    target = io.BytesIO()
    upright.save(target, kind, **({"quality": 88} if kind == "JPEG" else {}))
    target.seek(0)
    wide = upright.width / upright.height > _WIDTH_MM / _HEIGHT_MM
    return InlineImage(document, target, **({"width": Mm(_WIDTH_MM)} if wide else {"height": Mm(_HEIGHT_MM)}))
