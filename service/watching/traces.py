"""Traces by OpenTelemetry, where somebody wants them: a span for every request and every job.

The libraries are loaded only then; without them everything else works.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from geodata.errors import OptionError
from service.version import code_version
from service.watching.context import TRACE

Kind = Literal["server", "internal"]


class Traces:
    """Makes spans and sends them.

    Args:
        provider: A `TracerProvider` of OpenTelemetry; it is closed with this.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("kancha", code_version())
        self._api = importlib.import_module("opentelemetry.trace")
        self._carrier = importlib.import_module("opentelemetry.trace.propagation.tracecontext")

    @contextmanager
    def span(self, name: str, kind: Kind, headers: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Something that is being done.

        Args:
            name: What; `name` of the given dictionary renames it.
            kind: Whether it answers somebody.
            headers: Of the request: a W3C `traceparent` in them is the span that this one belongs to.

        Yields:
            A dictionary for its attributes, filled while it is done; `failed` marks it as failed.
        """
        parent = self._carrier.TraceContextTextMapPropagator().extract(dict(headers or {}))
        span = self._tracer.start_span(name, context=parent, kind=self._api.SpanKind[kind.upper()])
        ids = span.get_span_context()
        token = TRACE.set((f"{ids.trace_id:032x}", f"{ids.span_id:016x}"))
        told: dict[str, Any] = {}
        try:
            yield told
        except BaseException:
            # the words of an error may hold what belongs to no log: its kind is told by the log, under the same ids
            told["failed"] = True
            raise
        finally:
            TRACE.reset(token)
            span.update_name(str(told.pop("name", name)))
            if told.pop("failed", False):
                span.set_status(self._api.Status(self._api.StatusCode.ERROR))
            span.set_attributes(told)
            span.end()

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def open_traces(endpoint: str, service: str) -> Traces | None:
    """What makes traces; None where nobody wants them.

    Args:
        endpoint: Address of an OTLP receiver over HTTP; empty: nobody.
        service: Name of this process among others. What `OTEL_EXPORTER_OTLP_HEADERS` and its like say is kept.

    Raises:
        OptionError: If they are wanted and the libraries are not there.
    """
    if not endpoint:
        return None
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise OptionError(
            "KANCHA_WATCHING__OTLP_ENDPOINT asks for traces, and OpenTelemetry is not installed.",
            remedy="pip install 'kancha[otel]', or unset it.",
        ) from error
    about = resources.Resource.create({"service.name": service, "service.version": code_version()})
    provider = sdk.TracerProvider(resource=about, shutdown_on_exit=False)
    # the endpoint is the address of the receiver; the path of traces is OTLP's own
    exporter = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    return Traces(provider)
