"""Photographs are read in a process of their own; what is hostile, damaged or of another kind is refused by name."""

from __future__ import annotations

import io
import json
import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from geodata.errors import MissingFileError, PhotoBombError, PhotoError, PhotoFormatError
from geodata.io.guard import GuardLimits
from geodata.io.photographs import probe_photo
from service.cases.evidence.photos import MAX_PIXELS, Exif, facts_of, read_photo
from service.files import sha256_of
from tests.unit.cases.evidence.photo_kit import HOUSE, camera_exif, jpeg, photo, scene, with_thumbnail


def exif_of(path: Path, **changes: object) -> Exif:
    """What is read of a photograph with these tags, without a process of its own."""
    told = probe_photo(str(photo(path, scene(1, 200, 150), **changes)), MAX_PIXELS)
    return facts_of(told | {"sha256": "", "size_bytes": 0}).exif or Exif()


def test_a_photograph_is_read_as_the_camera_wrote_it(tmp_path: Path) -> None:
    path = photo(tmp_path / "现场.jpg")
    facts = read_photo(path)
    assert (facts.format, facts.width, facts.height, facts.size_bytes) == ("JPEG", 640, 480, path.stat().st_size)
    assert facts.sha256 == sha256_of(path)
    exif = facts.exif
    assert exif is not None and exif.faults == ()
    assert (exif.taken, exif.taken_offset_min) == ("2026-05-01T10:20:30.000", 480)
    assert exif.satellite_time == "2026-05-01T02:20:28+00:00"
    assert exif.lon == pytest.approx(HOUSE[0], abs=1e-7) and exif.lat == pytest.approx(HOUSE[1] - 0.0005, abs=1e-7)
    assert (exif.altitude_m, exif.bearing_deg, exif.bearing_reference, exif.position_error_m) == (61.3, 2.0, "T", 8.0)
    assert (exif.make, exif.model, exif.software, exif.focal_35mm) == ("HUAWEI", "ALN-AL00", "ALN-AL00 4.2.0", 26.0)
    assert facts_of(json.loads(json.dumps(facts.as_dict()))) == facts
    assert len(facts.hashes["whole"]) == 72 and len(facts.hashes["turned"]) == 7


def test_png_and_webp_are_read_and_turned_pictures_are_put_upright(tmp_path: Path) -> None:
    plain = read_photo(photo(tmp_path / "a.jpg"))
    scene(1).save(tmp_path / "a.png")
    scene(1).save(tmp_path / "a.webp", quality=90, exif=camera_exif())
    png, webp = read_photo(tmp_path / "a.png"), read_photo(tmp_path / "a.webp")
    assert (png.format, png.exif, webp.format) == ("PNG", None, "WEBP")
    assert webp.exif == plain.exif
    turned = read_photo(photo(tmp_path / "t.jpg", scene(1).transpose(Image.Transpose.ROTATE_90), main={274: 6}))
    assert turned.orientation == 6

    def apart(one: str, other: str) -> int:
        return (int(one, 16) ^ int(other, 16)).bit_count()

    for one in (png, webp, turned):
        assert apart(one.hashes["whole"], plain.hashes["whole"]) <= 12


def test_zero_denominators_and_nonsense_are_named_and_left_out(tmp_path: Path) -> None:
    zero = IFDRational(1, 0)
    exif = exif_of(tmp_path / "a.jpg", gps={2: (zero, zero, zero), 17: zero, 6: IFDRational(0, 0)}, photo={41989: 0})
    assert (exif.lon, exif.lat, exif.bearing_deg, exif.altitude_m) == (None, None, None, None)
    assert exif.faults == ("altitude", "bearing", "position")
    for gps, faults in (
        ({2: (IFDRational(95), IFDRational(0), IFDRational(0))}, ("position",)),
        ({2: (IFDRational(36), IFDRational(75), IFDRational(0))}, ("position",)),
        ({1: "X"}, ("position",)),
        ({2: (IFDRational(0),) * 3, 4: (IFDRational(0),) * 3}, ("position_zero",)),
        ({17: IFDRational(4000, 10)}, ("bearing",)),
        ({29: "2026:13:45"}, ("satellite_time",)),
    ):
        found = exif_of(tmp_path / "a.jpg", gps=gps)
        assert found.faults == faults, gps
        assert (found.lon is None) is ("bearing" not in faults and "satellite_time" not in faults)
    found = exif_of(tmp_path / "a.jpg", photo={36867: "2026:02:31 10:00:00", 36868: "0000:00:00 00:00:00"})
    assert (found.taken, found.digitized, found.faults) == (None, None, ("taken",))
    west = exif_of(tmp_path / "a.jpg", gps={1: "S", 3: "W", 5: b"\x01"})
    assert (west.lon or 0) < 0 and (west.lat or 0) < 0 and west.altitude_m == -61.3


def test_texts_are_cleaned_and_bounded(tmp_path: Path) -> None:
    exif = exif_of(tmp_path / "a.jpg", main={305: "evil\x1b[31m\x1ekancha:{}" + "x" * 5000, 271: "华为".encode("gbk")})
    assert exif.software.startswith("evil[31mkancha:{}") and len(exif.software) <= 200
    assert exif.make == "华为"
    told = PngImagePlugin.PngInfo()
    told.add_itxt("XML:com.adobe.xmp", '<x xmp:CreatorTool="Adobe Photoshop 26.1" d="trainedAlgorithmicMedia"/>')
    scene(2).save(tmp_path / "b.png", pnginfo=told)
    facts = probe_photo(str(tmp_path / "b.png"), MAX_PIXELS)
    assert facts["tool"] == "Adobe Photoshop 26.1" and facts["machine_made"]


def test_the_small_picture_within_is_compared(tmp_path: Path) -> None:
    image = scene(3)
    other = image.copy()
    other.paste(scene(4).resize((160, 120)), (300, 200))
    path = tmp_path / "a.jpg"
    differences = []
    for shown in (image, other, scene(5)):
        path.write_bytes(jpeg(image, exif=with_thumbnail(camera_exif(), shown)))
        differences.append(probe_photo(str(path), MAX_PIXELS)["thumbnail_difference"])
    assert differences[0] < 0.06 and differences[1] > 0.12 and differences[2] > 0.2
    assert probe_photo(str(photo(path)), MAX_PIXELS)["thumbnail_difference"] is None
    # a picture of another shape, filled up with black bars
    wide = scene(3, 640, 360)
    barred = Image.new("RGB", (640, 480))
    barred.paste(wide, (0, 60))
    path.write_bytes(jpeg(wide, exif=with_thumbnail(camera_exif(), barred)))
    assert probe_photo(str(path), MAX_PIXELS)["thumbnail_difference"] < 0.06


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "unknown"),
        (b"GIF89a" + b"\0" * 60, "unknown"),
        (b"%PDF-1.7 not a photograph", "unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "avif"),
    ],
)
def test_other_kinds_are_refused_with_a_word(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PhotoFormatError) as caught:
        probe_photo(str(tmp_path / "a.jpg"), MAX_PIXELS)
    assert caught.value.measured["found"] == kind and caught.value.remedy


def test_an_animation_is_no_photograph(tmp_path: Path) -> None:
    for name in ("a.png", "a.webp"):
        scene(1).save(tmp_path / name, save_all=True, append_images=[scene(2)])
        with pytest.raises(PhotoFormatError, match="animation"):
            probe_photo(str(tmp_path / name), MAX_PIXELS)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    """A hundred kilobytes that would be ten gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100_000_000))) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(PhotoBombError) as caught:
        read_photo(tmp_path / "bomb.png")
    assert caught.value.measured["pixels"] == 3_600_000_000


def test_what_is_damaged_is_refused(tmp_path: Path) -> None:
    path = photo(tmp_path / "a.jpg")
    whole = path.read_bytes()
    for size in (4, 40, len(whole) // 2, len(whole) - 200):
        path.write_bytes(whole[:size])
        with pytest.raises(PhotoError):
            probe_photo(str(path), MAX_PIXELS)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PhotoError, match="cannot be decoded"):
        read_photo(path)
    with pytest.raises(MissingFileError):
        read_photo(tmp_path / "absent.jpg")


def test_a_process_that_takes_too_much_is_stopped(tmp_path: Path) -> None:
    Image.new("RGB", (9000, 9000)).save(tmp_path / "a.png")
    with pytest.raises(PhotoError):
        read_photo(tmp_path / "a.png", GuardLimits(memory_bytes=400 * 1024**2))


def test_whatever_bytes_come_a_photograph_is_read_or_refused_by_name(tmp_path: Path) -> None:
    """Random damage to the metadata of real files: no other error than ours, and plain values."""
    draw, path = random.Random(5), tmp_path / "a.jpg"
    small = scene(1, 120, 90)
    files = [jpeg(small, 60, with_thumbnail(camera_exif(), small))]
    for kind in ("PNG", "WEBP"):
        file = io.BytesIO()
        small.save(file, kind, exif=camera_exif())
        files.append(file.getvalue())
    read = 0
    for k in range(240):
        content = bytearray(files[k % 3])
        for _ in range(draw.choice((1, 4, 20))):
            content[draw.randrange(min(len(content), 900))] = draw.randrange(256)
        path.write_bytes(content)
        try:
            told = probe_photo(str(path), 1_000_000)
        except PhotoError:
            continue
        json.dumps(facts_of(told | {"sha256": "", "size_bytes": 1}).as_dict(), allow_nan=False)
        read += 1
    assert read > 50
