"""`kancha queue`: what officers look at this week, and how right the findings have been."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from geodata.errors import OptionError
from scripts.opened import Data, opened
from scripts.terminal import wide_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geodata.shares import Rate
    from service.review.draw import Drawn
    from service.review.precision import Precision

_PURPOSES = {"enforce": "red", "learn": "cyan"}
_RIGHT = ("rank", "priority", "confidence", "area m2")


def queue(
    capacity: Annotated[int | None, typer.Option(help="How many findings can be looked at.")] = None,
    learn_share: Annotated[float, typer.Option(help="Share of them that is drawn for learning, 0 to 1.")] = 0.15,
    precision: Annotated[
        bool, typer.Option("--precision", help="Show how right the judged findings are instead.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write it to this file as well.")] = None,
    data: Data = None,
) -> None:
    """List the findings to be looked at, the first by priority, a share drawn for learning."""
    # loaded on demand: the other commands need none of it
    from service.usecases import queue as usecase

    if capacity is None and not precision:
        raise OptionError("The queue needs its length.", remedy="Give --capacity, or --precision.")
    console = wide_console()
    with opened(data) as services:
        if precision:
            told = usecase.precision(services, capacity)
            written, tables = usecase.precision_file(told), precision_tables(told)
        else:
            rows = usecase.review_queue(services, capacity or 0, learn_share)
            written = usecase.queue_file(rows, capacity or 0, learn_share, datetime.now(UTC))
            tables = [queue_table(rows)]
        if json is not None:
            usecase.write_told(json, written)
    for table in tables:
        console.print(table)
    if json is not None:
        typer.echo(f"written: {json}", err=True)


def queue_table(rows: Sequence[Drawn]) -> Table:
    """The queue as a table."""
    learning = sum(drawn.purpose == "learn" for drawn in rows)
    title = f"{len(rows)} findings to look at, {learning} of them to learn from"
    table = Table(title=title, title_justify="left")
    for name in ("rank", "id", "priority", "purpose", "change", "confidence", "area m2", "status", "reason", "place"):
        table.add_column(name, overflow="fold", justify="right" if name in _RIGHT else "left")
    for drawn in rows:
        row = drawn.row
        reason = row.reason if drawn.purpose == "enforce" else f"{drawn.why}. {row.reason}".strip()
        table.add_row(
            str(drawn.rank),
            escape(row.fid),
            f"{row.priority:.3f}",
            f"[{_PURPOSES[drawn.purpose]}]{drawn.purpose}[/]",
            escape(row.change),
            f"{row.confidence:.2f}",
            f"{row.area_m2:.0f}",
            escape(row.status),
            escape(reason.split("\n", 1)[0]),
            f"{row.place[0]:.6f}, {row.place[1]:.6f}",
        )
    return table


def precision_tables(told: Precision) -> list[Table]:
    """The precision as tables: the first k, all by purpose, each kind of group, the reasons of dismissals."""
    top = _rates("Precision of the first k by priority", "k")
    for at in told.at_k:
        top.add_row(str(at.k), "enforce", *_figures(at.rate))
    overall = _rates("All that was judged", "")
    for purpose, found in told.overall.items():
        overall.add_row("all", purpose, *_figures(found))
    tables = [top, overall]
    for kind, groups in told.groups.items():
        tables.append(_rates(f"By {kind}", kind))
        for group in groups:
            tables[-1].add_row(escape(group.name), group.purpose, *_figures(group.rate))
    reasons = Table(title="What the dismissed ones were", title_justify="left")
    for name in ("reason", "count"):
        reasons.add_column(name)
    for reason, count in told.reasons.items():
        reasons.add_row(escape(reason), str(count))
    return [*tables, reasons]


def _rates(title: str, kind: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in (kind, "purpose", "judged", "right", "precision", "95 % interval"):
        table.add_column(name, justify="left" if name in (kind, "purpose") else "right")
    return table


def _figures(found: Rate) -> tuple[str, str, str, str]:
    share = "-" if found.precision is None else f"{found.precision:.2f}"
    interval = "-" if found.precision is None else f"{found.low:.2f} to {found.high:.2f}"
    return str(found.judged), str(found.right), share, interval
