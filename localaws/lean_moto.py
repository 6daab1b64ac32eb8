"""moto's data held small: some 70 MB of it is what no app on this machine ever asks for.

EC2 is loaded for one region, not with what every region offers, and equal parts of its
catalogue of instance types are one object each. IAM is loaded without AWS's own policies, each
of which comes when it is first named.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from datetime import UTC, timedelta
from pathlib import PurePath
from types import ModuleType
from typing import Any

from localaws import aws_policies, botocore_files

_OFFERINGS = "instance_type_offerings"
_METRICS_KEPT = timedelta(days=15)
_POLICIES = "moto.iam.aws_managed_policies"


def load(region: str) -> None:
    _leave_out_policies()
    aws_policies.come_when_asked()
    _load_ec2(region)
    _validate_domains_at_once()
    _forget_old_metrics()
    botocore_files.forget_endpoints()


def _leave_out_policies() -> None:
    """moto would keep their text; it reads it only where it is configured to, which we do not."""
    empty: Any = ModuleType(_POLICIES)
    empty.aws_managed_policies_data = "{}"
    sys.modules.setdefault(_POLICIES, empty)


def _validate_domains_at_once() -> None:
    """moto takes a minute to find a certificate's domain proven."""
    settings: Any = importlib.import_module("moto.settings")
    settings.ACM_VALIDATION_WAIT = 0


def _forget_old_metrics() -> None:
    """moto keeps every datum, CloudWatch those of a minute for 15 days: ECS puts one a minute."""
    backend: Any = importlib.import_module("moto.cloudwatch.models").CloudWatchBackend
    put = backend.put_metric_data

    def put_metric_data(self: Any, *what: object, **more: object) -> None:  # noqa: ANN401
        known = len(self.metric_data)
        put(self, *what, **more)
        for newest in self.metric_data[known:]:
            self.metric_data = [it for it in self.metric_data if not _outlived(it, newest)]

    backend.put_metric_data = put_metric_data


def _outlived(datum: Any, newest: Any) -> bool:  # noqa: ANN401
    """Of the same metric, and too old beside the newest of it."""
    if (datum.name, datum.namespace) != (newest.name, newest.namespace):
        return False
    age = newest.timestamp.replace(tzinfo=UTC) - datum.timestamp.replace(tzinfo=UTC)
    return bool(age > _METRICS_KEPT) and datum.dimensions == newest.dimensions


def _load_ec2(region: str) -> None:
    resources: Any = importlib.import_module("moto.utilities.utils")
    read = resources.load_resource

    def load_resource(path: str) -> object:
        elsewhere = _OFFERINGS in path and PurePath(path).name.split(".")[0] != region
        return [] if elsewhere else _packed(_shared(read(path), {}))

    resources.load_resource = load_resource
    try:
        importlib.import_module("moto.ec2")
    finally:
        resources.load_resource = read


def _packed(document: object) -> object:
    """Written down and read again: side by side, not where there was room between what is gone."""
    written = pickle.dumps(document)
    del document
    return pickle.loads(written)  # noqa: S301 (as it was just written)


def _shared(part: object, known: dict[object, object]) -> object:
    """The same JSON document, in which equal parts are one object: it may only be read."""
    match part:
        case dict():
            part = {name: _shared(value, known) for name, value in part.items()}
            return known.setdefault((dict, *((name, id(part[name])) for name in part)), part)
        case list():
            part = [_shared(each, known) for each in part]
            return known.setdefault((list, *map(id, part)), part)
        case _:
            return known.setdefault((type(part), part), part)
