"""The intrinsic functions that need nothing but their arguments."""

from __future__ import annotations

import base64 as codec
import ipaddress
from collections.abc import Mapping
from typing import Any

from localaws.wire import AwsError

ZONES = {"us-east-1": "abcdef", "us-west-2": "abcd"}  # of a new account; others have a, b and c


def base64(value: str) -> str:
    return codec.b64encode(value.encode()).decode()


def cidr(block: str, count: int, bits: int) -> list[str]:
    """`count` blocks of `bits` host bits within `block`, in order; at most 256."""
    try:
        whole = ipaddress.ip_network(block)
        prefix = whole.max_prefixlen - bits
        if not 1 <= count <= min(256, 2 ** (prefix - whole.prefixlen)):
            raise ValueError
        first, step = int(whole.network_address), 2**bits
        starts = (whole.network_address.__class__(first + step * n) for n in range(count))
        return [f"{start}/{prefix}" for start in starts]
    except (ValueError, OverflowError, TypeError) as error:
        raise AwsError(
            "ValidationError",
            f"Template error: Fn::Cidr can not make {count} blocks of {bits} bits in {block}",
        ) from error


def zones(region: str) -> list[str]:
    return [region + letter for letter in ZONES.get(region, "abc")]


def find_in_map(mappings: Mapping[str, Any], name: str, first: str, second: str) -> Any:  # noqa: ANN401
    try:
        return mappings[name][first][second]
    except (KeyError, TypeError) as error:
        raise AwsError(
            "ValidationError",
            f"Template error: Unable to get mapping for {name}::{first}::{second}",
        ) from error
