"""`kancha clocks`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.clocks import app
from service.cases.errors import TermBookError, WorkCalendarError

RUN = CliRunner()


def test_terms_of_a_place_and_all_of_them() -> None:
    national, local = RUN.invoke(app, ["terms"]), RUN.invoke(app, ["terms", "--jurisdiction", "shanghai"])
    assert national.exit_code == local.exit_code == 0
    assert "hearing_request" in national.output and "on_site" not in national.output and "on_site" in local.output
    every = RUN.invoke(app, ["terms", "--all"])
    assert "objection_answer" in every.output and "objection_answer" not in local.output


def test_the_template_is_a_sound_book(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(RUN.invoke(app, ["template"]).output, encoding="utf-8")
    done = RUN.invoke(app, ["check", str(file)])
    assert done.exit_code == 0 and done.output.startswith("sound: my-bureau, ")
    assert RUN.invoke(app, ["terms", "--book", str(file)]).exit_code == 0


def test_faults_are_told_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("name: t\nswitch_on: [a, b]\n", encoding="utf-8")
    done = RUN.invoke(app, ["check", str(file)])
    assert isinstance(done.exception, TermBookError) and done.output.count("fault: line 2") == 2
    with pytest.raises(TermBookError):
        RUN.invoke(app, ["terms", "--book", str(file)], catch_exceptions=False)


def test_a_table_of_holidays(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    file.write_text("known_until: 2037-12-31\ndays: [{day: 2037-01-01, kind: holiday, source: s}]\n", encoding="utf-8")
    done = RUN.invoke(app, ["holidays", str(file)])
    assert done.exit_code == 0 and "holidays known to 2037-12-31" in done.output
    file.write_text("days: [1]\n", encoding="utf-8")
    assert isinstance(RUN.invoke(app, ["holidays", str(file)]).exception, WorkCalendarError)
