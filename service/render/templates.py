"""Reports in words: templates of the package, filled with plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2


def filled(template: str, body: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]] | None = None) -> str:
    """A report in words; in HTML every value is escaped, and one that is not given is an error.

    Args:
        template: Name of the template.
        body: The values.
        filters: Filters of its own.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("service", "templates"),
        autoescape=template.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters or {})
    return environment.get_template(template).render(**body)
