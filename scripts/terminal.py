"""What the commands show."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from geodata.errors import KanchaError

if TYPE_CHECKING:
    from datetime import datetime

    from geodata.scan import ScanResult
    from geodata.types import ProgressHook
    from service.auth.caller import Grant
    from service.auth.people import ApiKey, Person
    from service.auth.record import Sealed
    from service.watching.figures import Detectors

_MOST_ROWS = 40
_COLOURS = {"suspected": "red", "permitted": "green", "existing": "blue", "unassessed": "yellow"}


def wide_console() -> Console:
    """Where tables are shown: as wide as the terminal; a pipe or a log has no width of its own."""
    return Console() if sys.stdout.isatty() else Console(width=200)


def print_refusal(error: KanchaError) -> None:
    """A named error as one red paragraph on standard error."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    figures = ", ".join(f"{name}={value}" for name, value in error.measured.items())
    parts = [f"[bold]{escape(error.code)}[/bold] {escape(error.title_zh)}: {escape(error.message)}"]
    parts += [escape(error.remedy)] if error.remedy else []
    parts += [escape(f"({figures})")] if figures else []
    console.print(f"[red]{' '.join(parts)}[/red]")


def print_unforeseen(error: Exception) -> None:
    """An error that nobody foresaw: one paragraph; `KANCHA_DEBUG=1` adds where it happened."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    said = escape(f"{type(error).__name__}: {error}")
    console.print(
        f"[red][bold]internal-error[/bold] Something unforeseen went wrong ({said}). "
        "Please report it; KANCHA_DEBUG=1 shows where.[/red]"
    )
    from service.settings import read_settings

    with suppress(KanchaError):  # settings that cannot be read are no reason to say less
        if read_settings().debug:
            console.print(escape("".join(traceback.format_exception(error))))


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressHook]:
    """A bar on standard error while something works, if anybody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share, message: bar.update(task, completed=share, description=message)


def findings_table(result: ScanResult) -> Table:
    """The findings, the most certain first, as a table."""
    frame = result.findings
    title = f"{len(frame)} findings"
    table = Table(title=title, title_justify="left")
    for name in ("status", "change", "confidence", "area m2", "place", "reasons"):
        table.add_column(name, overflow="fold", justify="right" if name in ("confidence", "area m2") else "left")
    if not len(frame):
        return table
    for _, row in frame.sort_values("confidence", ascending=False).head(_MOST_ROWS).iterrows():
        place = row.geometry.representative_point()
        status = str(row["status"])
        table.add_row(
            f"[{_COLOURS.get(status, 'white')}]{escape(status)}[/]",
            escape(str(row["change"])),
            f"{row['confidence']:.2f}",
            f"{row['area_m2']:.0f} ± {row['area_error_m2']:.0f}",
            f"{place.x:.6f}, {place.y:.6f}",
            escape("; ".join(str(reason["message"]) for reason in row["reasons"])),
        )
    if len(frame) > _MOST_ROWS:
        table.caption = f"and {len(frame) - _MOST_ROWS} more in the GeoJSON file"
    return table


def gate_line(result: ScanResult) -> str | None:
    """What the gate warned of or was made to accept, None where it had nothing to say."""
    gate = result.provenance.get("admissibility") or {}
    told = [c["message"] for c in gate.get("checks", []) if c["outcome"] in ("warned", "overridden")]
    return f"The pair was {gate['outcome'].replace('-', ' ')}: {' '.join(told)}" if told else None


def people_table(people: Sequence[Person]) -> Table:
    """Everybody and their rights."""
    table = Table(title=f"{len(people)} people", title_justify="left")
    for name in ("name", "called", "roles", "areas", "secrecy", "active"):
        table.add_column(name, overflow="fold")
    for one in people:
        told = [one.name, one.display_name, *_grant_cells(one.grant), "yes" if one.active else "no"]
        table.add_row(*map(escape, told))
    return table


def keys_table(keys: Sequence[ApiKey]) -> Table:
    """Keys of other systems."""
    table = Table(title=f"{len(keys)} keys", title_justify="left")
    for name in ("id", "name", "roles", "areas", "secrecy", "made", "used", "ends"):
        table.add_column(name, overflow="fold")
    for one in keys:
        ends = "revoked" if one.revoked_at else _day(one.expires_at) or "never"
        told = [one.id, one.name, *_grant_cells(one.grant), _day(one.created_at), _day(one.used_at), ends]
        table.add_row(*map(escape, told))
    return table


def record_table(links: Sequence[Sealed]) -> Table:
    """Entries of the record."""
    table = Table(title=f"{len(links)} entries, the latest first", title_justify="left")
    for name in ("number", "at (UTC)", "who", "action", "target", "from"):
        table.add_column(name, overflow="fold")
    for one in links:
        entry = one.entry
        who = entry.actor_name or entry.actor_kind
        told = [str(one.number), f"{entry.at:%Y-%m-%d %H:%M:%S}", who, entry.action, entry.target, entry.address]
        table.add_row(*map(escape, told))
    return table


def detectors_table(found: Detectors) -> Table:
    """Every detector by month, and its latest month beside those before."""
    table = Table(title=f"{len(found.drifts)} detectors at work", title_justify="left")
    for name in ("detector", "month", "scans", "findings", "by confidence 0-1", "judged", "dismissed", "share", "PSI"):
        table.add_column(name, overflow="fold")
    indices = {(one.recent.detector, one.recent.month): one.psi for one in found.drifts}
    for one in found.months:
        share, psi = one.dismissed, indices.get((one.detector, one.month))
        told = [one.detector.partition("+")[0], one.month, one.scans, one.findings, " ".join(map(str, one.bins))]
        told += [share.judged, share.right, f"{share.low:.2f}-{share.high:.2f}" if share.judged else ""]
        table.add_row(*(escape(str(cell)) for cell in told), "" if psi is None else f"{psi:.3f}")
    return table


def _grant_cells(grant: Grant) -> list[str]:
    areas = "everywhere" if grant.areas is None else ", ".join(sorted(grant.areas))
    only = "" if grant.only is None else f" ({', '.join(sorted(grant.only))})"
    return [", ".join(sorted(grant.roles)) + only, areas, grant.clearance.word]


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
