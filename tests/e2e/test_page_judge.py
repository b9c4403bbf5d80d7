"""Judging in a real browser beside the real service: keys, undo, what is fetched ahead, the check by two people."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from geodata.types import DISMISSAL_REASONS
from tests.e2e.page_kit import DESK, PHONE, Drawn, Watched, add_officer, drawn_desk, one_more
from tests.integration.service_kit import until

KEYS = {"shadow": "s", "tree": "t", "vehicle": "v", "container": "c", "greenhouse": "g", "solar_panel": "l",
        "tarpaulin": "a", "bare_soil": "b", "water": "w", "scaffold": "f", "registration": "r", "edge_of_image": "e",
        "other": "x"}  # fmt: skip
COUNT = 44
LEAST_LOOK_MS = 300
TILE = re.compile(r"/tiles/\w+/\w+/(\d+)/(\d+)/(\d+)\.webp")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    with drawn_desk(tmp_path_factory.mktemp("judge"), COUNT) as made:
        yield made


@pytest.fixture(scope="module")
def wang(drawn: Drawn) -> str:
    return add_officer(drawn.service, "wang", "王五")


@pytest.fixture(scope="module")
def li(drawn: Drawn) -> str:
    return add_officer(drawn.service, "li", "李四")


def shown(it: Watched) -> str:
    """The finding in sight, once it can be judged."""
    it.page.wait_for_selector(".judge-verdicts button.judge-right:enabled")
    return str(it.page.locator(".judge-head code").inner_text())


def press(it: Watched, key: str) -> str:
    """Look for a moment, press a key; the finding that it was about."""
    fid = shown(it)
    it.page.wait_for_timeout(LEAST_LOOK_MS)
    it.page.keyboard.press(key)
    return fid


def judge(it: Watched, key: str) -> str:
    """The same with a key that judges, until another finding is shown."""
    fid = press(it, key)
    until(lambda: shown(it) != fid, 5, 0.02)
    return fid


def verdicts(drawn: Drawn, fid: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = drawn.service.client.get(f"/findings/{fid}/verdicts").json()["verdicts"]
    return told


def stored(drawn: Drawn, fid: str, count: int = 1) -> dict[str, Any]:
    """The verdict that counts, once it has arrived."""
    until(lambda: len(verdicts(drawn, fid)) == count, 15)
    return verdicts(drawn, fid)[-1]


def open_desk(it: Watched, address: str = "#/judge?learn_share=0") -> None:
    it.open(address)
    shown(it)
    it.page.locator("main").click(position={"x": 2, "y": 2})


def posts(it: Watched) -> list[str]:
    """Addresses of verdicts that are sent from now on."""
    seen: list[str] = []
    it.page.on("request", lambda r: seen.append(r.url) if r.method == "POST" and "/verdicts" in r.url else None)
    return seen


def test_every_key_reaches_the_store_as_it_was_told_and_undo_takes_the_last_one_back(
    drawn: Drawn, wang: str, chrome: Any
) -> None:
    assert set(KEYS) == set(DISMISSAL_REASONS)
    with one_more(chrome, drawn.service, wang, **DESK) as it:
        open_desk(it)
        it.page.locator(".judge-note textarea").fill("东侧围墙内")
        it.page.locator(".judge-head").click()
        told = {judge(it, "j"): (True, None, "东侧围墙内"), judge(it, "1"): (True, None, None)}
        for reason, key in KEYS.items():
            told[judge(it, key)] = (False, reason, None)
        assert list(told) == drawn.ids[: len(told)], "in the order of the queue, each shown once"
        for fid, words in told.items():
            one = stored(drawn, fid)
            assert (one["verdict"], one["reason"], one["note"]) == words, fid
            assert (one["judged_by"], one["person_id"], one["purpose"]) == ("王五", wang, "enforce")
        last = list(told)[-1]
        it.page.keyboard.press("u")
        until(lambda: shown(it) == last, 15)
        assert verdicts(drawn, last) == []
        assert drawn.service.client.get(f"/findings/{last}").json()["properties"]["judged"] is None
        queue = drawn.service.client.get("/queue?capacity=60&learn_share=0").json()["rows"]
        assert queue[0]["id"] == last, "open again, in the place that it had"
        assert judge(it, "t") == last
        assert stored(drawn, last)["reason"] == "tree"
        # and the one before it, after that
        it.page.keyboard.press("u")
        until(lambda: shown(it) == last, 15)
        it.page.keyboard.press("u")
        before = list(told)[-2]
        until(lambda: shown(it) == before, 15)
        assert verdicts(drawn, last) == verdicts(drawn, before) == []
        assert it.faults == []


def test_keys_are_silent_while_somebody_writes_or_a_dialog_is_open(drawn: Drawn, wang: str, chrome: Any) -> None:
    with one_more(chrome, drawn.service, wang, **DESK) as it:
        open_desk(it)
        sent, fid = posts(it), shown(it)
        note = it.page.locator(".judge-note textarea")
        note.click()
        it.page.wait_for_timeout(LEAST_LOOK_MS)
        it.page.keyboard.type("just")
        assert note.input_value() == "just"
        note.fill("")
        it.page.locator(".judge-inline select").focus()
        it.page.keyboard.press("s")
        it.page.locator(".judge-head").click()
        it.page.keyboard.press("?")
        it.page.wait_for_selector("dialog[open]")
        assert it.page.locator("dialog[open] tbody tr").count() == len(KEYS) + 5
        for key in ("j", "s", "x", "u"):
            it.page.keyboard.press(key)
        it.page.keyboard.press("Escape")
        it.page.wait_for_selector("dialog", state="detached")
        for key in ("Control+s", "z", "Shift"):
            it.page.keyboard.press(key)
        it.page.click("button:has-text('快捷键：开')")
        it.page.keyboard.press("j")
        it.page.wait_for_timeout(200)
        assert (sent, shown(it)) == ([], fid)
        it.page.click("button:has-text('快捷键：关')")
        # a key that is held judges one finding
        it.page.locator(".judge-head").click()
        it.page.keyboard.down("w")
        for _ in range(6):
            it.page.wait_for_timeout(90)
            it.page.keyboard.down("w")
        it.page.keyboard.up("w")
        until(lambda: shown(it) != fid, 15)
        assert len(sent) == 1 and stored(drawn, fid)["reason"] == "water"
        assert it.faults == []


def holds(url: str, place: tuple[float, float]) -> bool:
    """Whether an address is of a web mercator tile that holds a place."""
    found = TILE.search(url)
    if not found:
        return False
    z, x, y = map(int, found.groups())
    if z < 15:
        return False  # of the whole country
    lon, lat = place
    column = (lon + 180) / 360 * 2**z
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return (x, y) == (int(column), int(row))


def test_the_pictures_of_the_next_finding_are_there_before_it_is_shown(drawn: Drawn, wang: str, chrome: Any) -> None:
    with one_more(chrome, drawn.service, wang, **DESK) as it:
        arrived: list[str] = []
        it.page.on("requestfinished", lambda request: arrived.append(request.url))
        open_desk(it)
        for _ in range(4):
            it.quiet()
            before, asked = set(arrived), list[str]()
            it.page.on("request", lambda request, asked=asked: asked.append(request.url))
            judge(it, "j")
            fid = shown(it)
            west, south = drawn.rings[drawn.ids.index(fid)][0]
            place = (west + 5e-5, south + 5e-5)
            assert any(url.endswith(f"/findings/{fid}/chip.png") for url in before), fid
            tiles = [url for url in before if holds(url, place)]
            assert [side for side in ("before", "after") if any(f"/{side}/" in url for url in tiles)] == [
                "before",
                "after",
            ], tiles
            it.page.wait_for_timeout(300)
            late = [url for url in asked if url not in before and (holds(url, place) or f"{fid}/chip" in url)]
            assert late == [], "what is shown was not asked for when it was shown"
        assert it.faults == []


def corner_of(drawn: Drawn, fid: str, at: int = 0) -> list[float]:
    """A corner of the outline that is stored with the verdict that counts."""
    outline = stored(drawn, fid)["outline"]
    assert outline is not None
    found: list[float] = outline["coordinates"][0][at]
    return found


def metres(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """How far a place lies east and north of another."""
    return (
        (one[0] - other[0]) * 111_320 * math.cos(math.radians(one[1])),
        (one[1] - other[1]) * 111_320,
    )


def test_an_outline_is_corrected_by_the_keyboard(drawn: Drawn, wang: str, chrome: Any) -> None:
    with one_more(chrome, drawn.service, wang, **DESK) as it:
        open_desk(it)
        fid = shown(it)
        ring = drawn.rings[drawn.ids.index(fid)]
        it.page.click("button:has-text('修改轮廓')")
        it.quiet()
        box = it.page.locator(".judge-corner")
        box.focus()
        said = it.page.locator(".judge-corners [role=status]")
        assert "顶点 1 / 4" in said.inner_text()
        # the south-western corner to the parcel's, the north-western 0.3 m to the north and 1 m to the west
        it.page.keyboard.press("Enter")
        until(lambda: "已吸附" in said.inner_text(), 15)
        it.page.keyboard.press("PageUp")
        assert "顶点 4 / 4" in said.inner_text()
        for key in ("ArrowUp", "ArrowUp", "ArrowUp", "Shift+ArrowLeft"):
            it.page.keyboard.press(key)
        # one more in the middle of the western edge, taken away again, and one that stays in the middle of the northern
        it.page.keyboard.press("Insert")
        until(lambda: "顶点 5 / 5" in said.inner_text(), 15)
        it.page.keyboard.press("Delete")
        until(lambda: "/ 4" in said.inner_text(), 15)
        for key in ("PageUp", "Insert", "Shift+ArrowUp"):
            it.page.keyboard.press(key)
        until(lambda: "顶点 4 / 5" in said.inner_text(), 15)
        it.keep("judge-outline-desk")
        assert it.violations() == []
        judge(it, "j")
        outline = stored(drawn, fid)["outline"]["coordinates"][0]
        assert len(outline) == 6 and outline[0] == outline[-1]
        assert math.hypot(*metres(outline[0], ring[0])) > 0.3
        assert min(math.hypot(*metres(outline[0], one)) for one in drawn.vertices) < 0.05, "on the corner of a parcel"
        assert [metres(outline[k], ring[k]) for k in (1, 2)] == [pytest.approx((0, 0), abs=0.01)] * 2, "as they were"
        assert metres(outline[3], ring[2])[1] == pytest.approx(1.15, abs=0.02), "between the two, and 1 m up"
        assert metres(outline[4], ring[3]) == pytest.approx((-1.0, 0.3), abs=0.01)
        assert it.faults == []


def test_an_outline_that_is_dragged_snaps_to_the_corner_of_a_parcel(drawn: Drawn, wang: str, chrome: Any) -> None:
    with one_more(chrome, drawn.service, wang, **DESK) as it:
        open_desk(it)
        fid = shown(it)
        place = drawn.ids.index(fid)
        ring, parcel = drawn.rings[place], drawn.corners[place]
        it.page.locator(".judge-stack .now button:has-text('后期')").click()
        it.page.click("button:has-text('修改轮廓')")
        it.quiet()
        box = it.page.locator(".judge-stack .now .stage").bounding_box()
        # the map is north up, and the finding lies in its middle
        west, south, east, north = ring[0][0], ring[0][1], ring[1][0], ring[2][1]
        middle = ((west + east) / 2, (south + north) / 2)
        px_per_m = px_of_metre(it)
        x0, y0 = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def on_screen(lon: float, lat: float) -> tuple[float, float]:
            away_east, away_north = metres((lon, lat), middle)
            return x0 + away_east * px_per_m, y0 - away_north * px_per_m

        from_x, from_y = on_screen(*ring[0])
        to_x, to_y = on_screen(*parcel)
        it.page.mouse.move(from_x, from_y)
        it.page.mouse.down()
        it.page.mouse.move((from_x + to_x) / 2, (from_y + to_y) / 2, steps=4)
        # four pixels off: near enough to snap
        it.page.mouse.move(to_x + 3, to_y - 3, steps=4)
        it.page.mouse.up()
        it.page.wait_for_selector("text=轮廓已修改")
        it.page.locator(".judge-head").click()
        judge(it, "j")
        outline = stored(drawn, fid)["outline"]["coordinates"][0]
        away = min(math.hypot(*metres(corner, parcel)) for corner in outline)
        assert away < 0.01, f"{away:.2f} m from the corner of the parcel"
        assert it.faults == []


def px_of_metre(it: Watched) -> float:
    """Pixels of the screen for a metre on the ground, as the scale bar of the map in sight says."""
    bar = ".judge-stack .now .map-scale span"
    length = float(it.page.locator(bar).inner_text().removesuffix("m"))
    return float(it.page.evaluate(f"parseFloat(document.querySelector('{bar}').style.width)")) / length


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_finding_that_is_open_can_be_judged_by_everybody(drawn: Drawn, li: str, chrome: Any, size: str) -> None:
    with one_more(chrome, drawn.service, li, **(DESK if size == "desk" else PHONE)) as it:
        found: dict[str, list[str]] = {}
        for name, address in (("first", "#/judge?learn_share=0"), ("second", "#/judge?mode=second")):
            it.open(address)
            shown(it)
            it.quiet()
            if name == "first":
                it.page.click("button:has-text('修改轮廓')")
                it.page.wait_for_selector(".judge-corners")
            it.keep(f"judge-{name}-{size}")
            wide = it.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found[name] = it.violations() + ([f"wider than the screen by {wide} px"] if wide > 1 else []) + it.faults
        it.page.keyboard.press("?")
        it.page.wait_for_selector("dialog[open]")
        found["help"] = it.violations()
    assert {name: some for name, some in found.items() if some} == {}


def test_the_second_person_sees_nothing_of_the_first_until_they_have_spoken(
    drawn: Drawn, wang: str, li: str, chrome: Any
) -> None:
    client = drawn.service.client
    waiting = [row["finding_id"] for row in client.get("/second-looks?limit=100").json()["rows"]]
    assert len(waiting) >= 4, "judged by the tests before"
    secret = "第一人的备注"
    with one_more(chrome, drawn.service, wang, **DESK) as it:
        open_desk(it)
        said: dict[str, str | None] = {}
        for key, reason in (("g", "greenhouse"), ("j", None), ("l", "solar_panel"), ("g", "greenhouse")):
            it.page.locator(".judge-note textarea").fill(secret)
            it.page.locator(".judge-head").click()
            said[judge(it, key)] = reason
        for fid in said:
            stored(drawn, fid)
        it.open("#/judge?mode=second")
        it.page.wait_for_selector("text=没有由他人核查")
    with one_more(chrome, drawn.service, li, **DESK) as it:
        bodies: list[tuple[str, str]] = []

        def heard(answer: Any) -> None:
            if "json" in answer.headers.get("content-type", "") and "/session" not in answer.url:
                bodies.append((answer.url, answer.text()))

        it.quiet()
        # away from the view of the day, so that all that arrives is of this one
        it.page.goto("about:blank")
        it.page.on("response", heard)
        it.open("#/judge?mode=second")
        it.page.wait_for_selector(".judge-head code")
        it.quiet()
        piles = [json.loads(text) for url, text in bodies if "/second-looks?state=waiting" in url]
        assert len(piles) == 1, "one request does for the pile"
        order = [row["finding_id"] for row in piles[0]["rows"]]
        assert order[-4:] == list(said) and set(waiting) <= set(order)
        words = [secret, "王五", "judged", "structure_id", '"verdict"', *("greenhouse", "solar_panel", "bare_soil")]
        for url, text in bodies:
            assert not [word for word in words if word in text], url
        screen = it.page.locator("body").inner_text()
        assert secret not in screen and "王五" not in screen
        it.open(f"#/judge?mode=second&finding={order[-4]}")
        until(lambda: shown(it) == order[-4], 15)
        answers: dict[str, Any] = {}
        for key, result in (("g", "same"), ("x", "disagree"), ("g", "other_reason")):
            with it.page.expect_response(lambda r: r.request.method == "POST" and "/verdicts" in r.url) as sent:
                fid = press(it, key)
            answers[fid] = sent.value.json()
            assert answers[fid]["pair"]["result"] == result
            assert answers[fid]["pair"]["first"]["reason"] == said[fid]
            assert (answers[fid]["judged_by"], answers[fid]["pair"]["first"]["judged_by"]) == ("李四", "王五")
            if result == "same":
                until(lambda fid=fid: shown(it) != fid, 15)
                assert it.page.locator(".judge-both").count() == 0
                continue
            both = it.page.locator(".judge-both")
            both.wait_for()
            both_say = both.inner_text()
            assert "王五" in both_say and "李四" in both_say and secret in both_say
            assert ("结论不一致" if result == "disagree" else "排除原因不同") in both_say
            it.keep(f"judge-second-{result}")
            # a second word is not taken while both stand there
            it.page.keyboard.press("s")
            it.page.wait_for_timeout(150)
            assert len(verdicts(drawn, fid)) == 2
            it.page.keyboard.press("n")
        assert shown(it) == order[-1] and it.page.locator(".judge-both").count() == 0
        assert secret not in it.page.locator(".judge-desk").inner_text()
        rows = it.page.locator(".panel table tbody tr")
        assert rows.count() == 2
        assert it.violations() == [] and it.faults == []
    listed = client.get("/second-looks?state=differing").json()["rows"]
    assert [row["finding_id"] for row in listed] == [order[-2], order[-3]]


def test_the_live_line_tells_that_something_was_judged_and_not_how(drawn: Drawn) -> None:
    client = drawn.service.client
    fid = drawn.ids[-1]
    with httpx.stream("GET", f"{drawn.service.url}/events/stream", headers=drawn.service.key, timeout=20) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry:")
        told = {"verdict": False, "reason": "scaffold", "judged_by": "外业"}
        assert client.post(f"/findings/{fid}/verdicts", json=told).status_code == 201
        next(line for line in lines if line == "event: finding.judged")
        data = next(line for line in lines if line.startswith("data: "))
    assert json.loads(data[6:])["subject"] == fid
    assert json.loads(data[6:])["told"].keys() == {"finding_id", "scan_id", "judged_at"}
