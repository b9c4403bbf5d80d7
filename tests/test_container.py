"""Dockerfile and compose.yaml against the tree and the settings; no container engine is needed."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import yaml

from service.settings import Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
LINES = [line.strip() for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]


def lines(word: str) -> list[str]:
    return [line.removeprefix(word).strip() for line in LINES if line.startswith(word + " ")]


def env() -> dict[str, str]:
    return dict(part.split("=", 1) for line in lines("ENV") for part in shlex.split(line))


def ignored(source: str) -> bool:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line.startswith("!")]
    return not any(source == name or source.startswith(name + "/") for name in kept)


def test_every_copied_source_exists_and_is_sent() -> None:
    sources = [s for line in lines("COPY") if "--from" not in line for s in shlex.split(line)[:-1]]
    assert len(sources) >= 6
    for source in sources:
        assert (ROOT / source).exists(), source
        assert not ignored(source), source


def test_what_the_wheel_needs_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    copied = " ".join(lines("COPY")).split()
    needed = [
        *project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        project["project"]["readme"],
        "LICENSE",
    ]
    assert [name for name in needed if name not in copied] == []


def test_several_stages_and_no_root() -> None:
    assert len(lines("FROM")) == 2
    assert lines("USER") == ["kancha"]
    assert LINES.index("USER kancha") > max(i for i, line in enumerate(LINES) if line.startswith("COPY"))


def test_the_command_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    command = lines("CMD")[-1]
    assert command == '["kancha", "serve"]'
    assert "kancha" in project["project"]["scripts"]
    assert (ROOT / "scripts" / "serve.py").is_file()


def test_ports_agree_with_the_settings() -> None:
    assert lines("EXPOSE") == [str(Settings.model_fields["port"].default)] == [env()["KANCHA_PORT"]]
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["kancha"]
    assert [p.rsplit(":", 1)[1] for p in service["ports"]] == lines("EXPOSE")
    assert [v.split(":")[1] for v in service["volumes"]] == lines("VOLUME") == [env()["KANCHA_DATA"]]
    assert set(v.split(":")[0] for v in service["volumes"]) == set(compose["volumes"])


def test_environment_names_are_settings() -> None:
    names = {f"KANCHA_{name.upper()}" for name in Settings.model_fields}
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    used = {name for name in [*env(), *compose["services"]["kancha"]["environment"]] if name.startswith("KANCHA_")}
    assert used <= names


def test_health_check_asks_a_route_that_exists() -> None:
    check = next(line for line in LINES if line.startswith("HEALTHCHECK"))
    path = re.search(r"127\.0\.0\.1:8000(/\w+)", check)
    assert path is not None
    assert f'"{path.group(1)}"' in (ROOT / "service" / "routers" / "health.py").read_text(encoding="utf-8")
