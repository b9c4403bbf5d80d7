"""A procedural district for the demonstration: imagery of two dates, the cadastre, the plan and the truth."""

from __future__ import annotations

from geodata.demo.district import DemoFiles, draw_district

__all__ = ["DemoFiles", "draw_district"]
