"""Leads (线索): what is told of a place, merged into what it is about, and triaged. Values and pure functions."""
