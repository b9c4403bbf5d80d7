"""Which encoding the text of a .dbf is in: told by the text, with what is declared as a tie-breaker."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geodata.errors import EncodingError, LayerError
from geodata.io.encodings import TextEncoding, decide_encoding, detect_dbf_encoding, read_dbf_header
from geodata.io.shapefiles import check_parts, gather_parts


def shapefile(folder: Path, text: list[str], encoding: str) -> Path:
    """A shapefile of one text column, without its .cpg."""
    squares = [shapely.box(i, 0, i + 1, 1) for i in range(len(text))]
    frame = gpd.GeoDataFrame({"村名": text}, geometry=squares, crs="EPSG:4490")
    frame.to_file(folder / "t.shp", encoding=encoding)
    (folder / "t.cpg").unlink()
    return folder / "t.dbf"


def choose(*texts: bytes, said: str | None = None) -> str:
    return decide_encoding([(text, False) for text in texts], said, ".cpg").name


@pytest.mark.parametrize(("written", "found"), [("GBK", "gb18030"), ("UTF-8", "utf-8")])
@pytest.mark.parametrize("declared", [None, "UTF-8", "GBK", "936", "ISO-8859-1", "rubbish"])
def test_the_text_decides_whatever_is_declared(tmp_path: Path, written: str, found: str, declared: str | None) -> None:
    dbf = shapefile(tmp_path, ["永久村", "涉县更乐镇"], written)
    assert detect_dbf_encoding(dbf, declared).name == found


def test_a_wrong_declaration_is_said_in_the_report(tmp_path: Path) -> None:
    dbf = shapefile(tmp_path, ["永久村"], "GBK")
    assert str(detect_dbf_encoding(dbf, "UTF-8")) == "GB18030 (found in the text, against its .cpg utf-8)"


def test_a_character_cut_by_the_width_of_its_field_is_no_error(tmp_path: Path) -> None:
    dbf = shapefile(tmp_path, ["永久村"], "UTF-8")
    raw = bytearray(dbf.read_bytes())
    header = read_dbf_header(dbf)
    width = header.fields[0].width
    cut = ("村" * width).encode()[:width]
    assert len(cut) % 3, "the width must cut a character in two for this test to mean anything"
    raw[header.header_bytes + 1 : header.header_bytes + 1 + width] = cut
    dbf.write_bytes(raw)
    found = detect_dbf_encoding(dbf)
    assert found.name == "utf-8"
    assert found.decode(cut) == "村" * (width // 3)


def test_bytes_that_are_both_follow_the_declaration_then_the_context() -> None:
    lu = "路".encode("gbk")
    assert lu.decode("utf-8") == "·"
    assert choose(lu, said="gb18030") == "gb18030"
    assert choose(lu) == "gb18030"
    assert choose("Électricité Générale".encode()) == "utf-8"


def test_latin_text_keeps_its_declaration() -> None:
    assert choose("Université".encode("latin-1"), said="iso8859-1") == "iso8859-1"


def test_plain_ascii_needs_no_decision() -> None:
    assert decide_encoding([], None, ".cpg") == TextEncoding("utf-8", "plain ASCII")


def test_what_fits_nothing_is_refused_with_the_bytes() -> None:
    with pytest.raises(EncodingError, match="ff ff"):
        choose(b"\xff\xff")


def test_a_wish_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    dbf = shapefile(tmp_path, ["永久村"], "GBK")
    with pytest.raises(EncodingError, match="UTF-8"):
        detect_dbf_encoding(dbf, None, "UTF-8")
    with pytest.raises(EncodingError, match="no text encoding"):
        detect_dbf_encoding(dbf, None, "martian")
    assert detect_dbf_encoding(dbf, None, "GBK").name == "gb18030"


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_a_part_that_is_missing_or_cut_off_is_named(tmp_path: Path, part: str) -> None:
    shapefile(tmp_path, ["a", "b"], "UTF-8")
    parts = gather_parts(tmp_path / "t.shp")
    check_parts(parts)
    whole = parts[part].read_bytes()
    for share in (0.9, 0.3, 0.01):
        parts[part].write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(LayerError):
            check_parts(parts)
    if part != ".shp":
        with pytest.raises(LayerError, match=f"lacks its {part}"):
            check_parts({k: v for k, v in parts.items() if k != part})


def test_parts_of_two_layers_do_not_pass(tmp_path: Path) -> None:
    for name, rows in (("one", ["a"]), ("two", ["a", "b"])):
        (tmp_path / name).mkdir()
        shapefile(tmp_path / name, rows, "UTF-8")
    mixed = {**gather_parts(tmp_path / "one" / "t.shp"), ".dbf": tmp_path / "two" / "t.dbf"}
    with pytest.raises(LayerError, match="1 shapes .* 2 rows"):
        check_parts(mixed)
