"""Promises become tests: every command of the README runs, every route, option and setting is documented."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from geodata.demo import draw_district
from scripts.main import app as command_line
from service.app import create_app
from service.auth.roles import RIGHTS
from service.settings import Settings, read_settings
from tests.settings_kit import variables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKE_TARGETS = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line.strip()]


STORY = ".venv/bin/kancha demo story --story"
"""Told by a test of its own in the soak, e2e/test_story.py; in the gate a browser tells it, e2e/test_page_story.py."""
KANCHA = [c for c in commands() if c.startswith(".venv/bin/kancha") and " serve" not in c and c != STORY]
CURL = [c for c in commands() if c.startswith("curl")]


def test_the_readme_has_exactly_two_commands_to_begin_with() -> None:
    assert blocks("sh")[0].split("\n")[:2] == ["make demo", "make test"]
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert {"demo", "test", "setup", "check", "bench", "soak"} <= MAKE_TARGETS
    assert "make check" in gate and "make test" in gate


def test_every_command_is_known_here() -> None:
    """No command stands in the README that no test of this file runs."""
    known = [*KANCHA, STORY, *CURL, "make demo", "make test", *(c for c in commands() if " serve " in c)]
    assert sorted(known) == sorted(commands())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README's reader has it: two scenes and the layers, the demo, a watched folder."""
    folder = tmp_path_factory.mktemp("reader")
    draw_district(folder, size_px=768)
    (folder / "incoming").mkdir()
    for name in ("before_20250412.tif", "after_20260918.tif"):
        (folder / "incoming" / name).write_bytes((folder / name).read_bytes())
        (folder / "incoming" / f"{name}.done").touch()
    recipe = re.search(r"^demo: setup web\n\t(.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert recipe is not None
    done = run(recipe.group(1).replace("$(WORKERS)", "1") + " --size 768", folder)
    assert done.returncode == 0, done.stderr
    (folder / "demo.log").write_text(done.stdout, encoding="utf-8")
    return folder


def run(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    line = command.replace(".venv/bin/kancha", f"{sys.executable} -m scripts.main")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        line, shell=True, cwd=place, env=env, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_demo_target(place: Path) -> None:
    printed = (place / "demo.log").read_text(encoding="utf-8")
    assert "found" in printed and "missed" in printed and "report.html" in printed
    assert (place / "demo" / "findings.geojson").stat().st_size > 1000
    assert (place / "demo" / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("command", KANCHA, ids=lambda c: " ".join(c.split()[1:3]))
def test_commands_run(command: str, place: Path) -> None:
    done = run(command, place)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for target in re.findall(r"(?:-o|--report) (\S+)", command):
        assert (place / target).stat().st_size > 0


@pytest.mark.parametrize("code", blocks("python"))
def test_the_library_example_runs(code: str, place: Path) -> None:
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "confidence" in done.stdout or "Empty" in done.stdout


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[int]:
    """`kancha serve` as the README starts it, on a free port."""
    command = next(c for c in commands() if " serve " in c).replace(".venv/bin/kancha", "").split()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KANCHA_PORT": str(port)}
    assert run(next(c for c in KANCHA if " keys create " in c), place).returncode == 0
    server = subprocess.Popen(
        [sys.executable, "-m", "scripts.main", *command],
        cwd=place,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            assert server.poll() is None, "the service ended by itself"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.parametrize("command", CURL)
def test_curl_commands_answer(command: str, place: Path, served: int) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    done = run(command.replace(":8000", f":{served}").replace("curl -s", "curl -s -f"), place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("{")


@pytest.mark.parametrize("path", ["/map", "/api.html"])
def test_pages_named_in_the_readme_are_there(path: str, place: Path, served: int) -> None:
    assert path in README
    name, _, key = (place / "kancha.key").read_text().strip().partition(": ")
    request = urllib.request.Request(f"http://127.0.0.1:{served}{path}", headers={name: key})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_cron_line_runs_a_command_that_exists() -> None:
    assert " nightly " in blocks("cron")[0]
    assert "nightly" in get_command(command_line).commands  # type: ignore[attr-defined]


def test_every_command_is_named_in_the_documents() -> None:
    text = README + "".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs").rglob("*.md"))
    for name in get_command(command_line).commands:  # type: ignore[attr-defined]
        assert f"kancha {name}" in text, name


def test_every_route_is_documented(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (\S+)` ", page, re.M))
    openapi = create_app(read_settings(data=tmp_path, host=None, port=None)).openapi()
    served = {(method.upper(), path) for path, methods in openapi["paths"].items() for method in methods}
    assert documented == served


def test_every_role_and_permission_is_documented() -> None:
    page = (ROOT / "docs" / "people.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (.*) \|$", page, re.M)
    told = {role: set(re.findall(r"`(\w+)`", permissions)) for role, permissions in rows}
    assert told == {role.value: {one.value for one in rights} for role, rights in RIGHTS.items()}


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(KANCHA_\w+)`", page, re.M)) == set(variables(Settings))
