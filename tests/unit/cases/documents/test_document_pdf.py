"""Documents as PDF: all kinds in one call of LibreOffice, dossiers by weasyprint."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from service.cases.documents import (
    KINDS,
    OfficeOptions,
    all_to_pdf,
    built_in,
    context_of,
    fill,
    html_to_pdf,
    pdf_text,
    to_pdf,
)
from service.cases.documents.errors import NoOfficeError, PdfError
from service.cases.documents.pdf import office_command
from service.cases.documents.sample import sample_facts

PAGES = {"inspection_record": 3}
"""At most so many pages of a kind for the made-up case; two where nothing stands here."""


def installed() -> bool:
    try:
        office_command()
    except NoOfficeError:
        return False
    return True


@pytest.mark.skipif(not installed(), reason="LibreOffice is not installed")
def test_every_kind_is_printed_whole() -> None:
    documents = {kind: fill(built_in(kind), context_of(sample_facts(kind))) for kind in KINDS}
    for kind, pdf in zip(documents, all_to_pdf(list(documents.values())), strict=True):
        facts = sample_facts(kind)
        pages = pdf_text(pdf)
        text = "".join(pages)
        assert len(pages) <= PAGES.get(kind, 2), kind
        assert KINDS[kind].title_zh in text and "{{" not in text, kind
        assert facts.serial is None or facts.serial in text, kind
        assert facts.site is not None and "柳林街道示例路8号" in text or kind in ("hearing_notice", "hearing_record"), (
            kind
        )
        assert all("—1—" not in page or number == 0 for number, page in enumerate(pages)), kind
        fonts = {str(font) for page in PdfReader(io.BytesIO(pdf)).pages for font in fonts_of(page)}
        assert any("CJK" in font or "Song" in font or "Sim" in font or "Fang" in font for font in fonts), fonts
        # the seal never stands alone on a page
        assert "（印章）" not in pages[-1] or len(pages[-1]) > 40, kind


def fonts_of(page: object) -> list[object]:
    resources = page["/Resources"]  # type: ignore[index]
    return [font.get_object()["/BaseFont"] for font in resources.get("/Font", {}).values()]


def test_without_libreoffice_the_way_out_is_told() -> None:
    with pytest.raises(NoOfficeError, match="apt-get install"):
        to_pdf(b"", OfficeOptions(command="no-such-office"))


def program(folder: Path, *lines: str) -> OfficeOptions:
    path = folder / "office"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return OfficeOptions(str(path), limit_s=1.0)


def test_an_office_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    options = program(tmp_path, f"sleep 60 & echo $! > {mark}", "sleep 60")
    begun = time.monotonic()
    with pytest.raises(PdfError, match="within 1 s"):
        to_pdf(b"", options)
    assert time.monotonic() - begun < 10
    child = int(mark.read_text())
    for _ in range(100):
        if not alive(child):
            break
        time.sleep(0.05)
    assert not alive(child)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # one that ended and that nobody has asked after yet is dead too
    return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()


def test_an_office_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(PdfError, match="status 3"):
        to_pdf(b"", program(tmp_path, "exit 3"))
    with pytest.raises(PdfError, match="made no PDF"):
        to_pdf(b"", program(tmp_path, "exit 0"))


def test_the_office_sees_a_home_of_its_own_and_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    monkeypatch.setenv("KANCHA_TEST_SECRET", "hidden")
    with pytest.raises(PdfError):
        to_pdf(b"", program(tmp_path, f"env > {told}; cat $HOME/profile/user/registrymodifications.xcu >> {told}"))
    text = told.read_text(encoding="utf-8")
    assert "hidden" not in text
    assert f"HOME={Path.home()}\n" not in text
    assert "DisableMacrosExecution" in text


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 0, 0)).save(target, "PNG")
    return target.getvalue()


def test_a_dossier_is_printed_with_its_parts_and_always_alike() -> None:
    html = '<h1>违法建设线索档案</h1><p>面积312.4平方米</p><img src="part:before.png">'
    pdf = html_to_pdf(html, {"before.png": picture()})
    assert pdf_text(pdf) == ["违法建设线索档案面积312.4平方米"]
    assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
    assert html_to_pdf(html, {"before.png": picture()}) == pdf


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://127.0.0.1:9/a.png">',
        '<img src="file:///etc/passwd">',
        '<img src="/etc/passwd">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="part:other.png">',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        "<style>@import url(http://127.0.0.1:9/a.css);</style>",
        "<style>@font-face{font-family:x;src:url(file:///etc/passwd)}p{font-family:x}</style><p>x</p>",
        '<style>p{background:url("ftp://127.0.0.1/a.png")}</style><p>x</p>',
        '<a rel="attachment" href="file:///etc/passwd">x</a>',
        '<object data="file:///etc/passwd"></object>',
    ],
)
def test_a_dossier_reaches_nothing_that_was_not_given(html: str) -> None:
    with pytest.raises(PdfError, match="not given"):
        html_to_pdf(html, {"before.png": picture()})


def test_what_is_no_pdf_is_told() -> None:
    with pytest.raises(PdfError, match="cannot be read"):
        pdf_text(b"no pdf")
