"""The figures of an `Evaluation` for people (rich tables) and for machines (plain values)."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from geodata.evaluate.measures import LEAST_AREA_M2, Evaluation, ratio


def as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Every figure as plain JSON values; ratios 0 to 1, areas in m² or km² by name."""
    pixels = evaluation.pixels
    loose, strict = (evaluation.one_to_one(m) for m in (evaluation.matched_loose, evaluation.matched_strict))
    names = ("precision", "recall", "f1")
    values: dict[str, Any] = {
        "name": evaluation.name,
        "area_km2": evaluation.area_km2,
        "pixel": {
            "precision": pixels.precision,
            "recall": pixels.recall,
            "f1": pixels.f1,
            "f1_interval_95": evaluation.pixel_f1_interval,
            "hit_m2": pixels.hit_m2,
            "claimed_m2": pixels.claimed_m2,
            "true_m2": pixels.true_m2,
        },
        "object": {
            "precision": evaluation.object_precision,
            "recall": evaluation.object_recall,
            "f1": evaluation.object_f1,
            "true": len(evaluation.truths),
            "found": evaluation.found,
            "alarms": len(evaluation.alarms),
            "false": evaluation.false_alarms,
            "merges": evaluation.merges,
            "splits": evaluation.splits,
        },
        "one_to_one_iou_0.25": {
            "matched": evaluation.matched_loose,
            **dict(zip(names, loose, strict=True)),
        },
        "one_to_one_iou_0.5": {
            "matched": evaluation.matched_strict,
            **dict(zip(names, strict, strict=True)),
        },
        "false_per_km2": evaluation.false_per_km2,
        "recall_by_area_m2": {
            name: {"found": found, "true": true, "recall": ratio(found, true)}
            for name, (found, true) in evaluation.recall_by_class().items()
        },
        "recall_at_false_per_km2": {f"{limit:g}": value for limit, value in evaluation.froc().items()},
    }
    if evaluation.parts:
        values["pairs"] = [as_dict(part) for part in evaluation.parts]
    return values


def summary_table(evaluation: Evaluation) -> Table:
    """All figures of one evaluation, a line each, in sections."""
    table = Table(title=_title(evaluation))
    table.add_column("measure")
    for heading in ("precision", "recall", "F1"):
        table.add_column(heading, justify="right")
    table.add_column("counted", justify="right")
    _add_ratios(table, evaluation)
    table.add_section()
    density = evaluation.false_per_km2
    table.add_row(
        "false alarms per km²",
        "",
        "",
        "" if density is None else f"{density:,.1f}",
        f"{evaluation.false_alarms:,} on {_area(evaluation)}",
    )
    table.add_row("merges, splits", "", "", "", f"{evaluation.merges:,}, {evaluation.splits:,}")
    table.add_section()
    for name, (found, true) in evaluation.recall_by_class().items():
        low = f" (from {LEAST_AREA_M2:g})" if name.startswith("<") else ""
        table.add_row(f"recall, {name} m²{low}", "", share(ratio(found, true)), "", f"{found:,} of {true:,}")
    table.add_section()
    for limit, value in evaluation.froc().items():
        table.add_row(f"recall at {limit:g} false per km²", "", share(value), "", "")
    return table


def _add_ratios(table: Table, evaluation: Evaluation) -> None:
    pixels = evaluation.pixels
    table.add_row(
        "pixels of change (pooled)",
        share(pixels.precision),
        share(pixels.recall),
        share(pixels.f1),
        f"{pixels.true_m2:,.0f} m² true, {pixels.claimed_m2:,.0f} m² detected",
    )
    interval = evaluation.pixel_f1_interval
    if interval is not None:
        words = f"{interval[0]:.3f}-{interval[1]:.3f}"
        table.add_row("  95 % interval over the pairs", "", "", words, f"{len(evaluation.parts)} pairs")
    table.add_row(
        "objects (30 % covered)",
        share(evaluation.object_precision),
        share(evaluation.object_recall),
        share(evaluation.object_f1),
        f"{evaluation.found:,} of {len(evaluation.truths):,} found, "
        f"{evaluation.false_alarms:,} of {len(evaluation.alarms):,} false",
    )
    for label, matched in (("0.25", evaluation.matched_loose), ("0.5", evaluation.matched_strict)):
        figures = [share(v) for v in evaluation.one_to_one(matched)]
        table.add_row(f"objects one to one, IoU ≥ {label}", *figures, f"{matched:,} matched")


def pairs_table(evaluation: Evaluation) -> Table:
    """One row per pair and a last one for all of them."""
    table = Table(title=f"{evaluation.name or 'Evaluation'}: pair by pair")
    table.add_column("pair")
    for heading in ("px P", "px R", "px F1", "true", "found", "alarms", "false", "obj F1", "false/km²"):
        table.add_column(heading, justify="right")
    for part in evaluation.parts:
        table.add_row(*_pair_row(part))
    table.add_section()
    table.add_row(*_pair_row(evaluation), style="bold")
    return table


def _pair_row(part: Evaluation) -> list[str]:
    density = part.false_per_km2
    return [
        part.name,
        share(part.pixels.precision),
        share(part.pixels.recall),
        share(part.pixels.f1),
        f"{len(part.truths):,}",
        f"{part.found:,}",
        f"{len(part.alarms):,}",
        f"{part.false_alarms:,}",
        share(part.object_f1),
        "" if density is None else f"{density:,.0f}",
    ]


def share(value: float | None) -> str:
    """A ratio with three digits, a dash where there is nothing to count."""
    return "-" if value is None else f"{value:.3f}"


def _title(evaluation: Evaluation) -> str:
    return f"Evaluation: {evaluation.name}" if evaluation.name else "Evaluation"


def _area(evaluation: Evaluation) -> str:
    return "unknown area" if evaluation.area_km2 is None else f"{evaluation.area_km2:,.2f} km²"
