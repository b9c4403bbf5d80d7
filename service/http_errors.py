"""Errors over HTTP: one table from class to status, one shape (RFC 9457) on every path."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from geodata import errors as science
from geodata.errors import KanchaError
from service import errors as service
from service.cases import errors as enforcement
from service.cases.documents import errors as documents
from service.chinese.refusals import both
from service.watching.context import REQUEST_ID
from service.watching.logs import without_secrets

PROBLEM_JSON = "application/problem+json"
_LOG = logging.getLogger(__name__)

STATUSES: Mapping[type[KanchaError], int] = MappingProxyType(
    {
        KanchaError: 500,
        science.InputError: 422,
        science.MissingFileError: 404,
        science.RasterBombError: 413,
        science.RasterFormatError: 415,
        science.NotARasterError: 415,
        science.PhotoBombError: 413,
        science.PhotoFormatError: 415,
        science.OptionError: 400,
        science.ScanCancelledError: 409,
        service.NotFoundError: 404,
        service.ConflictError: 409,
        service.NotSignedInError: 401,
        service.ForbiddenError: 403,
        service.TooManyRequestsError: 429,
        service.PasswordError: 422,
        service.LinkError: 410,
        service.VerdictError: 422,
        enforcement.CaseFactError: 422,
        enforcement.ReportError: 422,
        enforcement.LeadVerdictError: 422,
        service.BadQueryError: 400,
        service.BadRequestBodyError: 400,
        service.UnsupportedMediaError: 415,
        service.PayloadTooLargeError: 413,
        service.UploadVersionError: 412,
        service.UploadLockedError: 423,
        # tus 1.0, Checksum: "460 Checksum Mismatch"
        service.UploadChecksumError: 460,
        service.UploadGoneError: 410,
        service.UploadFinalError: 403,
        service.UploadIdleError: 408,
        service.SealError: 503,
        service.TargetError: 422,
        service.ChannelError: 502,
        service.PackageError: 422,
        service.StampError: 502,
        service.DiskFullError: 507,
        service.StoreBusyError: 503,
        service.StoreTooNewError: 503,
        service.BackupError: 422,
        service.UploadFailedError: 502,
        service.SourceUnavailableError: 502,
        service.ArrivalError: 422,
        service.NightlyRunningError: 409,
        service.ClusterError: 503,
        service.ClusterCrashError: 500,
        service.ClusterSetupError: 500,
        documents.TemplateError: 422,
        documents.MissingFactsError: 422,
        documents.FactError: 422,
        documents.SerialError: 422,
        documents.PdfError: 502,
        documents.NoOfficeError: 503,
        service.InternalError: 500,
    }
)

_PLAIN_TITLES_ZH = {
    404: "资源不存在",
    405: "不支持的请求方法",
    406: "无法提供所需格式",
    500: "服务器内部错误",
}


def status_of(error: KanchaError) -> int:
    """The HTTP status of a named error: that of the nearest class in the table."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem(
    request: Request, status: int, told: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """An answer of the one shape that every error has.

    Args:
        request: What was asked.
        status: HTTP status.
        told: `KanchaError.as_dict()`.
        headers: Further headers.
    """
    told = both(told)
    body = {
        "type": f"urn:kancha:problem:{told['code']}",
        "title": told["title"],
        "title_zh": told["title_zh"],
        "status": status,
        "detail": told["message"],
        "detail_zh": told["message_zh"],
        "code": told["code"],
        "remedy": told["remedy"],
        "remedy_zh": told["remedy_zh"],
        "measured": {name: _plain(value) for name, value in told["measured"].items()},
        "instance": request.url.path,
        "request_id": REQUEST_ID.get(),
    }
    content = orjson.dumps(body, default=str, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, status, dict(headers or {}), PROBLEM_JSON)


def _plain(value: Any) -> Any:
    """A measured value as JSON holds it: whole numbers beyond 64 bits are told as text."""
    return str(value) if isinstance(value, int) and abs(value) >= 1 << 63 else value


def _named(request: Request, error: Exception) -> Response:
    if not isinstance(error, KanchaError):
        raise error
    return answer_of(request, error)


def answer_of(request: Request, error: KanchaError) -> Response:
    """The answer that a named error is; a browser that has not signed in is led to where it can."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(error.measured.get("retry_after_s", 1))
    if status == HTTPStatus.UNAUTHORIZED:
        headers |= {"WWW-Authenticate": 'Bearer realm="kancha"', "Vary": "Accept", "Cache-Control": "no-store"}
        if _is_browser(request):
            wanted = quote(f"{request.url.path}?{request.url.query}".rstrip("?"), safe="")
            root = str(request.base_url).rstrip("/")
            return Response(status_code=303, headers={**headers, "Location": f"{root}/sign-in?next={wanted}"})
    return problem(request, status, error.as_dict(), headers)


def _is_browser(request: Request) -> bool:
    """Whether somebody opens a page, and no program asks."""
    asks_page = request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", "")
    return asks_page and "authorization" not in request.headers


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    told = {
        "code": phrase.lower().replace(" ", "-"),
        "title": phrase,
        "title_zh": _PLAIN_TITLES_ZH.get(error.status_code, "请求未能完成"),
        "message": f"{request.method} {request.url.path}: {error.detail}.",
        "remedy": "The paths and methods stand at /api.html.",
        "measured": {},
    }
    return problem(request, error.status_code, told, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        {"where": [str(part) for part in fault["loc"]], "message": fault["msg"], "type": fault["type"]}
        for fault in error.errors()
    ]
    in_query = all(fault["where"][:1] in (["query"], ["path"]) for fault in faults)
    first = faults[0]
    told = {
        "code": "bad-query" if in_query else "request-invalid",
        "title": "The request cannot be understood",
        "title_zh": "请求参数无效",
        "message": f"{'.'.join(first['where'])}: {first['message']}.",
        "remedy": "Correct the named values; /api tells what each may be.",
        "measured": {"faults": faults},
    }
    # OGC API Features asks for 400 where a query parameter is malformed
    return problem(request, 400 if in_query else 422, told)


def _unforeseen(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s", request.method, without_secrets(request.url.path), exc_info=error)
    named = service.InternalError(
        f"The request ended with an unforeseen {type(error).__name__}.",
        remedy="The service's log tells more; please report it.",
    )
    return problem(request, 500, named.as_dict())


def install(app: FastAPI) -> None:
    """Give every path of an application the one shape of errors."""
    app.add_exception_handler(KanchaError, _named)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)
