"""`palatine up`: the whole platform in one terminal, and nothing left of it afterwards."""

import logging
import sys
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

from app.config import Settings
from app.domain.errors import DomainError
from palatine import aws, home, logs, platform, ports
from palatine.aws import LocalAws
from palatine.parts import Parts
from palatine.platform import Platform, Worker
from palatine.postgres import places, server
from palatine.postgres.server import Server
from palatine.stopping import Stopped, Stopping
from palatine.trouble import Trouble

_log = logging.getLogger(__name__)
# what the local AWS does at once takes AWS seconds
_LOCAL_PACE = {
    "poll_seconds": 0.2,
    "settle_seconds": 2,
    "drain_seconds": 2,
    "consistency_seconds": 1,
    "health_check_interval_seconds": 5,
    "health_check_timeout_seconds": 2,
}


def up(settings: Settings, *, of: Platform = platform) -> int:
    """Run until stopped; the exit code. What goes wrong is one sentence on the terminal."""
    stopping = Stopping()
    stopping.on_signals()
    try:
        _run(settings, of, stopping)
    except Stopped:
        pass
    except (Trouble, DomainError) as trouble:  # PALATINE_ADMIN_TOKEN may be refused, say
        stopping.why = stopping.why or str(trouble)
    if stopping.why:
        print(f"palatine: {stopping.why}", file=sys.stderr)  # noqa: T201 (the terminal is its page)
    return 1 if stopping.why else 0


def _run(settings: Settings, of: Platform, stopping: Stopping) -> None:
    where = home.prepare(settings.home)
    with ExitStack() as stack:
        stack.enter_context(home.held(where))
        listener = ports.bind(settings.host, settings.port, "--port")
        stack.enter_context(closing(listener))
        logs.to_file(home.log(where, "palatine"), settings.log_level)
        parts = stack.enter_context(Parts(stopping))
        settings = settings.having(home=where, port=ports.number(listener))
        settings, begins_empty = _with_surroundings(settings, parts, stopping, of)
        _migrate(settings, of)
        if begins_empty:  # the local AWS: it is new here, or was emptied
            of.restore(settings)
        worker = parts.start(partial(_working, settings, of))
        application = of.web(settings)
        parts.wait(worker)
        of.prepare(settings)
        token = of.first_admin(settings)
        # late, so that a start that fails has spent few of its seconds on uvicorn
        from palatine import web  # noqa: PLC0415

        web.serve(application, listener, stopping, partial(_announce, settings, token))


def _with_surroundings(
    settings: Settings, parts: Parts, stopping: Stopping, of: Platform
) -> tuple[Settings, bool]:
    """PostgreSQL and the local AWS, unless the settings name others; meanwhile the imports.

    Also whether there is a local AWS that has nothing yet.
    """
    loaded = parts.do(of.load)
    postgres = None if settings.database_url else _postgres(settings, parts, stopping)
    local = _local_aws(settings, parts, stopping) if _wants_local_aws(settings) else None
    parts.wait(*(future for future in (postgres, local, loaded) if future))
    settings = settings.defaulting(broker_url="memory://")
    if postgres:
        settings = settings.having(database_url=postgres.result().url)
        parts.watch("PostgreSQL", postgres.result(), home.log(settings.home, "postgres"))
    if local:
        settings = _on(local.result(), settings)
        parts.watch("The local AWS", local.result(), local.result().log)
    return settings, local is not None and local.result().new


def _wants_local_aws(settings: Settings) -> bool:
    """Set, even to nothing, is a wish for another: nothing means AWS itself."""
    return "aws_endpoint_url" not in settings.model_fields_set


def _postgres(settings: Settings, parts: Parts, stopping: Stopping) -> "Future[Server]":
    return parts.start(lambda: server.start(places.of(settings.home), stopping))


def _local_aws(settings: Settings, parts: Parts, stopping: Stopping) -> "Future[LocalAws]":
    start = partial(
        aws.start,
        settings.home / "localaws",
        port=settings.aws_port,
        router_port=settings.router_port,
        log=home.log(settings.home, "localaws"),
        stopping=stopping,
    )
    return parts.start(start)


def _on(local: LocalAws, settings: Settings) -> Settings:
    seed = local.seed()
    known = {key: value for key, value in seed.items() if key in Settings.model_fields}
    return settings.having(
        aws_endpoint_url=local.url, aws_region=seed["region"], **known
    ).defaulting(**_LOCAL_PACE)


def _migrate(settings: Settings, of: Platform) -> None:
    try:
        of.migrate(settings.database_url or "")
    except Exception as error:
        _log.exception("migrations")
        raise Trouble(f"The database could not be brought up to date: {error}") from error


@dataclass
class _Working:
    worker: Worker

    def stop(self, _stopping: Stopping | None = None) -> None:
        self.worker.stop()


def _working(settings: Settings, of: Platform) -> _Working:
    working = _Working(of.worker(settings))
    try:
        working.worker.start()
    except RuntimeError as error:
        working.stop()
        raise Trouble(str(error)) from None
    return working


def _announce(settings: Settings, token: str | None) -> None:
    lines = ["Palatine is ready. Ctrl-C stops it.", f"API     {settings.base_url}"]
    if settings.router_url:
        lines.append(f"Router  {settings.router_url}")
    if token:
        lines.append(f"Token   {token}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
