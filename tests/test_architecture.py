"""The rules of the house, held by machine. The direction of imports is in the import contracts of pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("geodata", "service", "scripts")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
CONCRETES = ("service.store.sqlite", "service.store.database", "service.store.blobs", "service.jobs.runner")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_import(path: Path) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported."""
    stack: list[ast.stmt] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.ClassDef | ast.If | ast.Try):
            stack.extend(node.body)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def test_there_is_a_house() -> None:
    assert len(MODULES) > 60


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_bootstrap_and_the_store_know_concretes(path: Path) -> None:
    name = name_of(path)
    if name == "service.bootstrap" or name.startswith(("service.store.", "service.jobs.")):
        return
    used = [used for used in imports(path) if used.startswith(CONCRETES)]
    assert used == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_happens_at_import(path: Path) -> None:
    forbidden = {
        "read_settings",
        "Settings",
        "create_app",
        "create_engine",
        "open_services",
        "InferenceSession",
        "open",
    }
    called = [
        call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        for statement in at_import(path)
        if not _is_main_guard(statement)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
    ]
    assert sorted(forbidden & set(called)) == []


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__main__" in ast.dump(statement.test)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_mutable_state_at_module_level(path: Path) -> None:
    """Lower-case names bound to an empty list, dict or set are state; constants are written in capitals."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        value = getattr(statement, "value", None)
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        names = [t.id for t in targets if isinstance(t, ast.Name)]
        empty = isinstance(value, ast.List | ast.Dict | ast.Set) and not ast.dump(value).count("Constant")
        assert not (empty and names and names != ["__all__"] and not names[0].isupper()), names
        assert not any(isinstance(node, ast.Global) for node in ast.walk(statement))


READERS = {"rasterio.open", "pyogrio.read_dataframe", "geopandas.read_file", "gpd.read_file", "fiona.open"}


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p).startswith("geodata.")], ids=name_of)
def test_only_io_opens_data_files(path: Path) -> None:
    """The demonstration writes its own files and the evaluation reads labels; everything else goes through io."""
    if name_of(path).startswith(("geodata.io.", "geodata.demo.", "geodata.evaluate.")):
        return
    calls = [
        ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)
    ]
    assert sorted(READERS & set(calls)) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_http_errors_live_in_the_routers(path: Path) -> None:
    name = name_of(path)
    if name.startswith(("service.routers", "service.http_errors", "service.app", "service.dependencies")):
        return
    assert [used for used in imports(path) if used.endswith(".HTTPException")] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_keep_their_size(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


TRAINING = {f"geodata.learn.{name}" for name in ("network", "training", "export", "validation")}


def test_only_learning_imports_torch() -> None:
    """Whoever only scans does not have it."""
    users = {name_of(path) for path in MODULES if any(used.split(".")[0] == "torch" for used in imports(path))}
    assert users <= TRAINING


def test_two_modules_know_dask() -> None:
    """Whoever has one machine does not have it."""
    users = {
        name_of(path)
        for path in MODULES
        if any(used.split(".")[0] in ("dask", "distributed") for used in imports(path))
    }
    assert users == {"service.jobs.executors", "service.jobs.windows_worker"}


@pytest.mark.parametrize("module", ["geodata.scan", "scripts.main"])
def test_neither_torch_nor_a_network_is_loaded_before_it_is_needed(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'torch', 'onnx', 'onnxruntime'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_noun_one_file_name() -> None:
    folders = [{p.stem for p in (ROOT / "service" / name).glob("*.py")} for name in ("routers", "schemas", "usecases")]
    assert {"scenes", "layers", "scans", "jobs", "collections"} <= set.intersection(*folders)


def test_packages_are_listed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["service", "geodata", "scripts"]
    assert project["project"]["scripts"] == {"kancha": "scripts.main:main"}
    assert all((ROOT / name / "__init__.py").is_file() for name in PACKAGES)


def test_locks_have_hashes_and_no_addresses() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") > 0
        assert all("--hash=sha256:" in block for block in text.split("\n") if block.startswith("    "))
