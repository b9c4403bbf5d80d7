"""Metrics in the text format of Prometheus, of one application: nothing of them is global.

Requests are counted as they come; everything else is told from the last look of the service at itself, so that asking
costs the database nothing and is answered when it does not answer. Labels are of small sets: routes by their template,
never a path or an id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.watching.conditions import SEVERITIES
from service.watching.figures import JOB_BOUNDS_S, Counted, Figures

TEXT = CONTENT_TYPE_LATEST
_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"})
Source = Callable[[], Figures | None]


class Metrics:
    """The metrics of one application.

    Args:
        version: Of the code.
        workers: Jobs that run at once.
        min_free_bytes: The least free space.
        caches: (hits, misses) of each cache by name.
    """

    def __init__(
        self, version: str, workers: int, min_free_bytes: int, caches: Callable[[], dict[str, tuple[int, int]]]
    ) -> None:
        self.registry = CollectorRegistry()
        self.source: Source = lambda: None
        self._counter = Counter(
            "kancha_http_requests",
            "Requests answered, by route template (none: no route of this service).",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._histogram = Histogram(
            "kancha_http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["route", "method"],
            buckets=_BOUNDS_S,
            registry=self.registry,
        )
        # looking a child up costs more than counting: those that were used are kept
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.registry.register(_Looked(self, version, workers, min_free_bytes, caches))
        ProcessCollector(registry=self.registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answered request.

        Args:
            route: Template of its route, `none` for none.
            method: HTTP method.
            status: HTTP status.
            seconds: How long it took.
        """
        # whatever a client calls a method must not fill the memory
        named = method if method in _METHODS else "other"
        place = (route, named, status // 100)
        known = self._children.get(place)
        if known is None:
            count = self._counter.labels(route, named, f"{status // 100}xx")
            known = self._children[place] = (count, self._histogram.labels(route, named))
        known[0].inc()
        known[1].observe(seconds)

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self.registry)


class _Looked(Collector):
    """What is told from the last look."""

    def __init__(
        self,
        metrics: Metrics,
        version: str,
        workers: int,
        min_free_bytes: int,
        caches: Callable[[], dict[str, tuple[int, int]]],
    ) -> None:
        self._metrics, self._version, self._workers = metrics, version, workers
        self._least, self._caches = min_free_bytes, caches

    def collect(self) -> Iterator[Metric]:
        """Every family, also those of which nothing is known."""
        yield _gauge("kancha_build_info", "Version of the code.", [((self._version,), 1)], ["version"])
        yield _gauge("kancha_disk_min_free_bytes", "Below so much free space nothing is taken.", [((), self._least)])
        yield _gauge("kancha_runner_slots", "Jobs that run at once here.", [((), self._workers)])
        yield from _of_caches(self._caches())
        figures = self._metrics.source()
        yield from _of_look(figures)
        yield from _of_store(None if figures is None else figures.counted, figures)


def _of_caches(told: dict[str, tuple[int, int]]) -> Iterator[Metric]:
    family = CounterMetricFamily(
        "kancha_cache_requests", "What was looked up in a cache, by whether it was there.", labels=["cache", "result"]
    )
    for name, (hits, misses) in told.items():
        family.add_metric([name, "hit"], hits)
        family.add_metric([name, "miss"], misses)
    yield family


def _of_look(figures: Figures | None) -> Iterator[Metric]:
    here = [] if figures is None else [figures]
    yield _gauge(
        "kancha_look_timestamp_seconds",
        "When the service last looked at itself; what is told here of the store is of then.",
        [((), one.at.timestamp()) for one in here],
    )
    yield _gauge("kancha_store_up", "Whether the database answered.", [((), one.counted is not None) for one in here])
    yield _gauge("kancha_disk_free_bytes", "Free space of the data folder.", [((), one.free_bytes) for one in here])
    yield _gauge(
        "kancha_runner_alive", "Whether the runner takes jobs.", [((), bool(one.runner_alive)) for one in here]
    )
    yield _gauge("kancha_uploads_open", "Unfinished uploads.", [((), one.uploads_open) for one in here])
    yield _gauge("kancha_uploads_open_bytes", "Their bytes so far.", [((), one.uploads_bytes) for one in here])
    found = [code for one in here for code in (condition.code for condition in one.conditions)]
    yield _gauge(
        "kancha_conditions",
        "What is not well, by code: how many of each.",
        [((code, severity), found.count(code)) for code, severity in SEVERITIES.items()] if here else [],
        ["code", "severity"],
    )


def _of_store(told: Counted | None, figures: Figures | None) -> Iterator[Metric]:
    here = [] if told is None else [told]
    kinds = sorted({job.kind for one in here for job in one.jobs})
    yield _gauge(
        "kancha_jobs",
        "Jobs by what they do and where they stand.",
        [((job.kind, job.state), job.count) for one in here for job in one.jobs],
        ["kind", "state"],
    )
    yield _gauge(
        "kancha_job_restarts",
        "Starts of jobs beyond the first.",
        [((kind,), sum(job.restarts for one in here for job in one.jobs if job.kind == kind)) for kind in kinds],
        ["kind"],
    )
    yield _durations(here)
    yield _gauge(
        "kancha_job_queue_age_seconds",
        "How long the oldest job waits for its start; 0 where none waits.",
        [((), _age(one, figures)) for one in here],
    )
    yield _gauge("kancha_runners", "Runners of all machines that say they live.", [((), one.runners) for one in here])
    yield _gauge("kancha_scans", "Stored scans.", [((), one.scans) for one in here])
    yield _gauge(
        "kancha_findings",
        "Findings of all scans by status, as they were stored.",
        [((status,), count) for one in here for status, count in one.findings.items()],
        ["status"],
    )
    yield _gauge(
        "kancha_night_runs",
        "Nightly runs by whether they came to their end.",
        [((state,), count) for one in here for state, count in
         (("finished", one.nights.finished), ("unfinished", one.nights.unfinished))],
        ["state"],
    )  # fmt: skip
    yield _gauge(
        "kancha_night_last_finished_timestamp_seconds",
        "When the last nightly run ended.",
        [((), at.timestamp()) for one in here if (at := one.nights.last_finished_at) is not None],
    )


def _durations(here: Iterable[Counted]) -> Metric:
    family = HistogramMetricFamily(
        "kancha_job_duration_seconds",
        "Time of jobs from their last start to their end, by how they ended.",
        labels=["kind", "state"],
    )
    for told in here:
        for one in told.times:
            bounds = [(str(bound), float(count)) for bound, count in zip(JOB_BOUNDS_S, one.within, strict=True)]
            family.add_metric([one.kind, one.state], [*bounds, ("+Inf", float(one.count))], one.total_s)
    return family


def _age(told: Counted, figures: Figures | None) -> float:
    if told.oldest_waiting is None or figures is None:
        return 0.0
    return max(0.0, (figures.at - told.oldest_waiting).total_seconds())


def _gauge(
    name: str, text: str, values: Iterable[tuple[tuple[str, ...], float]], labels: Iterable[str] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    for told, value in values:
        family.add_metric(told, float(value))
    return family
