"""Where `kancha scan` writes: never over what it reads, and told before the work, not after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geodata.errors import MissingFileError, OptionError
from geodata.scan import ScanResult, scan
from geodata.types import ScanOptions
from scripts.main import interrupted
from scripts.terminal import gate_line
from service.usecases.scan_files import ScanFiles, ScanOutputs, scan_files
from tests.unit.detect.district_kit import fields, roofed
from tests.unit.io_rasters.raster_kit import write


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ScanFiles:
    folder = tmp_path_factory.mktemp("pair")
    area = folder / "area.geojson"
    area.write_text('{"type": "FeatureCollection", "features": []}')
    return ScanFiles(
        write(folder / "a_20240412.tif", fields()),
        write(folder / "b_20250412.tif", roofed()),
        ScanOptions(),
        aoi=area,
    )


@pytest.mark.parametrize("name", ["before", "after", "aoi"])
@pytest.mark.parametrize("output", ["geojson", "report"])
def test_an_input_is_never_written_over(files: ScanFiles, name: str, output: str) -> None:
    target: Path = getattr(files, name)
    held = target.read_bytes()
    written: dict[str, Any] = {output: target.parent / "." / target.name}
    with pytest.raises(OptionError, match="is an input of the scan"):
        scan_files(files, ScanOutputs(**written))
    assert target.read_bytes() == held


def test_two_outputs_are_two_files(files: ScanFiles, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="named for two outputs"):
        scan_files(files, ScanOutputs(tmp_path / "x.html", tmp_path / "x.html"))


def test_a_device_and_a_folder_are_no_place_to_write(files: ScanFiles, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="it is no plain file"):
        scan_files(files, ScanOutputs(Path("/dev/null")))
    with pytest.raises(MissingFileError, match="is a folder"):
        scan_files(files, ScanOutputs(tmp_path))


def test_what_the_gate_warned_of_is_said(files: ScanFiles) -> None:
    assert files.before is not None and files.after is not None
    result = scan(files.before, files.after)
    warned = [c for c in result.provenance["admissibility"]["checks"] if c["outcome"] == "warned"]
    said = gate_line(result)
    assert warned and said is not None
    assert said == "The pair was accepted with warnings: " + " ".join(c["message"] for c in warned)
    quiet = ScanResult(result.findings, {**result.provenance, "admissibility": {"outcome": "accepted", "checks": []}})
    assert gate_line(quiet) is None


def test_an_interrupt_within_compiled_code_is_an_interrupt() -> None:
    def raised(behind: BaseException) -> BaseException:
        try:
            try:
                raise behind
            except BaseException as inner:
                raise SystemError("returned a result with an exception set") from inner
        except SystemError as error:
            return error

    assert interrupted(raised(KeyboardInterrupt())) and not interrupted(raised(ValueError()))
    assert not interrupted(SystemError("alone"))
