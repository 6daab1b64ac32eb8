"""The local AWS as a child process that ends when its parent does, however that happens.

`python -m palatine.tether PORT ROUTER_PORT HOME`: the other end of standard input is held by the
parent, and the kernel closes it for a parent that was killed. PDEATHSIG would be Linux only.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from palatine import memory
from palatine.home import held

_GRACE_SECONDS = 8.0


def main(port: str, router_port: str, home: str) -> None:
    memory.spare()
    threading.Thread(target=_end_with_parent, args=(_held_input(),), daemon=True).start()
    from localaws.main import serve  # noqa: PLC0415 (the watch stands before the long import)
    from localaws.options import Options  # noqa: PLC0415

    with held(Path(home)):  # whoever comes next waits until we are gone
        serve(Options(int(port), int(router_port), Path(home)))


def _held_input() -> int:
    """Standard input moved away, so that no grandchild inherits or reads it."""
    tether = os.dup(0)  # dup leaves it closed on exec
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return tether


def _end_with_parent(tether: int) -> None:
    while os.read(tether, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
