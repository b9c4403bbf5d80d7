"""What the map page is made from, on standard output: the OpenAPI document, or the words of closed lists.

Both are made from the service's own tables, so that a page built from an older service is noticed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import orjson


def document() -> str:
    """The OpenAPI document of a service without anything in it."""
    from service.app import create_app
    from service.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        told = create_app(Settings(data=Path(folder))).openapi()
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()


def words() -> str:
    """A module of TypeScript with the titles of closed lists, Chinese and English, by their name."""
    from service.cases.categories import CATEGORIES
    from service.cases.clocks.book import load_book
    from service.cases.documents import KINDS
    from service.cases.fact_words import CHOICE_TITLES, FACT_TITLES
    from service.cases.leads.triage import PROOFS, VERDICTS
    from service.cases.workflow.regions import REGIONS

    book = load_book()
    terms = [*book.terms, *book.shelved]
    tables: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
        "CATEGORIES": ("What is wrong with a structure.", {n: (c.title, c.title_zh) for n, c in CATEGORIES.items()}),
        "DOCUMENTS": ("Kinds of statutory documents.", {n: (k.title, k.title_zh) for n, k in KINDS.items()}),
        "TERMS": ("Terms of the shipped books.", {term.id: (term.title, term.title_zh) for term in terms}),
        "FACTS": ("Facts of events of cases.", FACT_TITLES),
        "CHOICES": ("Every choice of a fact.", CHOICE_TITLES),
        "PROOFS": ("Kinds of proof of a verdict on a lead.", PROOFS),
        "VERDICTS": ("Verdicts on leads.", {str(int(code)): pair for code, pair in VERDICTS.items()}),
    }
    lines = ["/** Made from the service's own tables by `tools/web api`: change them there. */", ""]
    lines += ["type Pair = readonly [zh: string, en: string];", ""]
    for name, (what, table) in tables.items():
        lines += [f"/** {what} */", f"export const {name}: Record<string, Pair> = {{", *_rows(table, "  "), "};", ""]
    lines += ["/** Regions of a case, each with its states: the first is where a case begins. */"]
    lines += ["export const REGIONS: Record<string, Record<string, Pair>> = {"]
    for region, states in REGIONS.items():
        lines += [f"  {region}: {{", *_rows(states, "    "), "  },"]
    return "\n".join([*lines, "};", ""])


def _rows(table: Mapping[str, tuple[str, str]], indent: str) -> list[str]:
    pairs = ((name, json.dumps([zh, en], ensure_ascii=False)) for name, (en, zh) in table.items())
    return [f"{indent}{json.dumps(name)}: {pair}," for name, pair in pairs]


if __name__ == "__main__":
    sys.stdout.write({"openapi": document, "words": words}[sys.argv[1]]())
