"""`kancha judge`: an officer's verdict on a finding."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geodata.errors import OptionError
from geodata.io.dates import parse_date
from geodata.types import DISMISSAL_REASONS
from scripts.opened import Data, opened


def judge(
    finding: Annotated[str, typer.Argument(help="Id of the finding.")],
    verdict: Annotated[str, typer.Argument(help="true or false: whether the finding is right.")],
    by: Annotated[str, typer.Option(help="Who judged it.")],
    reason: Annotated[
        str | None, typer.Option(help=f"With false: what it was instead: {', '.join(DISMISSAL_REASONS)}.")
    ] = None,
    outline: Annotated[
        Path | None, typer.Option(help="With true: GeoJSON file of the corrected outline, a polygon in lon-lat.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When it was judged; else now.")] = None,
    note: Annotated[str | None, typer.Option(help="Anything else.")] = None,
    purpose: Annotated[
        str | None, typer.Option(help="enforce or learn, as the queue says; else as before, else enforce.")
    ] = None,
    data: Data = None,
) -> None:
    """Say whether a finding is right; the latest verdict counts, the others stay."""
    # loaded on demand: the other commands need none of it
    from service.usecases import verdicts as usecase

    if verdict not in ("true", "false"):
        raise OptionError(f"{verdict!r} is no verdict.", remedy="Write true or false.")
    told = usecase.Judgement(
        finding_id=finding,
        verdict=verdict == "true",
        judged_by=by,
        reason=reason,
        outline=None if outline is None else usecase.read_outline(outline),
        judged_at=None if at is None else parse_date(at),
        note=note,
        purpose=purpose,
    )
    with opened(data, changes="judge") as services:
        stored, new = usecase.judge(services, told)
    words = "true" if stored.verdict else f"false ({stored.reason})"
    typer.echo(f"{'judged' if new else 'already judged'}: {stored.finding_id} {words}, by {stored.judged_by}")
