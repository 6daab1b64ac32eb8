"""What the load balancers here do not do is refused by name, not dropped."""

from __future__ import annotations

from localaws.wire import AwsError


def unmodelled(what: str) -> AwsError:
    sentence = f"{what} is not modelled by the local AWS's load balancers"
    return AwsError("UnsupportedOperation", sentence, status=501)
