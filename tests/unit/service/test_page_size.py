"""What a browser loads of the map page before it shows something: office lines are slow."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

BUILT = Path(__file__).parents[3] / "service" / "web"
MOST_KB = 400


def loaded(manifest: dict[str, Any], name: str, seen: set[str]) -> set[str]:
    """Files that come with a part: its own, its styles, and those of all it imports."""
    if name not in seen:
        seen.add(name)
        for other in manifest[name].get("imports", []):
            loaded(manifest, other, seen)
    return {file for one in seen for file in (manifest[one]["file"], *manifest[one].get("css", []))}


def test_the_first_load_of_every_view_is_small() -> None:
    if not (BUILT / "manifest.json").exists():
        pytest.skip("the map page is not built: make web")
    manifest = json.loads((BUILT / "manifest.json").read_text("utf-8"))
    (entry,) = [name for name, part in manifest.items() if part.get("isEntry")]
    views = manifest[entry]["dynamicImports"]
    assert len(views) >= 9
    sizes = {}
    for view in [entry, *views]:
        files = loaded(manifest, entry, set()) | loaded(manifest, view, set())
        sizes[view] = sum(len(gzip.compress((BUILT / file).read_bytes(), 6)) for file in files) / 1000
    assert max(sizes.values()) < MOST_KB, sizes
    assert sizes[entry] < 60, "the frame itself waits for no map"
