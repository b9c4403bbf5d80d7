"""The table of terms in docs/clocks.md; run as a module to write it again."""

from __future__ import annotations

import re
from pathlib import Path

from service.cases.clocks import load_book
from service.cases.clocks.table import markdown_of

PAGE = Path(__file__).parents[4] / "docs" / "clocks.md"
PLACES = ("shanghai", "beijing", "pingdingshan", "heze", "zhejiang")
_BETWEEN = re.compile(r"(<!-- written by: [^\n]* -->\n).*(<!-- end -->)", re.S)


def page() -> str:
    """The page as the data have it."""
    table = markdown_of(load_book(PLACES))
    return _BETWEEN.sub(lambda found: f"{found[1]}{table}{found[2]}", PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
