"""What the settings are called in the environment."""

from __future__ import annotations

from collections.abc import Iterator


def variables(model: type, prefix: str = "KANCHA_") -> Iterator[str]:
    """The variable of every setting of a group, and of those in it."""
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]
        kind = field.annotation
        if isinstance(kind, type) and hasattr(kind, "model_fields"):
            yield from variables(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"
