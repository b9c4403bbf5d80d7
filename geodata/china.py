"""What is measured otherwise in China."""

from __future__ import annotations

M2_PER_MU = 10_000 / 15
"""Square metres of a mu (亩)."""
