"""A real browser for tests of pages: Chromium without a window, driven by Playwright; skipped without it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
SPEAKS = {**os.environ, "LANGUAGE": "zh_CN"}
"""A browser's own words, those of date fields, are Chinese where its translations are installed (chromium-l10n)."""
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 900}}


def chromium() -> str:
    """Where Chromium is; the test is skipped without it, or without Playwright."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    needed = os.environ.get("KANCHA_REQUIRE_BROWSER")
    found = os.environ.get("KANCHA_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found and needed:
        pytest.fail("Chromium is not on this machine, and the gate needs it")
    if not found:
        pytest.skip("Chromium is not on this machine")
    return found


@contextmanager
def browser(profile: Path, **how: Any) -> Iterator[Any]:
    """A browser with a profile of its own, as Playwright's context.

    Args:
        profile: Folder of the profile; one that is opened again has what it kept.
        how: Options of the context: `PHONE`, `DESK`, locale, geolocation, permissions ...
    """
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            str(profile),
            executable_path=path,
            args=list(FLAGS),
            ignore_default_args=["--headless=old"],
            env=SPEAKS,
            **how,
        )
        context.set_default_timeout(15_000)
        try:
            yield context
        finally:
            context.close()


@contextmanager
def launched() -> Iterator[Any]:
    """A browser without a profile, as Playwright's: each `new_context` of it is somebody else's, and begun at once."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as driver:
        made = driver.chromium.launch(
            executable_path=path, args=list(FLAGS), ignore_default_args=["--headless=old"], env=SPEAKS
        )
        try:
            yield made
        finally:
            made.close()
