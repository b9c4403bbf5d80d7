"""Words and files for tests of leads."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

WANG, PHONE = "王举报", "13911112222"
M = 1 / 111_320
"""A metre of latitude, degrees."""


def told(source: str = "patrol", north_m: float = 0.0, **more: Any) -> dict[str, Any]:
    """A report as another system sends it."""
    return {"source": source, "lon": 114.5, "lat": 36.6 + north_m * M, "text": "有人盖房", **more}


def photo(shade: int = 0) -> tuple[str, bytes, str]:
    """A photograph."""
    picture = Image.linear_gradient("L").resize((64, 48)).rotate(shade)
    content = io.BytesIO()
    picture.convert("RGB").save(content, "JPEG")
    return "现场.jpg", content.getvalue(), "image/jpeg"


def photo_file(path: Path) -> Path:
    """The same in a file."""
    path.write_bytes(photo()[1])
    return path


def sent(client: Any, **more: Any) -> dict[str, Any]:
    """A report that was taken; the lead that it belongs to stands in it."""
    answer = client.post("/reports", json=told(**more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["report"]
    return found


def judge(client: Any, lead: str, verdict: int, ground: str, kind: str = "", **more: Any) -> Any:
    """Judge a lead, with a numbered paper as proof."""
    proofs = [{"kind": kind, "number": "批2026-1"}] if kind else []
    body = {"verdict": verdict, "ground": ground, "reason": "经核查", "proofs": proofs, **more}
    return client.post(f"/leads/{lead}/verdict", json=body)
