"""What goes wrong with requests to any service, whoever answers them."""

from collections.abc import Mapping
from typing import Any

from localaws.faults.fault import Declared, Kind

_FACTS = ("service", "operation")  # by boto3's names: ecs, DescribeServices


def _status(params: Mapping[str, Any]) -> str:
    return "" if 400 <= params["status"] <= 599 else "status is from 400 to 599."


KINDS = {
    Kind.ERROR: Declared(
        "A request is refused and does nothing. Without a code and a message it is AWS's own for "
        "the status.",
        _FACTS,
        {"status": 500, "code": "", "message": ""},
        _status,
    ),
    Kind.SLOW: Declared(
        "A request is done, but its answer comes so many seconds later.",
        _FACTS,
        {"seconds": 1.0},
    ),
    Kind.THROTTLING: Declared(
        "Requests take tokens from buckets, and are refused when there is none: AWS's documented "
        "buckets, or one for all it matches, of `burst` tokens and `per_second` new ones.",
        _FACTS,
        {"burst": None, "per_second": None},
    ),
    Kind.STALE_READS: Declared(
        "Reads (Describe, List, Get) of ECS, load balancers, CloudFormation, both kinds of Auto "
        "Scaling and EventBridge answer as things were so many seconds ago; writes see the truth.",
        _FACTS,
        {"seconds": 5.0},
    ),
}
