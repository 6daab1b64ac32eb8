"""Who this process is, from what the platform and ECS say."""

import json
import os
import urllib.request


def name() -> str:
    """`web.3f2a9c01`: the process type and the first eight characters of the ECS task's id."""
    process_type = os.environ.get("PALATINE_PROCESS_TYPE", "web")
    metadata = os.environ.get("ECS_CONTAINER_METADATA_URI_V4")
    return f"{process_type}.{_task_id(metadata)[:8] if metadata else 'local'}"


def release() -> str:
    return os.environ.get("PALATINE_RELEASE", "v0")


def _task_id(metadata: str) -> str:
    with urllib.request.urlopen(f"{metadata}/task", timeout=5) as answer:
        arn: str = json.load(answer)["TaskARN"]
    return arn.rpartition("/")[2]
