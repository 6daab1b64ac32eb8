"""What may go wrong: a module for each area, whose `KINDS` declares its kinds; all are gathered."""

from __future__ import annotations

import importlib
import pkgutil

from localaws.faults.fault import Declared, Kind

KINDS: dict[Kind, Declared] = {}
for _module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
    KINDS |= importlib.import_module(f"{__name__}.{_module}").KINDS
