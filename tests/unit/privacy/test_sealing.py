"""Personal data are found by the names of columns; what is sealed opens with its key, in its place, or not at all."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import SealError
from service.privacy.fields import is_personal
from service.privacy.keyring import keyring, read_keyring, write_keyring
from service.privacy.sealed_file import new_file_key, open_file, seal_file

PIECE = 1 << 20


@pytest.mark.parametrize(
    "name",
    [
        "owner",
        "Owner_Name",
        "OWNER PHONE",
        "权利人",
        "权利人名称",
        "联系电话",
        "QLRMC",
        "qlrmc",
        "身份证号",
        "ZJH",
        "户主",
    ],
)
def test_columns_that_tell_of_people(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize("name", ["owner_kind", "QSXZ", "parcel_id", "DH", "village", "land_use", "权属性质", "name"])
def test_columns_that_do_not(name: str) -> None:
    assert not is_personal(name)


def test_a_seal_opens_with_its_key_in_its_place(tmp_path: Path) -> None:
    ring = keyring(tmp_path / "keys.json")
    sealed = ring.seal("张三".encode(), "feature|v|1")
    assert "张三" not in sealed and sealed != ring.seal("张三".encode(), "feature|v|1")
    assert ring.open(sealed, "feature|v|1").decode() == "张三"
    with pytest.raises(SealError, match="belongs to something else"):
        ring.open(sealed, "feature|v|2")
    with pytest.raises(SealError, match="changed"):
        ring.open(sealed[:-4] + ("AAA=" if sealed[-4:] != "AAA=" else "BBB="), "feature|v|1")
    other = keyring(tmp_path / "others.json")
    with pytest.raises(SealError, match="changed"):
        other.open(sealed, "feature|v|1")
    newer = ring.with_new()
    assert newer.open(sealed, "feature|v|1") == "张三".encode() and newer.current == "k2"
    with pytest.raises(SealError) as told:
        newer.only_current().open(sealed, "feature|v|1")
    assert told.value.measured == {"key": "k1", "known": ["k2"]}


def test_the_file_of_keys_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(8) as threads:
        rings = list(threads.map(lambda _: keyring(path), range(8)))
    assert len({ring.keys["k1"] for ring in rings}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "keys" not in repr(rings[0].keys["k1"])
    path.chmod(0o644)
    with pytest.raises(SealError, match="Others may read"):
        read_keyring(path)
    path.chmod(0o600)
    path.write_text('{"current": "k9", "keys": {}}')
    with pytest.raises(SealError, match="lacks its current key"):
        keyring(path)
    path.write_text("[]")
    with pytest.raises(SealError, match="no file of keys"):
        keyring(path)
    with pytest.raises(SealError, match="There is no file"):
        read_keyring(tmp_path / "none.json")
    write_keyring(path, rings[0])
    assert read_keyring(path) == rings[0]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17])
def test_a_file_comes_back_as_it_was(tmp_path: Path, size: int) -> None:
    plain, sealed, back = tmp_path / "plain", tmp_path / "sealed", tmp_path / "back"
    plain.write_bytes(bytes(k % 251 for k in range(997)) * (size // 997 + 1))
    plain.write_bytes(plain.read_bytes()[:size])
    key = new_file_key()
    seal_file(plain, sealed, key)
    open_file(sealed, back, key)
    assert back.read_bytes() == plain.read_bytes()
    with pytest.raises(SealError):
        open_file(sealed, back, new_file_key())


def test_pieces_cannot_be_cut_off_or_put_elsewhere(tmp_path: Path) -> None:
    plain, sealed, back = tmp_path / "plain", tmp_path / "sealed", tmp_path / "back"
    plain.write_bytes(b"a" * PIECE + b"b" * PIECE + b"c" * 10)
    key = new_file_key()
    seal_file(plain, sealed, key)
    told = sealed.read_bytes()
    head, step = 23, PIECE + 16
    one, two, last = told[head : head + step], told[head + step : head + 2 * step], told[head + 2 * step :]
    for broken in (told[: head + 2 * step], told[:head] + two + one + last, told[:head] + one + last, told[:-1]):
        sealed.write_bytes(broken)
        with pytest.raises(SealError, match="was changed"):
            open_file(sealed, back, key)
    sealed.write_bytes(plain.read_bytes())
    with pytest.raises(SealError, match="no sealed file"):
        open_file(sealed, back, key)


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=1, max_size=200), st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int, by: int) -> None:
    folder = tmp_path_factory.mktemp("f")
    plain, sealed = folder / "plain", folder / "sealed"
    plain.write_bytes(content)
    key = new_file_key()
    seal_file(plain, sealed, key)
    told = bytearray(sealed.read_bytes())
    told[at % len(told)] ^= by
    sealed.write_bytes(bytes(told))
    with pytest.raises(SealError):
        open_file(sealed, folder / "back", key)
