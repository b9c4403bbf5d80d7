"""Write the table of moves into docs/workflow.md and draw docs/images/workflow.svg (needs Graphviz: `dot`)."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from service.cases.workflow.drawing import as_dot, as_markdown

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- made by tools/draw_workflow.py -->", "<!-- end -->"


def main() -> None:
    """Both, from the table as it stands."""
    page = ROOT / "docs/workflow.md"
    text = page.read_text("utf-8")
    head, _, rest = text.partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n\n{as_markdown()}\n{END}{rest.partition(END)[2]}", "utf-8")
    drawn = subprocess.run(["dot", "-Tsvg"], input=as_dot().encode(), stdout=subprocess.PIPE, check=True).stdout
    mark = f"<!-- dot {hashlib.sha256(as_dot().encode()).hexdigest()} -->\n"
    (ROOT / "docs/images/workflow.svg").write_text(drawn.decode("utf-8") + mark, "utf-8")


if __name__ == "__main__":
    main()
