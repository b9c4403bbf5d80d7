"""Dockerfile and compose.yaml against the tree and the settings; no container engine is needed."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import yaml

from scripts.main import app
from service.settings import Settings
from tests.settings_kit import variables

ROOT = Path(__file__).parents[1]
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
LINES = [line.strip() for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]


SINGLE = yaml.safe_load((ROOT / "deploy" / "compose.single.yaml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: told for name, told in SERVICES.items() if told["image"].startswith("kancha:")}


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
    compose = SINGLE
    service = compose["services"]["kancha"]
    assert [p.rsplit(":", 1)[1] for p in service["ports"]] == lines("EXPOSE")
    assert [v.split(":")[1] for v in service["volumes"]] == lines("VOLUME") == [env()["KANCHA_DATA"]]
    assert set(v.split(":")[0] for v in service["volumes"]) == set(compose["volumes"])


def test_environment_names_are_settings() -> None:
    told = [env(), *(service.get("environment", {}) for service in (*SERVICES.values(), SINGLE["services"]["kancha"]))]
    used = {name for one in told for name in one if name.startswith("KANCHA_")}
    assert used <= set(variables(Settings)) and len(used) > 10


def test_health_check_asks_a_route_that_exists() -> None:
    check = next(line for line in LINES if line.startswith("HEALTHCHECK"))
    path = re.search(r"127\.0\.0\.1:8000(/\w+)", check)
    assert path is not None
    assert f'"{path.group(1)}"' in (ROOT / "service" / "routers" / "health.py").read_text(encoding="utf-8")


# --- many machines -------------------------------------------------------------------------------


def test_the_topology_is_whole() -> None:
    assert {"one", "two", "jobs", "scheduler", "windows", "db", "storage", "proxy"} <= set(SERVICES)
    assert SERVICES["windows"]["deploy"]["replicas"] == 2
    for name, service in SERVICES.items():
        assert re.search(r":[\w.-]*\d", service["image"]), f"{name} names no version"
        once = service["restart"] == "no"
        assert service["healthcheck"].get("disable", False) == once, f"{name} is not watched"
        for other, told in service.get("depends_on", {}).items():
            ended = told["condition"] == "service_completed_successfully"
            assert (SERVICES[other]["restart"] == "no") == ended, f"{name} waits for {other} for ever"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), volume


def test_every_part_that_shares_knows_where() -> None:
    shared = {"KANCHA_STORE", "KANCHA_STORAGE__URL", "KANCHA_STORAGE__ENDPOINT", "KANCHA_EXECUTOR"}
    for name, service in OURS.items():
        assert shared <= set(service["environment"]), name
        Settings(**{"executor": service["environment"]["KANCHA_EXECUTOR"]})
    own = [
        v.split(":")[0]
        for s in ("one", "two", "jobs", "windows")
        for v in SERVICES[s]["volumes"]
        if v.endswith(":/data")
    ]
    assert len(own) == len(set(own)) == 4, "each has a data folder of its own"
    hosts = set(re.findall(r"//(?:[^/@]*@)?([a-z]+):\d+", str(OURS)))
    assert hosts - {"127"} <= set(SERVICES) and {"db", "storage", "scheduler"} <= hosts
    folders = {v.split(":")[1] for s in OURS.values() for v in s.get("volumes", [])}
    made = " ".join(lines("RUN"))
    assert all(folder in made for folder in folders), "a folder that the image lacks belongs to root"


def test_only_the_proxy_can_be_reached_and_it_leads_to_the_replicas() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["proxy"]["ports"])
    told = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    upstream = set(re.findall(r"(?:server |//)(\w+):8000", told))
    assert upstream == {"one", "two"}
    subnet = COMPOSE["networks"]["default"]["ipam"]["config"][0]["subnet"]
    assert subnet in SERVICES["one"]["environment"]["KANCHA_AUTH__TRUSTED_PROXIES"]


def test_commands_of_the_topology_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = {one.split(">")[0] for one in project["project"]["optional-dependencies"]["cluster"]}
    assert extra == {"dask", "distributed"}
    locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    assert all(f"\n{name}==" in locked for name in extra), "the image is any part of a cluster"
    for service in OURS.values():
        program, name, *options = service.get("command", ["kancha", "serve"])
        if program == "kancha":
            (command,) = [c for c in app.registered_commands if c.name == name]
            assert command.callback is not None
            source = inspect.getsource(command.callback)
            assert all(option in source or option.isdigit() or option[2:] in source for option in options)
        else:
            assert (program, name) == ("dask", "scheduler")
