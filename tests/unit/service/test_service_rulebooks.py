"""The shelf of rulebooks: what is added stays, what is chosen is taken, of the version that holds on the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geodata.assess import shipped_book
from geodata.errors import MissingFileError, RulebookError
from service.errors import NotFoundError
from service.settings import Settings
from service.usecases.rulebooks import add, get_book, in_use, list_books, rules_for, shelf, use

TEXT = """
id: my-city
version: "{version}"
jurisdiction: "130400"
title: {{en: My city, zh: 本市}}
extends: cn
since: {since}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


def written(folder: Path, version: int = 1, since: str = "2026-01-01", more: str = "") -> Path:
    """The file of a rulebook."""
    path = folder / f"my-city-{version}.yaml"
    path.write_text(TEXT.format(version=version, since=since) + more, encoding="utf-8")
    return path


def test_looking_makes_nothing_and_the_national_base_is_in_use(settings: Settings) -> None:
    entries = list_books(settings)
    assert [e.id for e in entries if e.in_use] == ["cn"] == [in_use(settings)]
    assert get_book(settings, "current") == shipped_book("cn")
    assert not settings.data.exists()


def test_what_is_added_is_kept_whole_and_once(settings: Settings, tmp_path: Path) -> None:
    book, new = add(settings, written(tmp_path))
    assert new and add(settings, written(tmp_path)) == (book, False)
    assert get_book(settings, "my-city") == get_book(settings, book.name) == book
    (kept,) = shelf(settings).glob("*.yaml")
    assert "extends" not in kept.read_text(encoding="utf-8")


def test_a_version_never_changes(settings: Settings, tmp_path: Path) -> None:
    add(settings, written(tmp_path))
    with pytest.raises(RulebookError, match="another content"):
        add(settings, written(tmp_path, more="limits: {spacing_m: 6}\n"))


def test_the_version_of_the_day_is_taken(settings: Settings, tmp_path: Path) -> None:
    old, _ = add(settings, written(tmp_path, 1, "2025-01-01"))
    new, _ = add(settings, written(tmp_path, 2, "2026-07-01"))
    use(settings, "my-city")
    assert rules_for(settings, "current", date(2026, 6, 30)) == old.name
    assert rules_for(settings, "current", date(2026, 7, 1)) == new.name
    with pytest.raises(RulebookError, match="2024-12-31"):
        rules_for(settings, "current", date(2024, 12, 31))
    assert rules_for(settings, new.name, date(2024, 12, 31)) == new.name


def test_a_scan_keeps_even_a_shipped_rulebook(settings: Settings) -> None:
    name = rules_for(settings, "cn", date(2026, 1, 1))
    assert (shelf(settings) / f"{name}.yaml").is_file()
    assert get_book(settings, name) == shipped_book("cn")


def test_what_cannot_be_used_is_told_and_hurts_nothing_else(settings: Settings, tmp_path: Path) -> None:
    book, _ = add(settings, written(tmp_path))
    kept = shelf(settings) / f"{book.name}.yaml"
    kept.write_text(kept.read_text(encoding="utf-8").replace("My city", "Your city"), encoding="utf-8")
    (faulty,) = [e for e in list_books(settings) if e.fault]
    assert faulty.name == book.name and "it was changed" in str(faulty.fault)
    assert get_book(settings, "cn") == shipped_book("cn")
    with pytest.raises(NotFoundError, match="my-city"):
        get_book(settings, "my-city")


@pytest.mark.parametrize("given", ["mars", "cn+00000000", "template"])
def test_unknown_rulebooks_are_named(settings: Settings, given: str) -> None:
    with pytest.raises(NotFoundError, match="kancha rules list"):
        get_book(settings, given)
    with pytest.raises(NotFoundError):
        use(settings, given)


def test_files_that_are_none(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        add(settings, tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("id: 本市".encode("gbk"))
    with pytest.raises(RulebookError, match="UTF-8"):
        add(settings, tmp_path / "gbk.yaml")
