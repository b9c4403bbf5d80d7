"""The process of one job: `python -m service.jobs.worker JOB_ID`, told the rest by its parent."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from geodata.errors import KanchaError, ScanCancelledError
from service.errors import ClusterCrashError, ClusterError, InternalError, LostClaimError, StoreBusyError
from service.jobs.process import CLUSTER_AWAY, CLUSTER_CRASHED, TRY_AGAIN, limit_memory, read_first_line
from service.services import Services
from service.settings import Settings
from service.store.job_records import Claim
from service.watching.logs import configure
from service.watching.traces import open_traces

_LOG = logging.getLogger("kancha.worker")
_AWAY: dict[type[KanchaError], int] = {
    StoreBusyError: TRY_AGAIN,
    ClusterError: CLUSTER_AWAY,
    ClusterCrashError: CLUSTER_CRASHED,
}
"""What is not the end of a job: its runner puts it back, and the steps that are done stay."""


def main() -> int:
    """Do the job; 0 when its end, good or bad, is in the store."""
    settings, claim = read_first_line()
    limit_memory(settings.jobs.max_memory_bytes)
    configure(settings.log.format, settings.log.level, run_id=claim.job_id)
    traces = open_traces(settings.watching.otlp_endpoint, "kancha-worker")
    if traces is None:
        return _do(settings, claim, {})
    try:
        with traces.span("job", "internal") as span:
            span.update({"kancha.run_id": claim.job_id, "kancha.attempt": claim.attempt})
            return _do(settings, claim, span)
    finally:
        traces.close()


def _do(settings: Settings, claim: Claim, span: dict[str, Any]) -> int:
    """Do the job; how it went is told to the span."""
    from service.bootstrap import open_for_worker
    from service.jobs.executors import crew_for
    from service.usecases.case_proof import run_scan_and_look
    from service.usecases.export_orders import run_export_job
    from service.usecases.intake import run_intake_job
    from service.usecases.nightly import run_night_job
    from service.usecases.tile_run import run_tiles_job
    from service.usecases.training_run import run_training_job

    services = open_for_worker(settings)
    try:
        kind = services.store.jobs.get(claim.job_id).kind
        span["name"] = f"job {kind}"
        _LOG.info("job %s begins", kind, extra={"told": {"attempt": claim.attempt}})
        work: dict[str, Callable[[Services, Claim], None]] = {
            "scan": partial(run_scan_and_look, crew_for=crew_for),
            "intake": run_intake_job,
            "tiles": run_tiles_job,
            "night": run_night_job,
            "export": run_export_job,
            "training": run_training_job,
        }
        work[kind](services, claim)
        _LOG.info("job %s has ended", kind)
    except (LostClaimError, ScanCancelledError):
        return 0
    except tuple(_AWAY) as error:
        span["failed"] = True
        _LOG.warning("%s: %s", error.code, error.message)
        return next(status for kind, status in _AWAY.items() if isinstance(error, kind))
    except KanchaError as error:
        span["failed"] = True
        _LOG.warning("job refused: %s", error.code)
        services.store.jobs.fail(claim, error.as_dict())
    except MemoryError:
        span["failed"] = True
        # more of the same would not help: say so at once instead of trying again
        services.store.jobs.fail(claim, _out_of_memory(settings.jobs.max_memory_bytes).as_dict())
    except Exception as error:
        span["failed"] = True
        _LOG.exception("job %s", claim.job_id)
        services.store.jobs.fail(claim, _unforeseen(error, claim.job_id).as_dict())
    finally:
        services.store.close()
    return 0


def _out_of_memory(bound: int) -> InternalError:
    return InternalError(
        "The job needed more memory than it may use.",
        remedy="Give a smaller area, a larger pixel size, or raise KANCHA_JOBS__MAX_MEMORY_BYTES.",
        max_memory_bytes=bound,
    )


def _unforeseen(error: Exception, job_id: str) -> InternalError:
    return InternalError(
        f"The job ended with an unforeseen {type(error).__name__}.",
        remedy=f"The log logs/{job_id}.log in the data folder tells more; please report it.",
    )


if __name__ == "__main__":
    sys.exit(main())
