"""Bring the schema to the newest revision; importing alembic only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

_HERE = Path(__file__).resolve()
# In a wheel the scripts lie inside the console command's package, in the repository beside it.
SCRIPTS = next(
    (
        folder
        for folder in (_HERE.parents[2] / "palatine" / "migrations", _HERE.parents[2] / "alembic")
        if (folder / "env.py").exists()
    ),
    _HERE.parents[2] / "alembic",
)


def upgrade(engine: Engine) -> bool:
    """True when there was something to do. Safe to call from any number of processes at once."""
    if current(engine) == newest():
        return False
    _upgrade(engine)
    return True


def newest() -> str:
    """The last revision's name: files are named `NNNN_subject.py` and apply in that order."""
    return max(path.stem for path in (SCRIPTS / "versions").glob("[0-9]*.py"))[:4]


def current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def _upgrade(engine: Engine) -> None:
    # alembic costs half a second and 39 MB to import; most starts need none of it
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
