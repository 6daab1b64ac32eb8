"""CloudFormation's own schemas, asked before a template is sent.

The schemas take 170 MB once loaded, so a child process loads them, answers and ends: stacks
change rarely, and a worker stays small.
"""

from __future__ import annotations

import json
import subprocess
import sys

_SECONDS = 30
_GRAVE = ("FATAL", "ERROR")


def faults(body: str) -> list[str]:
    """What CloudFormation would refuse in the template `body`, one sentence each."""
    child = subprocess.run(
        [sys.executable, "-m", __name__],
        input=body,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    found: list[str] = json.loads(child.stdout)
    return found


def _faults(body: str) -> list[str]:
    # loaded by the child alone, see above
    from cloudformation_validate import SchemaValidator, TemplateContent  # noqa: PLC0415

    found = SchemaValidator().validate(TemplateContent(body))
    return [f"{fault.rule_id}: {fault.message}" for fault in found if fault.severity.name in _GRAVE]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_faults(sys.stdin.read())))
