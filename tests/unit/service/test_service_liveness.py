"""Who is alive."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from service.jobs.liveness import RunnerLock, bury, is_dead, lock_is_free, myself
from service.store.job_records import Runner

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
    assert not lock_is_free(tmp_path, lock.id)
    lock.release()
    assert lock_is_free(tmp_path, lock.id)


def test_the_kernel_tells_when_a_process_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        runner = holder.stdout.readline().strip()
        assert not lock_is_free(tmp_path, runner)
        holder.kill()
        holder.wait()
    assert lock_is_free(tmp_path, runner)
    bury(tmp_path, runner)
    assert list(tmp_path.iterdir()) == []
    assert lock_is_free(tmp_path, runner)


def test_a_name_that_is_no_runner_is_no_path(tmp_path: Path) -> None:
    assert lock_is_free(tmp_path, "../../etc/passwd")
    bury(tmp_path, "../../etc/passwd")


def other(ground: str) -> Runner:
    now = datetime.now(UTC)
    return Runner("0" * 32, "host", ground, 1, 1, "1", now, now)


def test_on_one_machine_the_lock_decides_and_elsewhere_the_lease(tmp_path: Path) -> None:
    lock = RunnerLock(tmp_path)
    me = myself(lock, "place", 1, "1")
    beside = replace(other(me.ground), id=lock.id)
    assert not is_dead(tmp_path, me, beside, silent_s=500, lease_s=60), "busy, but its process lives"
    assert is_dead(tmp_path, me, beside, silent_s=601, lease_s=60), "it hangs"
    assert is_dead(tmp_path, me, other(me.ground), silent_s=0, lease_s=60), "nobody holds its lock"
    assert not is_dead(tmp_path, me, other("elsewhere"), silent_s=59, lease_s=60)
    assert is_dead(tmp_path, me, other("elsewhere"), silent_s=61, lease_s=60)
    lock.release()
