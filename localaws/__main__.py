"""`python -m localaws`: the local AWS by itself."""

import argparse
from pathlib import Path

from localaws.main import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localaws", description=__doc__)
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--router-port", type=int, default=8000)
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args()
    serve(given.port, given.router_port, given.home)


if __name__ == "__main__":
    main()
