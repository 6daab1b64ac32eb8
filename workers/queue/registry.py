"""The tasks, by the names under which the platform asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from app.db import outbox
from workers.apps.reconcile import reconcile_app
from workers.apps.slugs import resolve_slug
from workers.context import Task

TASKS: Mapping[str, Task] = {
    outbox.Task.RESOLVE_SLUG: resolve_slug,
    outbox.Task.RECONCILE_APP: reconcile_app,
}
