"""The one place where what went wrong becomes an answer: always `{id, message, url}`."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from app.api import bad_input
from app.api.refusals import CommitFailed, Refusal
from app.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound

log = structlog.get_logger(__name__)

STATUS: dict[type[DomainError], tuple[int, str]] = {
    NotFound: (404, "not_found"),
    Conflict: (409, "conflict"),
    Invalid: (422, "invalid_params"),
    Forbidden: (403, "forbidden"),
}
_RETRY_SECONDS = 5
_LONGEST = 500


def install(api: FastAPI) -> None:
    handlers = {
        DomainError: _domain,
        Refusal: _refusal,
        RequestValidationError: _validation,
        HTTPException: _http,
        CommitFailed: _not_saved,
        DataError: _unstorable,
        OperationalError: _database_down,
        InterfaceError: _database_down,
        PoolTimeout: _database_down,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)  # type: ignore[arg-type]


def body(
    status: int,
    id: str,
    message: str,
    *,
    headers: dict[str, str] | None = None,
    resource: str | None = None,
) -> JSONResponse:
    """`url` would lead to a page about the error; there is none yet."""
    writable = message.encode("utf-8", "replace").decode()
    if len(writable) > _LONGEST:  # a name in it may be anything
        writable = f"{writable[:_LONGEST]}…"
    more = {"resource": resource} if resource else {}
    return JSONResponse({"id": id, "message": writable, "url": None} | more, status, headers)


def refused(error: Refusal) -> JSONResponse:
    return body(error.status_code, error.id, error.detail, headers=dict(error.headers or {}))


def unexpected() -> JSONResponse:
    return body(
        500,
        "internal_server_error",
        "Something went wrong on our side. It has been logged under this answer's Request-Id.",
    )


def _domain(_request: Request, error: DomainError) -> JSONResponse:
    status, id = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    resource = error.kind.replace(" ", "_") if isinstance(error, NotFound) else None
    return body(status, id, str(error), resource=resource)


def _refusal(_request: Request, error: Refusal) -> JSONResponse:
    return refused(error)


def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
    return body(*bad_input.explain(error.errors(), error.body))


def _http(request: Request, error: HTTPException) -> JSONResponse:
    match error.status_code:
        case 404 | 405:  # Heroku does not tell the two apart
            what = f"{request.method} {request.url.path}"[:200]
            return body(404, "not_found", f"There is nothing at {what}.", resource="route")
        case 400:  # FastAPI's for a body that its parser gave up on: too deep, too long a number
            return body(400, "bad_request", bad_input.NOT_JSON)
        case status:
            return body(status, "bad_request", str(error.detail), headers=dict(error.headers or {}))


def _not_saved(_request: Request, error: CommitFailed) -> JSONResponse:
    log.error("commit failed", exc_info=error)
    message = "Your change could not be saved. Look at what is there before you send it again."
    return body(500, "internal_server_error", message)


def _unstorable(_request: Request, _error: DataError) -> JSONResponse:
    message = "A value in the request cannot be stored: too large a number, or a NUL character."
    return body(422, "invalid_params", message)


def _database_down(_request: Request, error: Exception) -> JSONResponse:
    log.warning("database does not answer", error=str(error))
    return body(
        503,
        "service_unavailable",
        "The database does not answer, and nothing was changed. Try again in a few seconds.",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )
