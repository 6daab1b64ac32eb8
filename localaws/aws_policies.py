"""AWS's own IAM policies: each comes to moto when it is first asked for by its ARN.

All of them together take 20 MB; an account uses a handful.
"""

from __future__ import annotations

import functools
import importlib
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ASKED_BY_ARN = ("attach_role_policy", "attach_user_policy", "attach_group_policy", "get_policy")

_Method = Callable[..., object]


def come_when_asked() -> None:
    iam: Any = importlib.import_module("moto.iam.models")
    for name in _ASKED_BY_ARN:
        setattr(iam.IAMBackend, name, _knowing(getattr(iam.IAMBackend, name), iam))


def _knowing(method: _Method, iam: Any) -> _Method:  # noqa: ANN401 (moto has no types)
    @functools.wraps(method)
    def known(backend: Any, policy_arn: str, *args: object) -> object:  # noqa: ANN401
        if ":iam::aws:policy/" in policy_arn and policy_arn not in backend.managed_policies:
            name = policy_arn.rpartition("/")[2]
            if found := _find(iam, name):
                whose = (backend.account_id, backend.region_name)
                made = iam.AWSManagedPolicy.from_data(name, *whose, found)
                backend.managed_policies[made.arn] = made
        return method(backend, policy_arn, *args)

    return known


def _find(iam: Any, name: str) -> dict[str, Any] | None:  # noqa: ANN401
    """Out of moto's file, which is not kept."""
    path = Path(iam.__file__).with_name("aws_managed_policies.py")
    policies = json.loads(runpy.run_path(str(path))["aws_managed_policies_data"])
    found: dict[str, Any] | None = policies.get(name)
    return found
