"""`python -m localaws`: the local AWS by itself."""

import argparse
from pathlib import Path

from localaws.main import serve
from localaws.options import DRIVERS, Options, Unusable


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localaws", description=__doc__)
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--router-port", type=int, default=8000)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--driver", choices=DRIVERS, default="process")
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="faults, in YAML")
    try:
        options = Options(**vars(parser.parse_args()))
    except Unusable as error:
        raise SystemExit(str(error)) from None
    serve(options)


if __name__ == "__main__":
    main()
