"""Proof of the end: what later images and surface models say of one known structure, and of the land it freed."""
