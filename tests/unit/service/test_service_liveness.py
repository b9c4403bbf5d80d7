"""Who is alive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from service.jobs.liveness import RunnerLock, bury, is_dead

HOLD = """
import sys, time
from pathlib import Path
from service.jobs.liveness import RunnerLock
lock = RunnerLock(Path(sys.argv[1]))
print(lock.id, flush=True)
time.sleep(60)
"""


def test_a_living_runner_is_not_dead(tmp_path: Path) -> None:
    lock = RunnerLock(tmp_path)
    assert not is_dead(tmp_path, lock.id)
    lock.release()
    assert is_dead(tmp_path, lock.id)


def test_the_kernel_tells_when_a_process_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        runner = holder.stdout.readline().strip()
        assert not is_dead(tmp_path, runner)
        holder.kill()
        holder.wait()
    assert is_dead(tmp_path, runner)
    bury(tmp_path, runner)
    assert list(tmp_path.iterdir()) == []
    assert is_dead(tmp_path, runner)


def test_a_name_that_is_no_runner_is_no_path(tmp_path: Path) -> None:
    assert is_dead(tmp_path, "../../etc/passwd")
    bury(tmp_path, "../../etc/passwd")
