"""The report of a scan: one self-contained HTML file, in Chinese and English."""

from geodata.report.page import write_report

__all__ = ["write_report"]
