"""Alarms as plain values and pure functions: which finding alarms whom, when, in which words, signed how."""
