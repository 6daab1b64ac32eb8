"""The web process and the worker on their own, against a PostgreSQL and a Redis by URL."""

import logging

from app.config import Settings
from palatine import logs, platform, ports
from palatine import web as asgi
from palatine.stopping import Stopping
from palatine.trouble import Trouble


def web(settings: Settings) -> None:
    _check(settings, "palatine web")
    stopping = Stopping()
    stopping.on_signals()
    logs.to_terminal(settings.log_level)
    platform.prepare(settings)
    with ports.bind(settings.host, settings.port, "--port") as listener:
        settings = settings.having(port=ports.number(listener))
        asgi.serve(platform.web(settings), listener, stopping, lambda: _announce(settings))


def worker(settings: Settings) -> None:
    _check(settings, "palatine worker")
    logs.to_terminal(settings.log_level)
    platform.run_worker(settings)


def _check(settings: Settings, command: str) -> None:
    for name in ("database_url", "broker_url"):
        if getattr(settings, name) is None:
            raise Trouble(
                f"`{command}` needs PALATINE_{name.upper()}; "
                "`palatine up` brings everything it needs itself."
            )

    if not platform.up_to_date(settings.database_url or ""):
        raise Trouble("The database's schema is of another version: run `palatine migrate`.")


def _announce(settings: Settings) -> None:
    logging.getLogger(__name__).info("The API answers on %s", settings.base_url)
