"""The database for a command that needs only that: the one that runs, else one just for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Settings
from palatine import home as homes
from palatine.postgres import places, process, server
from palatine.stopping import Stopping
from palatine.trouble import Trouble


@contextmanager
def reached(settings: Settings) -> Iterator[str]:
    """Its URL; a PostgreSQL that had to be started for this is stopped afterwards."""
    if settings.database_url:
        yield settings.database_url
        return
    home = homes.prepare(settings.home)
    where = places.of(home)
    try:
        with homes.held(home), server.running(where, _on_signals()) as mine:
            yield mine.url
    except homes.Held:
        yield _of_the_running(where).url


def _of_the_running(where: places.Places) -> server.Server:
    found = process.live(where.data)
    if found is None:
        raise Trouble("Palatine is just starting or stopping: try again in a moment.")
    return server.Server(where, found.pid, found.sockets)


def _on_signals() -> Stopping:
    stopping = Stopping()
    stopping.on_signals()
    return stopping
