"""People, keys and the record on the command line."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from geodata.errors import KanchaError
from scripts.main import app


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(data: Path, *command: str, given: str = "") -> Result:
    return CliRunner().invoke(app, [*command, "--data", str(data)], input=given)


def refused(data: Path, code: str, *command: str, given: str = "") -> None:
    error = run(data, *command, given=given).exception
    assert isinstance(error, KanchaError), error
    assert error.code == code and error.remedy, error


def record(data: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in run(data, "audit", "list", "--json").stdout.splitlines()]


def test_people_are_added_changed_and_let_in_no_more(data: Path) -> None:
    done = run(data, "people", "add", "王伟", "--role", "officer", "--area", "410400", "--clearance", "secret")
    assert done.exit_code == 0, done.output
    assert re.search(r"^http://127.0.0.1:8000/first/[\w-]{43}$", done.stdout, re.M)
    secret = re.findall(r"/first/([\w-]{43})", done.stdout)[0]
    assert run(data, "people", "change", "王伟", "--role", "chief", "--area", "*").exit_code == 0
    listed = run(data, "people", "list").stdout
    assert "chief" in listed and "everywhere" in listed and "officer" not in listed
    assert "deactivated" in run(data, "people", "deactivate", "王伟").stdout
    told = record(data)
    assert [e["action"] for e in told] == ["person-changed", "person-changed", "link-made", "person-added"]
    assert told[1]["details"]["before"]["areas"] == ["410400"]  # type: ignore[index]
    assert all(e["kind"] == "local" for e in told) and secret not in json.dumps(told)
    for bad, code in [
        (("people", "add", "a b", "--role", "officer"), "option-range"),
        (("people", "add", "王伟", "--role", "officer"), "conflict"),
        (("people", "add", "x1"), "option-range"),
        (("people", "add", "x1", "--role", "boss"), "option-range"),
        (("people", "add", "x1", "--role", "reader", "--clearance", "top"), "option-range"),
        (("people", "change", "x1", "--role", "reader"), "not-found"),
    ]:
        refused(data, code, *bad)
    refused(data, "password-weak", "people", "password", "王伟", "--password-stdin", given="short\n")
    assert run(data, "people", "password", "王伟", "--password-stdin", given="correct horse battery\n").exit_code == 0
    assert record(data)[0]["action"] == "password-set"


def test_the_last_administrator_stays(data: Path) -> None:
    assert run(data, "people", "add", "boss", "--role", "administrator").exit_code == 0
    refused(data, "conflict", "people", "deactivate", "boss")
    refused(data, "conflict", "people", "change", "boss", "--role", "reader")


def test_a_key_is_printed_once_and_alone(data: Path) -> None:
    done = run(data, "keys", "create", "QGIS", "--role", "analyst", "--permission", "read", "--days", "90")
    key = done.stdout.strip()
    assert re.fullmatch(r"kan_[\w-]{43}", key) and "may read;" in done.stderr
    listed = run(data, "keys", "list").stdout
    assert "QGIS" in listed and key not in listed
    (name,) = re.findall(r"│ (\w{12}) │", listed)
    assert run(data, "keys", "revoke", name).stdout == f"revoked: {name} (QGIS)\n"
    assert "revoked" in run(data, "keys", "list").stdout
    assert key.encode() not in (data / "kancha.sqlite").read_bytes()
    for bad, code in [
        (("keys", "create", "x", "--days", "0"), "option-range"),
        (("keys", "create", "x", "--permission", "fly"), "option-range"),
        (("keys", "create", " "), "option-range"),
        (("keys", "revoke", "x"), "not-found"),
    ]:
        refused(data, code, *bad)


def test_the_record_is_verified(data: Path) -> None:
    for name in ("a", "b", "c"):
        assert run(data, "keys", "create", name).exit_code == 0
    done = run(data, "audit", "verify")
    assert (done.exit_code, done.stdout[:15]) == (0, "3 entries hold.")
    assert "key-made" in run(data, "audit", "list").stdout
    with sqlite3.connect(data / "kancha.sqlite") as database:
        database.execute("DROP TRIGGER audit_log_no_update")
        database.execute("UPDATE audit_log SET target = 'x' WHERE number = 2")
    database.close()
    done = run(data, "audit", "verify")
    assert done.exit_code == 1 and "changed at entry 2" in done.stderr


def test_commands_that_change_something_are_recorded(data: Path, tmp_path: Path) -> None:
    from tests.integration.service_kit import kancha, write_parcels

    assert kancha("layers", "add", "parcels", write_parcels(tmp_path / "p.geojson"), data=data).returncode == 0
    assert kancha("rules", "use", "cn", data=data).returncode == 0
    assert kancha("layers", "list", data=data).returncode == 0
    told = [json.loads(line) for line in run(data, "audit", "list", "--json").stdout.splitlines()]
    assert [(one["kind"], one["action"], one["target"]) for one in told] == [
        ("local", "command", "rules use"),
        ("local", "command", "layers add"),
    ]
    assert "p.geojson" in told[1]["details"]["arguments"]
