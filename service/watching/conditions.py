"""What is not well: plain values made from plain values, the same for supervisors, people and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

Severity = Literal["warning", "critical"]

STORE, DISK_FULL, DISK_LOW, RUNNER = "store-unavailable", "disk-full", "disk-low", "runner-stopped"
WAITING, CRASHED, NIGHT, CHANNEL = "jobs-waiting", "jobs-crashed", "night-overdue", "channel-failing"
SCORES, DISMISSALS = "detector-scores", "detector-dismissals"
SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        STORE: "critical",
        DISK_FULL: "critical",
        DISK_LOW: "warning",
        RUNNER: "critical",
        WAITING: "warning",
        CRASHED: "warning",
        NIGHT: "critical",
        CHANNEL: "warning",
        SCORES: "warning",
        DISMISSALS: "warning",
    }
)
"""Every condition there is, and how bad it is."""
OF_A_MACHINE = frozenset({DISK_FULL, DISK_LOW, RUNNER})
"""What one machine of several suffers from, and the others do not see."""
BLOCKING = frozenset({STORE, DISK_FULL, RUNNER})
"""With these the service cannot do its work: `/readyz` answers 503. A night that did not run is as bad for the bureau,
but a service that is taken out of rotation for it would not run the next one either."""


@dataclass(frozen=True)
class Condition:
    """Something that is not well.

    Args:
        code: Which of `SEVERITIES`.
        severity: `warning` or `critical`.
        title: What is wrong, with the figure.
        title_zh: The same in Chinese.
        measured: The figures behind it: counts, bytes, times; never ids of what somebody may not see.
        remedy: What can be done about it.
        since: Since when, as far as it is known.
    """

    code: str
    severity: Severity
    title: str
    title_zh: str
    measured: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""
    since: datetime | None = None

    @property
    def blocking(self) -> bool:
        """Whether the service cannot do its work."""
        return self.code in BLOCKING

    @property
    def key(self) -> tuple[str, str]:
        """What it is about: the code, and of channels and detectors which."""
        return self.code, str(self.measured.get("name", ""))


def store_unavailable(seconds: float | None = None) -> Condition:
    """The database does not answer.

    Args:
        seconds: How long it was waited for, None: it refused at once.
    """
    waited, waited_zh = ("", "") if seconds is None else (f" within {seconds:g} s", f"（等待 {seconds:g} 秒）")
    return Condition(
        STORE,
        SEVERITIES[STORE],
        f"The database does not answer{waited}.",
        f"数据库无响应{waited_zh}。",
        {} if seconds is None else {"waited_s": seconds},
        "See that it runs, can be reached, and that its disk has space.",
    )


def disk_space(free_bytes: int, min_free_bytes: int) -> Condition | None:
    """Too little space: below the least (critical), below twice that (warning); None where there is enough."""
    if free_bytes >= 2 * min_free_bytes:
        return None
    full = free_bytes < min_free_bytes
    code = DISK_FULL if full else DISK_LOW
    free, least = free_bytes / 1024**3, min_free_bytes / 1024**3
    word, word_zh = ("too little", "磁盘空间不足") if full else ("not much", "磁盘空间偏低")
    return Condition(
        code,
        SEVERITIES[code],
        f"The disk has {word} space: {free:.1f} GiB free, {least:.1f} GiB is the least.",
        f"{word_zh}：剩余 {free:.1f} GiB，下限 {least:.1f} GiB。",
        {"free_bytes": free_bytes, "min_free_bytes": min_free_bytes},
        "Free space or give the data folder a larger disk; KANCHA_LIMITS__MIN_FREE_BYTES is the least.",
    )


def runner_stopped() -> Condition:
    """The runner takes no jobs."""
    return Condition(
        RUNNER,
        SEVERITIES[RUNNER],
        "The runner takes no jobs: scans and imports wait for ever.",
        "任务执行器已停止，扫描与入库任务无法执行。",
        remedy="Start the service anew; its log tells why the runner ended.",
    )


def jobs_waiting(count: int, oldest_at: datetime | None, now: datetime, waiting_s: float) -> Condition | None:
    """Jobs wait too long for their start; None where none does.

    Args:
        count: How many wait.
        oldest_at: Since when the first of them waits, None without one.
        now: The time.
        waiting_s: How long one may wait, s.
    """
    if oldest_at is None or (age := (now - oldest_at).total_seconds()) <= waiting_s:
        return None
    return Condition(
        WAITING,
        SEVERITIES[WAITING],
        f"{count} jobs wait, the oldest for {age / 3600:.1f} h.",
        f"{count} 个任务在排队，最久已等待 {age / 3600:.1f} 小时。",
        {"waiting": count, "oldest_s": round(age), "limit_s": waiting_s},
        "See that a runner is alive and not held up by one job; raise KANCHA_JOBS__WORKERS where the machine has room.",
        oldest_at + timedelta(seconds=waiting_s),
    )


def jobs_crashed(count: int, first_at: datetime | None) -> Condition | None:
    """Jobs were set aside within the last day because their process ended too often; None without any."""
    if count == 0:
        return None
    return Condition(
        CRASHED,
        SEVERITIES[CRASHED],
        f"{count} jobs were given up within a day: their process ended abnormally.",
        f"24 小时内有 {count} 个任务因进程异常终止而放弃。",
        {"crashed": count},
        "GET /jobs?status=failed lists them, logs/ID.log in the data folder tells more: mostly memory or disk.",
        first_at,
    )


def night_overdue(last: datetime | None, now: datetime, hours: float, *, scheduled: bool = False) -> Condition | None:
    """No night has come to its end for too long.

    Args:
        last: End of the last night; where none ever ended, the start of the first. None: there never was one.
        now: The time.
        hours: After how many hours one is due.
        scheduled: Whether nights are ordered, so that one is missing even where there never was one.

    Returns:
        The condition; None where a night ended in time, and where nobody expects one.
    """
    if last is None:
        if not scheduled:
            return None
        told, told_zh, measured = "No night has ever ended", "夜间任务从未完成", {"limit_h": hours}
    else:
        age = (now - last).total_seconds() / 3600
        if age <= hours:
            return None
        told, told_zh = f"No night has ended for {age:.0f} h", f"已有 {age:.0f} 小时没有夜间任务完成"
        measured = {"hours": round(age, 1), "limit_h": hours}
    return Condition(
        NIGHT,
        SEVERITIES[NIGHT],
        f"{told}; one is due every {hours:g} h.",
        f"{told_zh}，应每 {hours:g} 小时完成一次。",
        measured,
        "See that the schedule or cron line runs `kancha nightly`, and what its log says; run it now by hand.",
        None if last is None else last + timedelta(hours=hours),
    )


def channel_failing(name: str, failures: int, since: datetime | None) -> Condition:
    """Messages over a channel do not arrive.

    Args:
        name: Its name.
        failures: Attempts that failed one after the other.
        since: When the first of them failed.
    """
    return Condition(
        CHANNEL,
        SEVERITIES[CHANNEL],
        f"The channel {name} has failed {failures} times: alarms over it do not arrive.",
        f"通知渠道 {name} 连续失败 {failures} 次，告警无法送达。",
        {"name": name, "failures": failures},
        "Test the channel, see its address and key, and that its service can be reached from here.",
        since,
    )
