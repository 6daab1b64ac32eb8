"""Redirects: as a rule asks for them, and where one leads."""

from __future__ import annotations

import re
from typing import Any

from localaws.elbv2.conditions import Seen
from localaws.elbv2.model import Redirect
from localaws.wire import AwsError

STATUS = {"HTTP_301": 301, "HTTP_302": 302}
DEFAULTS = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
LONGEST = 128


def read(config: dict[str, Any] | None) -> Redirect:
    if config is None:
        raise AwsError("ValidationError", "A redirect action needs a RedirectConfig")
    if config.get("StatusCode") not in STATUS:
        raise AwsError("ValidationError", f"Status code must be one of '[{', '.join(STATUS)}]'")
    asked = DEFAULTS | {key: value for key, value in config.items() if key in DEFAULTS}
    _check(asked)
    return Redirect(
        status=STATUS[config["StatusCode"]],
        protocol=asked["Protocol"],
        host=asked["Host"],
        port=asked["Port"],
        path=asked["Path"],
        query=asked["Query"],
    )


def render(redirect: Redirect) -> dict[str, Any]:
    return {
        "Protocol": redirect.protocol,
        "Host": redirect.host,
        "Port": redirect.port,
        "Path": redirect.path,
        "Query": redirect.query,
        "StatusCode": f"HTTP_{redirect.status}",
    }


def location(redirect: Redirect, seen: Seen, listener: tuple[str, int], query: str) -> str:
    """With its port, as an ALB writes it; `listener` is its protocol and port."""
    protocol, port = listener
    parts = {
        "protocol": protocol,
        "host": seen.host,
        "port": str(port),
        "path": seen.path.removeprefix("/"),
        "query": query,
    }

    def filled(text: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda found: parts.get(found[1], ""), text)

    scheme = filled(redirect.protocol).lower()
    made = f"{scheme}://{filled(redirect.host)}:{filled(redirect.port)}{filled(redirect.path)}"
    return made + (f"?{asked}" if (asked := filled(redirect.query)) else "")


def _check(asked: dict[str, str]) -> None:
    if all(asked[key] == value for key, value in DEFAULTS.items() if key != "Query"):
        raise AwsError(
            "InvalidLoadBalancerAction",
            "The redirect configuration is not valid because it creates a loop.",
        )
    if asked["Protocol"] not in ("HTTP", "HTTPS", "#{protocol}"):
        raise AwsError("ValidationError", f"Protocol '{asked['Protocol']}' is not valid")
    port = asked["Port"]
    if port != "#{port}" and not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise AwsError("ValidationError", f"Port '{port}' must be between 1 and 65535")
    if not asked["Path"].startswith("/"):
        raise AwsError("ValidationError", "The redirect path must begin with a '/' character")
    if any(len(asked[key]) > LONGEST for key in ("Host", "Path", "Query")):
        raise AwsError("ValidationError", f"A redirect's parts have at most {LONGEST} characters")
