"""What a durable run may be of, and what it takes."""

from __future__ import annotations

LIGHT = ("intake",)
"""Work that a slot of its own is kept for: an upload does not wait for a scan of hours."""
