"""Attributes of load balancers: AWS's keys, defaults and ranges.

What the router does not carry out may be asked for only at its default, so that nothing that is
accepted is without effect.
"""

from __future__ import annotations

from typing import Any

from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError

FLAG = ("true", "false")
IDLE = "idle_timeout.timeout_seconds"
PROTECTED = "deletion_protection.enabled"
DEFAULTS = {
    PROTECTED: "false",
    IDLE: "60",
    "client_keep_alive.seconds": "3600",
    "load_balancing.cross_zone.enabled": "true",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "ipv6.deny_all_igw_traffic": "false",
    "zonal_shift.config.enabled": "false",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}
LOGGED = "access_logs.s3.enabled"
BUCKET, PREFIX = "access_logs.s3.bucket", "access_logs.s3.prefix"
CHOICES = {
    PROTECTED: FLAG,
    LOGGED: FLAG,
    "routing.http.drop_invalid_header_fields.enabled": FLAG,
    "routing.http.preserve_host_header.enabled": FLAG,
    "routing.http.xff_client_port.enabled": FLAG,
    "routing.http.xff_header_processing.mode": ("append", "preserve", "remove"),
}
RANGES = {IDLE: (1, 4000)}


def changed(attributes: dict[str, str], asked: list[dict[str, str]]) -> dict[str, str]:
    read = {one["Key"]: one.get("Value", "") for one in asked}
    for key, value in read.items():
        _check(key, value)
    return attributes | read


def render(attributes: dict[str, str]) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]}


def check_range(kind: str, key: str, value: str, least: int, most: int) -> None:
    if not (value.isdecimal() and least <= int(value) <= most):
        raise AwsError(
            "ValidationError",
            f"{kind} attribute '{key}' must be between '{least}' and '{most}' inclusive",
        )


def _check(key: str, value: str) -> None:
    if key not in DEFAULTS:
        raise AwsError("ValidationError", f"Load balancer attribute key '{key}' is not recognized")
    if key in RANGES:
        check_range("Load balancer", key, value, *RANGES[key])
    elif key in CHOICES:
        if value not in CHOICES[key]:
            raise AwsError(
                "ValidationError",
                f"Load balancer attribute '{key}' must be one of '{', '.join(CHOICES[key])}'",
            )
    elif key not in (BUCKET, PREFIX) and value != DEFAULTS[key]:
        raise unmodelled(f"The load balancer attribute {key} with the value '{value}'")
