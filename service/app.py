"""The application: made on call, nothing at import."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from service import http_errors, http_manners, http_watch
from service.bootstrap import open_with_runner
from service.courier import Courier
from service.http_guard import permitted
from service.resumable.middleware import TusMiddleware
from service.rights import check_routes
from service.routers import (
    access,
    alarm_rules,
    alarms,
    campaigns,
    case_documents,
    case_figures,
    case_files,
    case_parties,
    case_proof,
    cases,
    channels,
    collections,
    coverage,
    events,
    exports,
    field,
    findings,
    health,
    html,
    items,
    jobs,
    layers,
    leads,
    models,
    nights,
    objections,
    oidc,
    pages,
    people,
    personal,
    public,
    queue,
    raster_tiles,
    reports,
    rulebooks,
    scans,
    scenes,
    second_looks,
    stac,
    structures,
    uploads,
    vector_tiles,
    verdicts,
    watching,
)
from service.scheduler import Scheduler
from service.schemas.problem import Problem
from service.settings import Settings
from service.sweeper import Sweeper
from service.timekeeper import Timekeeper
from service.usecases.authentication import Authenticator
from service.usecases.sights import Sights
from service.usecases.vector_tiles import cache_counts
from service.version import code_version
from service.watcher import Watcher
from service.watching.metrics import Metrics
from service.watching.traces import open_traces


def create_app(settings: Settings) -> FastAPI:
    """The HTTP application; it opens its store and starts its runner when it is served.

    Args:
        settings: Its settings.
    """
    limits = settings.limits
    metrics = Metrics(code_version(), settings.jobs.workers, limits.min_free_bytes, cache_counts)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = await anyio.to_thread.run_sync(open_with_runner, settings)
        app.state.services = services
        app.state.authenticator = Authenticator(services)
        app.state.sights = Sights(services)
        app.state.drawing = raster_tiles.Drawing(settings.tile_threads)
        app.state.drawing.begin(html.ready)
        app.state.traces = open_traces(settings.watching.otlp_endpoint, "kancha")
        app.state.watcher = watcher = Watcher(services)
        metrics.source = lambda: watcher.figures
        sweeper = Sweeper(services)
        app.state.courier = Courier(services)
        timekeeper = Timekeeper(services)
        scheduler = Scheduler(services)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(scheduler.close)
            await anyio.to_thread.run_sync(timekeeper.close)
            await anyio.to_thread.run_sync(watcher.close)
            if app.state.traces is not None:
                await anyio.to_thread.run_sync(app.state.traces.close)
            app.state.drawing.close()
            await anyio.to_thread.run_sync(app.state.authenticator.close)
            await anyio.to_thread.run_sync(sweeper.close)
            await anyio.to_thread.run_sync(app.state.courier.close)
            await anyio.to_thread.run_sync(services.close)

    app = FastAPI(
        title="Kancha 勘查",
        summary="Suspected new structures from two dates of imagery and the cadastre.",
        version=code_version(),
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(permitted)],
        generate_unique_id_function=_operation_id,
        responses={"default": {"model": Problem, "description": "An error, as problem+json."}},
    )
    app.state.closing = threading.Event()
    http_errors.install(app)
    app.add_middleware(TusMiddleware)
    http_manners.install(app, settings)
    parts = (
        collections,
        items,
        scenes,
        uploads,
        layers,
        models,
        rulebooks,
        scans,
        findings,
        verdicts,
        queue,
        second_looks,
        structures,
        # before the routes of one case: `ledger` is none
        case_figures,
        reports,
        leads,
        cases,
        case_files,
        case_parties,
        case_documents,
        objections,
        public,
        case_proof,
        campaigns,
        field,
        vector_tiles,
        raster_tiles,
        stac,
        coverage,
        exports,
        alarm_rules,
        channels,
        alarms,
        events,
        jobs,
        nights,
        access,
        oidc,
        people,
        personal,
        health,
        watching,
        pages,
    )
    for part in parts:
        app.include_router(part.router)
    templates = {
        route.name: route.path for part in parts for route in part.router.routes if isinstance(route, APIRoute)
    }
    check_routes(templates)
    app.state.metrics = metrics
    http_watch.install(app, metrics, templates, access_log=settings.access_log)
    _tell_errors_as_they_are(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


def _tell_errors_as_they_are(app: FastAPI) -> None:
    """Let the OpenAPI document tell the one shape of errors instead of the framework's own."""
    plain = app.openapi

    def document() -> dict[str, Any]:
        told = plain()
        for methods in told["paths"].values():
            for operation in methods.values():
                operation["responses"].pop("422", None)
                fallback = operation["responses"].get("default", {})
                # the framework gives an error the type that the answer has
                for shape in list(fallback.get("content", {}).values()):
                    fallback["content"] = {http_errors.PROBLEM_JSON: shape}
        for name in ("HTTPValidationError", "ValidationError"):
            told["components"]["schemas"].pop(name, None)
        return told

    app.openapi = document  # type: ignore[method-assign]
