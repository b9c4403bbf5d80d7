"""Packages of evidence: what is written is found whole, by Kancha and by openssl; what is changed is not."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import struct
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.main import app
from service.cases.chain import canonical, chain_break, chained, end_of
from service.cases.evidence.archive import ArchiveWriter, Entry, directory, local_header
from service.cases.evidence.manifest import Part
from service.cases.evidence.package import write_package
from service.cases.evidence.timestamp import stamper
from service.cases.evidence.verifying import verify
from service.errors import PackageError, StampError
from tests.unit.cases.evidence.evidence_kit import KEY, NOW, OTHER, authority, contents, events, package

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")


def codes(path: Path, **how: object) -> list[tuple[str, str]]:
    return [(one.code, one.part) for one in verify(path, **how).defects]  # type: ignore[arg-type]


def rewritten(path: Path, change: dict[str, bytes | None], signed: bool = True) -> Path:
    """The package with other contents of some files (None: left out), of sound form, and signed anew or not."""
    with zipfile.ZipFile(path) as old:
        files = {one.filename: old.read(one) for one in old.infolist()}
    for name, content in change.items():
        files.pop(name) if content is None else files.update({name: content})
    if signed:
        files["manifest.sig"] = KEY.sign(files["manifest.json"])
    target = path.with_name("changed.zip")
    with target.open("w+b") as file:
        writer = ArchiveWriter(file)
        for name, content in files.items():
            writer.add(name, [content], len(content))
        writer.finish()
    return target


def test_a_package_holds_and_says_what_it_is(tmp_path: Path) -> None:
    sealed = package(tmp_path)
    found = verify(sealed.path, trusted=[OTHER.public.pem, KEY.public.pem])
    assert found.holds and found.trusted and not found.stamp
    assert (found.case_id, found.creator, found.parts, found.events) == ("c1", "执法一大队", 4, 4)
    assert found.fingerprint == sealed.fingerprint == KEY.public.fingerprint
    assert verify(sealed.path).trusted is None
    json.dumps(found.as_dict())
    assert sorted(tmp_path.iterdir()) == [tmp_path / "c1.zip", tmp_path / "parcels.geojson"]
    with zipfile.ZipFile(sealed.path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert "parts/photo/0001-现场照片_1.jpg" in names
        assert names[:2] == ["README.txt", "signer.pem"] and names[-2:] == ["manifest.json", "manifest.sig"]
        told = json.loads(archive.read("manifest.json"))
    assert told["parts"][2]["about"] == {"version": "v3", "as_of": "2026-04-30"}
    assert told["parts"][0]["name"] == "现场照片 1.jpg" and told["events_end"] == sealed.events


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = package(tmp_path), write_package(tmp_path / "again.zip", contents(tmp_path), KEY)
    assert first.sha256 == second.sha256 and first.path.read_bytes() == second.path.read_bytes()
    later = write_package(tmp_path / "later.zip", replace(contents(tmp_path), creator="执法二大队"), KEY)
    assert later.sha256 != first.sha256


def test_no_byte_outside_the_contents_can_change(tmp_path: Path) -> None:
    """Every byte of every header, of the list of files, of the end, and of the public key."""
    path = package(tmp_path).path
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    form = [at for one in infos for at in range(one.header_offset, one.header_offset + 30 + len(one.filename.encode()))]
    key = infos[1].header_offset + 30 + len("signer.pem")
    form += range(key, key + infos[1].file_size)  # a broken key has many ways to be unreadable
    form += range(infos[-1].header_offset + 30 + len("manifest.sig") + 64, len(whole))
    assert len(form) > 1000
    assert [at for at in form if not_noticed(path, whole, at, 1 << at % 8)] == []


def test_no_byte_anywhere_can_change(tmp_path: Path) -> None:
    path = package(tmp_path).path
    whole, draw = path.read_bytes(), random.Random(9)
    places = draw.sample(range(len(whole)), 500)
    assert [at for at in places if not_noticed(path, whole, at, draw.randrange(1, 256))] == []


def not_noticed(path: Path, whole: bytes, at: int, flip: int) -> bool:
    target = path.with_name("flipped.zip")
    target.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
    return verify(target).holds


def test_nothing_can_be_added_or_cut_off(tmp_path: Path) -> None:
    path = package(tmp_path).path
    whole, changed = path.read_bytes(), tmp_path / "changed.zip"
    for content, code in (
        (whole + b"\0", "bytes_behind"),
        (b"\0" + whole, "bytes_between"),
        (whole[:-1], "cut_off"),
        (whole[:40], "cut_off"),
        (whole[:20], "not_a_package"),
        (b"%PDF-1.7" * 9, "not_a_package"),
        (b"", "not_a_package"),
        (whole + whole, "bytes_between"),
        (whole[:-2] + struct.pack("<H", 4) + b"word", "bytes_behind"),
    ):
        changed.write_bytes(content)
        assert codes(changed)[0][0] == code, (len(content), code)
    for size in range(0, len(whole), 97):
        changed.write_bytes(whole[:size])
        assert not verify(changed).holds


def test_every_defect_is_told_with_the_name_of_its_part(tmp_path: Path) -> None:
    path = package(tmp_path).path
    photo, paper = "parts/photo/0001-现场照片_1.jpg", "parts/document/0002-责令停止通知书.pdf"
    changed = rewritten(path, {photo: b"other", paper: None, "beside.txt": b"x"})
    found = codes(changed)
    assert set(found) == {("size", photo), ("hash", photo), ("missing", paper), ("unlisted", "beside.txt")}
    one = next(one for one in verify(changed).defects if one.code == "size")
    assert one.message == "It has 5 bytes, the manifest tells of 2048."
    assert one.message_zh == "实有 5 字节，清单记载 2048 字节。"


def test_who_signs_anew_is_not_the_bureau(tmp_path: Path) -> None:
    path = package(tmp_path).path
    forged = write_package(tmp_path / "forged.zip", contents(tmp_path, creator="nobody"), OTHER)
    assert verify(forged.path).holds, "by its own word alone"
    assert codes(forged.path, trusted=[KEY.public.pem]) == [("unknown_signer", "signer.pem")]
    told = json.loads(zipfile.ZipFile(path).read("manifest.json"))
    changed = rewritten(path, {"manifest.json": canonical(told | {"creator": "x"})}, signed=False)
    assert codes(changed) == [("signature", "manifest.sig")]
    swapped = rewritten(path, {"signer.pem": OTHER.public.pem}, signed=False)
    assert {code for code, _ in codes(swapped)} == {"signature", "signer", "hash"}


def test_a_left_out_event_shows(tmp_path: Path) -> None:
    path = package(tmp_path).path
    told = json.loads(zipfile.ZipFile(path).read("manifest.json"))
    links, end = told["events"], told["events_end"]
    for bad, fault in (
        (links[:1] + links[2:], "missing"),
        (links[:-1], "cut_off"),
        ([links[0], links[1] | {"by": "someone else"}, *links[2:]], "changed"),
    ):
        found = chain_break("c1", bad, end)
        assert found is not None and found.fault == fault
        changed = rewritten(path, {"manifest.json": canonical(told | {"events": bad})})
        assert [code for code, _ in codes(changed)] == ["events"]
    # renumbered, so that no gap shows: the hashes do not follow
    moved = [links[0], *({**one, "number": one["number"] - 1} for one in links[2:])]
    assert chain_break("c1", moved, end).fault == "changed"  # type: ignore[union-attr]
    other = chained("c1", [events()[0], *(replace(one, number=one.number - 1) for one in events()[2:])])
    assert chain_break("c1", [links[0], *other[1:]], end).fault == "cut_off"  # type: ignore[union-attr]
    assert chain_break("c1", links, end) is None
    assert chain_break("c2", links, end).fault == "other_case"  # type: ignore[union-attr]
    assert end_of("c1", []) != end_of("c2", [])


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "parts/../../evil", "C:/evil", "a\\b", "a//b", "a\nb"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    changed = rewritten(package(tmp_path).path, {name: b"x"})
    assert ("unsafe_name", name) in codes(changed) and ("unlisted", name) in codes(changed)


def test_what_other_programs_make_of_a_zip_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path).path
    with zipfile.ZipFile(path) as old:
        files = {one.filename: old.read(one) for one in old.infolist()}
    link = zipfile.ZipInfo("parts/link")
    link.external_attr = 0o120777 << 16

    def write(compression: int, *more: tuple[zipfile.ZipInfo | str, bytes]) -> set[str]:
        with zipfile.ZipFile(tmp_path / "changed.zip", "w", compression) as archive:
            for name, content in (*files.items(), *more):
                archive.writestr(name, content)
        return {code for code, _ in codes(tmp_path / "changed.zip")}

    assert "compressed" in write(zipfile.ZIP_DEFLATED)
    assert "link" in write(zipfile.ZIP_STORED, (link, b"/etc/passwd"))
    assert "header" in write(zipfile.ZIP_STORED)
    with pytest.warns(UserWarning, match="Duplicate"):
        assert "twice" in write(zipfile.ZIP_STORED, ("README.txt", b"x"))


def test_a_bomb_is_read_no_further_than_the_file_is_long(tmp_path: Path) -> None:
    """A thousand entries that all claim the same place, four gigabytes each."""
    entries = [Entry(f"parts/{k}", 0xFFFFFFF0, 0, 0) for k in range(1000)]
    head = local_header(entries[0])
    (tmp_path / "bomb.zip").write_bytes(head + directory(entries, len(head)))
    assert ("misplaced", "parts/0") in codes(tmp_path / "bomb.zip")
    (tmp_path / "bomb.zip").write_bytes(directory([replace(entries[0], path="")] * 200_000, 0))
    assert codes(tmp_path / "bomb.zip") == [("too_many", "")]


def test_large_numbers_stand_in_their_zip64_fields() -> None:
    """The same form with a low bound, so that no gigabytes are written; another program reads it."""
    file = io.BytesIO()
    writer = ArchiveWriter(file, zip64_from=100)
    for k in range(5):
        writer.add(f"文件{k}", [b"x" * (30 * k + 20)], 30 * k + 20)
    writer.finish()
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert [len(archive.read(f"文件{k}")) for k in range(5)] == [20, 50, 80, 110, 140]
    many = io.BytesIO()
    writer = ArchiveWriter(many)
    for k in range(0x10001):
        writer.add(str(k), [], 0)
    writer.finish()
    with zipfile.ZipFile(many) as archive:
        assert len(archive.namelist()) == 0x10001


def test_what_contradicts_itself_is_not_packed(tmp_path: Path) -> None:
    for more, words in (
        ({"parts": [Part("a", "spell", b"")]}, "no kind of part"),
        ({"events": events()[1:]}, "Event 2 of the case c1 stands where event 1"),
        ({"events": events(case_id="c2")}, "of the case c2"),
        ({"created_at": NOW.replace(tzinfo=None)}, "no zone"),
        ({"parts": [Part("a", "photo", tmp_path / "absent.jpg")]}, "is not there"),
        ({"about": {"share": float("nan")}}, "no JSON"),
    ):
        with pytest.raises(PackageError, match=words):
            package(tmp_path, **more)
    assert not list(tmp_path.glob("*c1.zip*"))


def test_the_old_package_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    before = package(tmp_path).path.read_bytes()
    with pytest.raises(PackageError):
        package(tmp_path, parts=[Part("a", "photo", tmp_path / "absent.jpg")])
    assert (tmp_path / "c1.zip").read_bytes() == before


@needs_openssl
def test_the_words_within_lead_to_the_same_verdict(tmp_path: Path) -> None:
    """Every command of the readme is run on the unpacked package, whole and with one byte changed."""
    root, ask = authority(tmp_path, "authority")
    sealed = write_package(tmp_path / "c1.zip", contents(tmp_path), KEY, stamper(ask))
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(sealed.path) as archive:
        archive.extractall(folder)
    (folder / "CA.pem").write_bytes(root)
    lines = [line.strip() for line in (folder / "README.txt").read_text().splitlines() if line.startswith("    ")]
    commands = [line for line in lines if line.startswith(("openssl", "grep", "sha256sum"))]
    assert len(commands) == 7
    results = [_run(command, folder) for command in commands]
    assert [code for code, _ in results] == [0] * 7
    expected = ("Verified Successfully", KEY.public.fingerprint, "1", "README.txt: OK", "Verification: OK")
    for (_, text), words in zip(results, expected, strict=False):
        assert words in text
    photo = next((folder / "parts/photo").iterdir())
    content = photo.read_bytes()
    photo.write_bytes(content[:-1] + b"\0")
    assert _run("sha256sum -c SHA256SUMS", folder)[0] == 1
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"c1", b"c2"))
    assert _run(commands[0], folder)[0] == 1


def _run(command: str, folder: Path) -> tuple[int, str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


@needs_openssl
def test_a_time_stamp_is_checked_against_its_authority(tmp_path: Path) -> None:
    root, ask = authority(tmp_path, "authority")
    stranger, other_ask = authority(tmp_path, "stranger")
    sealed = write_package(tmp_path / "c1.zip", contents(tmp_path), KEY, stamper(ask))
    found = verify(sealed.path, authorities=[root])
    assert found.holds and found.stamp_checked and found.stamp is not None and found.stamp.policy == "1.2.3.4.1"
    unchecked = verify(sealed.path)
    assert unchecked.holds and not unchecked.stamp_checked and unchecked.stamp == found.stamp
    assert [code for code, _ in codes(sealed.path, authorities=[stranger])] == ["stamp"]
    (tmp_path / "root.pem").write_bytes(root)
    for path, words in ((sealed.path, "number 编号"), (package(tmp_path / "authority").path, "no time stamp")):
        shown = CliRunner().invoke(app, ["evidence", "verify", str(path), "--authority", str(tmp_path / "root.pem")])
        assert shown.exit_code == 0 and words in shown.stdout and "Not checked" not in shown.stdout
    # a stamp of the same authority over something else
    with zipfile.ZipFile(sealed.path) as archive:
        seals = {name: archive.read(name) for name in ("manifest.tsr", "manifest.tsr.sig")}
    wrong = stamper(ask)(b"something else")
    changed = rewritten(sealed.path, {"manifest.tsr": wrong, "manifest.tsr.sig": KEY.sign(wrong)})
    assert [code for code, _ in codes(changed, authorities=[root])] == ["stamp"]
    changed = rewritten(sealed.path, {"manifest.tsr": wrong})
    assert codes(changed) == [("stamp_signature", "manifest.tsr")]
    # without the stamp that the manifest tells of
    changed = rewritten(sealed.path, dict.fromkeys(seals))
    assert set(codes(changed)) == {("missing", "manifest.tsr"), ("missing", "manifest.tsr.sig")}
    whole, draw = sealed.path.read_bytes(), random.Random(4)
    stamped = whole.index(seals["manifest.tsr"])
    places = draw.sample(range(stamped, len(whole)), 300)
    assert [at for at in places if not_noticed(sealed.path, whole, at, draw.randrange(1, 256))] == []
    with pytest.raises(StampError, match="another question"):
        stamper(lambda request: other_ask((tmp_path / "authority/request").read_bytes()))(b"x")


def test_what_is_no_answer_stops_the_package(tmp_path: Path) -> None:
    for answer in (b"", b"\x30\x03\x02\x01\x02", b"<html>"):
        with pytest.raises(StampError):
            write_package(tmp_path / "c1.zip", contents(tmp_path), KEY, stamper(lambda _, told=answer: told))  # type: ignore[misc]
    assert not (tmp_path / "c1.zip").exists()
