"""What a durable run may be of, and what it takes."""

from __future__ import annotations

OWN_SLOTS: tuple[tuple[str, ...], ...] = (("intake",), ("night",))
"""Kinds that a slot of their own is kept for: an upload does not wait for a scan of hours, nor do the scans of a night
for the night that waits for them."""
NEVER_ELSEWHERE = ("night",)
"""Kinds that are done in their own slot alone: they wait for others, and would keep the place of what they wait for."""
UNTIMED = ("night",)
"""Kinds without a limit of time: they take as long as what they ordered."""
