"""What people of a bureau do on the map page, each in a browser of their own: words for the story test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.service_kit import until

PASSWORD = "correct horse battery"
ROLES = ("查阅人员", "分析人员", "执法人员", "法制审核人员", "负责人", "审计人员", "系统管理员", "监控系统")


@dataclass
class Seat:
    """Somebody before the page.

    Args:
        page: Playwright's page.
        url: Root of the service.
        name: What pictures of this seat are called by.
        faults: What the browser complained of.
    """

    page: Any
    url: str
    name: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.faults.append(f"console: {m.text}") if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"request off the host: {request.url}")

    # --- going and pressing -----------------------------------------------------------------------

    def go(self, address: str) -> None:
        """Open a view of the page and wait until it has what it asked for."""
        target = f"{self.url}/map{address}"
        if self.page.url == target:
            self.page.reload()
        else:
            self.page.goto(target)
        self.ready()

    def ready(self) -> None:
        """Wait until nothing on the view is loading."""
        self.page.wait_for_selector("main >> nth=0")
        self.page.wait_for_selector("main .loading", state="detached")

    def press(self, name: str) -> None:
        """Press a button or follow a link by its whole name."""
        self.page.locator(f"main button:text-is('{name}'), main a:text-is('{name}')").first.click()

    @property
    def dialog(self) -> Any:
        return self.page.locator("dialog[open]")

    def submit(self) -> None:
        """Send the form of the dialog; it closes once the service has taken it."""
        self.dialog.locator("button[type=submit]").click()
        refused = self.page.locator("dialog[open] .trouble")
        until(lambda: refused.count() or not self.dialog.count(), 20)
        assert not self.dialog.count(), refused.first.inner_text()

    def fill(self, told: dict[str, Any], form: Any = None) -> None:
        """Fill fields by what they are called: texts, choices and boxes (a list) by their words, terms (a pair)."""
        form = form or self.dialog
        for title, value in told.items():
            if isinstance(value, Path):
                form.locator(f"input[type=file][aria-label^='{title}']").set_input_files(str(value))
            elif isinstance(value, (list, tuple)):
                group = form.locator("fieldset").filter(has=self.page.locator("legend", has_text=_exactly(title)))
                if isinstance(value, tuple):
                    group.locator("input").fill(value[0])
                    group.locator("select").select_option(label=value[1])
                    continue
                for one in value:
                    group.get_by_label(one, exact=True).check()
            else:
                self._one(form, title, value)

    def _one(self, form: Any, title: str, value: str) -> None:
        within = form.locator("label.field").filter(has=self.page.locator("> span", has_text=_exactly(title))).first
        control = within.locator("input, select, textarea").first
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(label=value)
        else:
            control.fill(value)

    def asked(self, path: str) -> dict[str, Any]:
        """What this browser is told at a path of the service."""
        found: dict[str, Any] = self.page.evaluate("async (path) => (await fetch(path)).json()", path)
        return found

    @contextmanager
    def told_off(self) -> Iterator[None]:
        """What is refused on purpose is no fault, though the browser complains of the answer."""
        before = len(self.faults)
        yield
        del self.faults[before:]

    def toast(self) -> str:
        """What the page said last."""
        return str(self.page.locator(".toast").last.inner_text())

    def shows(self, text: str, within: str = "main") -> None:
        """Wait until the view shows some words."""
        self.page.locator(within).get_by_text(text).first.wait_for()

    def picture(self, name: str) -> None:
        """Keep what is to be seen where pictures are kept."""
        folder = os.environ.get("KANCHA_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.wait_for_timeout(600)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    # --- cases ------------------------------------------------------------------------------------

    def tell(self, case: str, event: str, at: str, press: str = "", **facts: Any) -> None:
        """Tell an event of a case by its form; a button of it may be pressed before it is sent."""
        self.go(f"#/case/{case}")
        self.page.locator(f".work-moves button:text-is('{event}')").click()
        self.fill({**facts, "办理时间（北京时间）": at})
        if press:
            self.dialog.get_by_role("button", name=press).click()
        self.submit()

    def refused(self, case: str, event: str, at: str, **facts: Any) -> str:
        """Tell an event that may not follow; why, in the page's words."""
        self.go(f"#/case/{case}")
        self.page.locator(f".work-moves button:text-is('{event}')").click()
        self.fill({**facts, "办理时间（北京时间）": at})
        with self.told_off():
            self.dialog.locator("button[type=submit]").click()
            self.dialog.locator(".trouble").wait_for()
        return str(self.dialog.locator(".work-refused").inner_text())

    def paper(self, case: str, kind: str, day: str, told: Sequence[dict[str, Any]] = ()) -> str:
        """Make a document, with what the page asks for beside the case; returns what it is called."""
        self.go(f"#/case/{case}?tab=documents")
        self.press("制作文书")
        self.fill({"文书种类": kind, "文书日期": day})
        for more in told:
            with self.told_off():
                self.dialog.locator("button[type=submit]").click()
                self.dialog.locator(".work-wrong").wait_for()
            self.fill(more)
        self.submit()
        row = self.page.locator(f"main tr:has-text('{kind}')").last
        return f"{kind} {row.locator('td').nth(1).inner_text()}"


def _exactly(title: str) -> re.Pattern[str]:
    """A title with or without its mark of being needed or optional."""
    return re.compile(rf"^{re.escape(title)}( \*|（选填）)?$")
