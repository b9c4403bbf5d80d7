"""A worker that does what its job's request says: sleeps, crashes, leaves children, speaks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from service.bootstrap import open_for_worker
from service.jobs.process import CLUSTER_AWAY, TRY_AGAIN, read_first_line


def main() -> None:
    settings, claim = read_first_line()
    store = open_for_worker(settings).store
    told = store.jobs.get(claim.job_id).request
    notes = settings.data / "notes"
    notes.mkdir(exist_ok=True)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    (notes / f"{claim.job_id}-{claim.attempt}").write_text(f"{os.getpid()} {child.pid}")
    print("start", claim.attempt, flush=True)
    if told["do"] == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if told["do"] == "store away" and claim.attempt == 1:
        sys.exit(TRY_AGAIN)
    if told["do"] == "cluster away" and claim.attempt < 6:
        sys.exit(CLUSTER_AWAY)
    if told["do"] == "crash once" and claim.attempt == 1:
        sys.exit(5)
    if told["do"] == "sleep":
        store.jobs.progress(claim, 40, "sleeping")
        time.sleep(120)
    store.jobs.fail(claim, {"title": "came to its end", "code": "the-end"})
    child.kill()


if __name__ == "__main__":
    main()
