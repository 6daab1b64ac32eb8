"""A target group's settings and attributes: AWS's defaults, AWS's limits.

What the router does not carry out may be asked for only at its default, so that nothing that is
accepted is without effect.
"""

from __future__ import annotations

import re
from typing import Any

from localaws.elbv2.attributes import check_range
from localaws.elbv2.unmodelled import unmodelled
from localaws.wire import AwsError

DEFAULTS: dict[str, Any] = {
    "ProtocolVersion": "HTTP1",
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckEnabled": True,
    "HealthCheckPath": "/",
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "Matcher": {"HttpCode": "200"},
    "TargetType": "instance",
    "IpAddressType": "ipv4",
}
NEEDED = ("Protocol", "Port", "VpcId")
ONLY: dict[str, tuple[object, ...]] = {
    "Protocol": ("HTTP",),
    "ProtocolVersion": ("HTTP1",),
    "HealthCheckProtocol": ("HTTP",),
    "HealthCheckEnabled": (True,),
    "TargetType": ("instance", "ip"),
    "IpAddressType": ("ipv4",),
}
LIMITS = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}
CHANGEABLE = tuple(key for key in DEFAULTS if key.startswith(("Health", "Unhealthy", "Matcher")))

DELAY = "deregistration_delay.timeout_seconds"
SLOW_START = "slow_start.duration_seconds"
ALGORITHM = "load_balancing.algorithm.type"
ATTRIBUTES = {
    DELAY: "300",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    SLOW_START: "0",
    ALGORITHM: "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

WEEK = 604_800  # seconds
RANGES = {
    DELAY: (0, 3600),
    SLOW_START: (30, 900),
    "stickiness.lb_cookie.duration_seconds": (1, WEEK),
    "stickiness.app_cookie.duration_seconds": (1, WEEK),
}
CHOICES = {
    "stickiness.enabled": ("true", "false"),
    "stickiness.type": ("lb_cookie", "app_cookie"),
    ALGORITHM: ("round_robin", "least_outstanding_requests", "weighted_random"),
}
FREE = ("stickiness.app_cookie.cookie_name",)


def read(params: dict[str, Any]) -> dict[str, Any]:
    for key in NEEDED:
        if key not in params:
            raise AwsError("ValidationError", f"A {key} must be specified")
    return _checked({key: params.get(key, DEFAULTS.get(key)) for key in (*NEEDED, *DEFAULTS)})


def change(settings: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    return _checked({**settings, **{key: params[key] for key in CHANGEABLE if key in params}})


def change_attributes(attributes: dict[str, str], asked: list[dict[str, str]]) -> dict[str, str]:
    read = {attribute["Key"]: attribute.get("Value", "") for attribute in asked}
    for key, value in read.items():
        _check_attribute(key, value)
    changed = attributes | read
    if changed[SLOW_START] != "0" and changed[ALGORITHM] != "round_robin":
        raise AwsError(
            "InvalidConfigurationRequest",
            f"Slow start mode cannot be enabled with the '{changed[ALGORITHM]}' algorithm",
        )
    if changed["stickiness.enabled"] == "true" and changed["stickiness.type"] == "app_cookie":
        _check_cookie(changed["stickiness.app_cookie.cookie_name"])
    return changed


def _check_attribute(key: str, value: str) -> None:
    if key not in ATTRIBUTES:
        raise AwsError("ValidationError", f"Target group attribute key '{key}' is not recognized")
    if key in RANGES:
        if key == SLOW_START and value == "0":  # disabled
            return
        check_range("Target group", key, value, *RANGES[key])
    elif key in CHOICES:
        if value not in CHOICES[key]:
            raise AwsError(
                "ValidationError",
                f"Target group attribute '{key}' must be one of '{', '.join(CHOICES[key])}'",
            )
    elif key not in FREE and value != ATTRIBUTES[key]:
        raise unmodelled(f"The target group attribute {key} with the value '{value}'")


def _check_cookie(name: str) -> None:
    if not name or name.startswith("AWSALB"):
        raise AwsError("ValidationError", f"App cookie name '{name}' is not valid")


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    for key, known in ONLY.items():
        if settings[key] not in known:
            raise unmodelled(f"{key} '{settings[key]}'")
    for key, (least, most) in LIMITS.items():
        if not least <= settings[key] <= most:
            raise AwsError("ValidationError", f"{key} must be between '{least}' and '{most}'")
    if settings["HealthCheckIntervalSeconds"] <= settings["HealthCheckTimeoutSeconds"]:
        raise AwsError("ValidationError", "Health check interval must be greater than the timeout.")
    if not settings["HealthCheckPath"].startswith("/"):
        raise AwsError(
            "ValidationError",
            f"Health check path '{settings['HealthCheckPath']}' must begin with a '/' character",
        )
    _check_port(settings["HealthCheckPort"])
    _check_codes(settings["Matcher"].get("HttpCode", ""))
    return settings


def _check_port(port: str) -> None:
    if port != "traffic-port" and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise AwsError(
            "ValidationError", f"Health check port '{port}' must be 'traffic-port' or 1-65535"
        )


def _check_codes(codes: str) -> None:
    if not re.fullmatch(r"[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*", codes):
        raise AwsError(
            "ValidationError", f"Health check matcher HTTP code '{codes}' must be within '200-499'"
        )
