"""The OpenAPI document on standard output: what the client of the map page is made from."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import orjson


def main() -> None:
    """Print the document of a service without anything in it."""
    from service.app import create_app
    from service.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        document = create_app(Settings(data=Path(folder))).openapi()
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


if __name__ == "__main__":
    main()
