"""Broken files end in a named refusal, leave nothing behind, and the service goes on."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tests.integration.broken_kit import cases
from tests.integration.service_kit import served

COUNT = int(os.environ.get("KANCHA_BROKEN_FILES", "60"))
SEED = int(os.environ.get("KANCHA_BROKEN_SEED", "1"))


def test_no_broken_file_harms_the_service(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    with served(tmp_path / "data") as service:
        pid = service.process.pid
        for address, name, content in cases(tmp_path, COUNT, SEED):
            part = "raster" if address == "/scenes" else "file"
            answer = service.client.post(address, files={part: (name, content)})
            told = answer.json()
            assert answer.status_code < 500, (address, name, told)
            if answer.status_code >= 400:
                assert told["code"] and told["detail"] and told["remedy"], told
                seen[told["code"]] += 1
            else:
                seen["stored"] += 1
        assert service.process.poll() is None and service.process.pid == pid
        assert service.client.get("/readyz").status_code == 200
        assert list((tmp_path / "data" / "incoming").iterdir()) == []
        # what is stored is all there is: every file belongs to a scene or layer
        blobs = {path.name for path in (tmp_path / "data" / "blobs").glob("??/*")}
        named: set[str] = set()
        for kind in ("scenes", "layers"):
            url: str | None = f"/{kind}?limit=1000"
            while url:
                page = service.client.get(url).json()
                for one in page[kind]:
                    named |= {str(one[name]) for name in ("sha256", "mask_sha256", "cog_sha256") if one.get(name)}
                url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        assert {name for name in named} <= blobs
        print(dict(seen.most_common()))
    assert sum(seen.values()) == COUNT and len(seen) > 3
