"""Names people choose: of apps and of config vars."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from app.domain.errors import Invalid

# Heroku's rule for app names (Platform API reference, "App").
APP_NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
# POSIX, Base Definitions §8.1: names of environment variables, lower case allowed as on Heroku.
CONFIG_VAR = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A secret holds 64 KiB and a task definition about 280 references (ECS and Secrets Manager quotas).
MAX_CONFIG_VARS = 200
MAX_CONFIG_BYTES = 60 * 1024
MAX_SECRET_BYTES = 64 * 1024  # quotes and line breaks take two in the JSON that a secret holds
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")
# Set by the platform in every dyno; a config var of that name would be silently lost.
RESERVED = frozenset({"PORT", "PALATINE_APP_ID", "PALATINE_RELEASE", "PALATINE_PROCESS_TYPE"})


def check_app_name(name: str) -> str:
    if not APP_NAME.fullmatch(name):
        raise Invalid(
            "An app's name is 3 to 30 lower-case letters, digits and dashes; "
            "it begins with a letter and does not end with a dash."
        )
    return name


def check_config_names(changes: Mapping[str, object]) -> None:
    for name in changes:
        if not CONFIG_VAR.fullmatch(name) or len(name) > 256:
            raise Invalid(
                f"{name[:60]!r} cannot be a config var: use letters, digits and underscores, "
                "not beginning with a digit."
            )
        if name in RESERVED:
            raise Invalid(f"{name} is set by the platform; choose another name.")


def check_config_size(config: Mapping[str, str]) -> None:
    for name, value in config.items():
        if _UNWRITABLE.search(value):
            raise Invalid(
                f"The value of {name} holds a character no environment can carry, such as NUL."
            )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in config.items())
    if len(config) > MAX_CONFIG_VARS or size > MAX_CONFIG_BYTES:
        raise Invalid(
            f"An app can hold {MAX_CONFIG_VARS} config vars and {MAX_CONFIG_BYTES // 1024} KiB; "
            f"this would make {len(config)} and {size / 1024:.1f} KiB. Remove some first."
        )
    written = len(json.dumps(dict(config), ensure_ascii=False).encode())
    if written > MAX_SECRET_BYTES:
        raise Invalid(
            f"Written as JSON, as they are kept, these config vars take {written / 1024:.1f} KiB;"
            f" {MAX_SECRET_BYTES // 1024} KiB is all there is. Remove some first."
        )
