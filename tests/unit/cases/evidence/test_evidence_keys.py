"""The key that signs: made once, sealed at rest, replaced without forgetting the old; and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from geodata.errors import MissingFileError, OptionError
from scripts.main import app
from service.cases.evidence.package import write_package
from service.cases.evidence.signing import (
    SigningKey,
    listed_keys,
    read_verify_key,
    reseal_signing_key,
    rotate_signing_key,
    signing_key,
)
from service.cases.evidence.verifying import verify
from service.errors import SealError
from service.privacy.keyring import Keyring
from service.settings import read_settings
from service.usecases.evidence_keys import bureau_key
from tests.unit.cases.evidence.evidence_kit import KEY, NOW, contents, package

RING = Keyring("", {}).with_new()


def test_a_key_is_made_once_and_its_private_part_is_sealed(tmp_path: Path) -> None:
    path, made = tmp_path / "evidence-keys.json", list[SigningKey]()
    threads = [threading.Thread(target=lambda: made.append(signing_key(path, RING))) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len({one.public.fingerprint for one in made}) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    told = json.loads(path.read_bytes())["keys"][0]
    assert told["private"].startswith("k1:") and "PRIVATE" not in path.read_text()
    assert repr(made[0]) == f"SigningKey({made[0].public.fingerprint[:16]})"
    with pytest.raises(SealError):
        signing_key(path, Keyring("", {}).with_new())


def test_a_replaced_key_stays_listed_and_its_packages_stay_good(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = signing_key(path, RING)
    old = write_package(tmp_path / "old.zip", contents(tmp_path), first)
    new = rotate_signing_key(path, RING, NOW)
    second = signing_key(path, RING)
    assert second.public.fingerprint == new.key.fingerprint != first.public.fingerprint
    listed = listed_keys(path)
    assert [(one.name, one.replaced_at) for one in listed] == [("e1", NOW), ("e2", None)]
    assert json.loads(path.read_bytes())["keys"][0]["private"] is None
    assert verify(old.path, trusted=[one.key.pem for one in listed]).holds
    assert not verify(old.path, trusted=[new.key.pem]).holds
    assert rotate_signing_key(tmp_path / "fresh.json", RING, NOW).name == "e1"


def test_new_seals_open_with_the_new_keys_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert reseal_signing_key(path, RING.open, RING.seal) == 0
    before, both = signing_key(path, RING), RING.with_new()
    assert reseal_signing_key(path, both.open, both.seal) == 1
    assert signing_key(path, both.only_current()).public == before.public


@pytest.mark.parametrize("content", [b"", b"[]", b'{"keys": [{}]}', b'{"keys": []}', b'{"keys": 3}'])
def test_a_damaged_file_of_keys_is_never_written_over(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(SealError):
        signing_key(path, RING)
    assert path.read_bytes() == content


def test_only_public_keys_of_ed25519_are_taken() -> None:
    assert read_verify_key(KEY.public.pem) == KEY.public
    rsa = subprocess.run(["openssl", "genrsa", "1024"], capture_output=True, check=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=rsa, capture_output=True, check=True).stdout
    for pem in (b"", b"word", public, rsa):
        with pytest.raises(OptionError):
            read_verify_key(pem)


def kancha(*words: str) -> Result:
    return CliRunner().invoke(app, ["evidence", *words])


def test_the_command_checks_a_package_with_nothing_else(tmp_path: Path) -> None:
    path = package(tmp_path).path
    (tmp_path / "public.pem").write_bytes(KEY.public.pem)
    environment = {**os.environ, "KANCHA_DATA": str(tmp_path / "nowhere")}
    command = [sys.executable, "-m", "scripts.main", "evidence", "verify", str(path)]
    apart = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert apart.returncode == 0 and "校验通过" in apart.stdout and "package's own" in apart.stdout
    assert KEY.public.fingerprint in apart.stdout and not (tmp_path / "nowhere").exists()
    done = kancha("verify", str(path), "--key", str(tmp_path / "public.pem"), "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["trusted"] is True
    content = bytearray(path.read_bytes())
    content[content.index(b"%PDF-1.7")] ^= 1
    path.write_bytes(content)
    done = kancha("verify", str(path))
    assert done.exit_code == 1 and "责令停止通知书.pdf: Its SHA-256 is" in done.stderr and "校验不通过" in done.stderr
    assert isinstance(kancha("verify", str(tmp_path / "absent.zip")).exception, MissingFileError)


def test_the_command_prints_the_public_key(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    done = kancha("key", "--data", data)
    first = read_verify_key(done.stdout.encode())
    assert done.exit_code == 0 and first.fingerprint in done.stderr
    assert kancha("key", "--data", data).stdout == done.stdout
    assert kancha("rotate", "--data", data).exit_code == 0
    every = kancha("key", "--all", "--data", data)
    assert every.stdout.startswith(done.stdout) and every.stdout.count("BEGIN PUBLIC KEY") == 2
    assert kancha("key", "--data", data).stdout == every.stdout.removeprefix(done.stdout)


def test_new_keys_of_personal_data_seal_the_signing_key_too(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    before = kancha("key", "--data", data).stdout
    assert CliRunner().invoke(app, ["privacy", "rotate", "--data", data]).exit_code == 0
    assert bureau_key(read_settings(data=Path(data))).public.pem.decode() == before
