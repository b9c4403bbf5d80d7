"""`kancha documents` at the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.main import app
from service.cases.documents import KINDS
from service.cases.documents.errors import TemplateError
from tests.unit.cases.documents.document_kit import text_of, with_words


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["documents", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_kinds_and_the_placeholders_are_listed() -> None:
    told = run("kinds")
    assert all(kind in told for kind in KINDS) and "公告" in told
    assert "officers_line" in run("placeholders")


def test_a_template_is_written_checked_and_taken(tmp_path: Path) -> None:
    file = tmp_path / "stop_order@2026-01-01.docx"
    run("template", "stop_order", "-o", str(file))
    assert "sound" in run("check", str(file), "--kind", "stop_order")
    file.write_bytes(with_words("stop_order", "本局地址以公示为准"))
    output = tmp_path / "sample.docx"
    assert "bureau-2026-01-01" in run("sample", "stop_order", "-o", str(output), "--templates", str(tmp_path))
    assert "本局地址以公示为准" in text_of(output.read_bytes())


def test_every_fault_of_a_template_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "own.docx"
    file.write_bytes(with_words("stop_order", "{{ colour }}{{ party|upper }}"))
    done = CliRunner().invoke(app, ["documents", "check", str(file), "--kind", "stop_order"])
    assert isinstance(done.exception, TemplateError)
    assert "fault: unknown placeholder: colour" in done.output and "fault: a filter is not allowed" in done.output


@pytest.mark.parametrize("kind", ["goods_list", "transfer_letter"])
def test_a_sample_is_a_word_file(kind: str, tmp_path: Path) -> None:
    output = tmp_path / "sample.docx"
    run("sample", kind, "-o", str(output))
    assert "（示例）" in text_of(output.read_bytes())
