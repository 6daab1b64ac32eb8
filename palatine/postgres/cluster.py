"""Makes a PostgreSQL data directory, wholly or not at all."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from palatine.postgres.places import Places
from palatine.trouble import Trouble, last_lines

SUPERUSER = "palatine"
# whatever LANG says here, PostgreSQL and its messages are the same everywhere
PLAIN_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def ensure(places: Places) -> None:
    """Run initdb beside the data's place and move the result there: a killed one leaves no half."""
    folder = places.data.parent
    for leftover in folder.glob("initdb-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if places.initialised:
        return
    making = Path(tempfile.mkdtemp(prefix="initdb-", dir=folder))
    places.account.own(making)
    try:
        _initdb(places, making)
        making.rename(places.data)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _initdb(places: Places, target: Path) -> None:
    command = [
        str(places.binaries.initdb),
        f"--pgdata={target}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        *_locale(places.binaries.major),
        "--auth=trust",  # over a socket in a folder nobody else can enter
        "--no-instructions",
    ]
    with places.log.open("ab") as log:
        ended = subprocess.run(
            command,
            cwd="/",
            env=PLAIN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us to answer
            check=False,
            **places.account.spawn(),
        )
    if ended.returncode != 0:
        raise Trouble(
            f"PostgreSQL could not make its data in {places.data.parent}:{last_lines(places.log)}"
        )


def _locale(major: int) -> list[str]:
    """C.UTF-8, from PostgreSQL itself where it can: not every system has that locale."""
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C"]
