"""A private PostgreSQL with PostGIS for the tests: on a free port, without a trace once it is stopped."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from service.store.postgis import PostgisStore
from tests.integration.service_kit import free_port

REQUIRED = os.environ.get("KANCHA_REQUIRE_POSTGIS") == "1"
"""Set by the gate: without PostGIS the tests fail instead of being skipped."""
_TEMPLATE = "kancha_template"


def binaries() -> Path | None:
    """The folder of a PostgreSQL that has PostGIS; None without one."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    told = shutil.which("pg_config")
    if told is not None:
        folders.append(Path(subprocess.check_output([told, "--bindir"], text=True).strip()))
    for bin_ in folders:
        config = bin_ / "pg_config"
        if not (bin_ / "initdb").exists():
            continue
        share = Path("/usr/share/postgresql") / bin_.parent.name
        if config.exists():
            share = Path(subprocess.check_output([config, "--sharedir"], text=True).strip())
        if (share / "extension" / "postgis.control").exists():
            return bin_
    return None


class Cluster:
    """A running server that only this process uses.

    Args:
        bin_: Folder of PostgreSQL's programs.
        lasting: Whether what it says is stored outlives its own death; quicker without.
    """

    def __init__(self, bin_: Path, *, lasting: bool = False) -> None:
        self.bin = bin_
        self.folder = Path(tempfile.mkdtemp(prefix="kancha-pg-"))
        self.port = free_port()
        self._as: dict[str, str] = {}
        if os.getuid() == 0:  # PostgreSQL does not run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": "postgres", "group": "postgres"}
        data = self.folder / "data"
        # an order of texts that is not that of code points, as bureaus have it
        order = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh-CN"]
        self._run("initdb", "-D", str(data), "-U", "kancha", "--auth=trust", "--no-sync", *order)
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "on" if lasting else "off",
            "full_page_writes": "on" if lasting else "off",
            "max_connections": "200",
            "shared_buffers": "256MB",
        }
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._command = [str(bin_ / "postgres"), "-D", str(data), "-p", str(self.port), *told]
        self.process = self._started()
        self._wait()
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        PostgisStore(self.url(_TEMPLATE)).close()

    def url(self, database: str) -> str:
        """Address of a database."""
        return f"postgresql://kancha@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str | None = None, *, empty: bool = False) -> str:
        """Address of a new database with all tables, or with nothing in it."""
        name = name or f"t{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {_TEMPLATE}"))
        return self.url(name)

    def restart(self) -> None:
        """Stop at once and start again, as after a failure."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.process = self._started()
        self._wait()

    def _started(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log, **self._as)  # type: ignore[call-overload]

    def stop(self) -> None:
        """Stop and leave nothing behind."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [str(self.bin / program), *args], capture_output=True, text=True, check=False, cwd="/", **self._as  # type: ignore[call-overload]
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _wait(self) -> None:
        for _ in range(300):
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server, or a loud word why there is none."""
    bin_ = binaries()
    if bin_ is None:
        word = "POSTGIS IS NOT TESTED: PostgreSQL with PostGIS is not installed (tools/postgres installs it as root)"
        if REQUIRED:
            pytest.fail(word)
        pytest.skip(word)
    running = Cluster(bin_)
    try:
        yield running
    finally:
        running.stop()
