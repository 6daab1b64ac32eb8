from __future__ import annotations

import pytest

from tests.domain.worlds import deployment, service, stack, task


@pytest.mark.parametrize(
    ("status", "busy", "dead", "failed"),
    [
        ("CREATE_IN_PROGRESS", True, False, False),
        ("CREATE_COMPLETE", False, False, False),
        ("CREATE_FAILED", False, True, True),
        ("ROLLBACK_IN_PROGRESS", True, False, False),
        ("ROLLBACK_COMPLETE", False, True, True),
        ("ROLLBACK_FAILED", False, True, True),
        ("UPDATE_IN_PROGRESS", True, False, False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True, False, False),
        ("UPDATE_COMPLETE", False, False, False),
        ("UPDATE_FAILED", False, False, True),
        ("UPDATE_ROLLBACK_IN_PROGRESS", True, False, False),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", True, False, False),
        ("UPDATE_ROLLBACK_COMPLETE", False, False, True),
        ("UPDATE_ROLLBACK_FAILED", False, False, True),
        ("DELETE_IN_PROGRESS", True, False, False),
        ("DELETE_FAILED", False, True, True),
    ],
)
def test_what_a_stacks_status_means(status: str, busy: bool, dead: bool, failed: bool) -> None:
    shown = stack(status)

    assert (shown.busy, shown.dead, shown.failed) == (busy, dead, failed)


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("PROVISIONING", "", "starting"),
        ("PENDING", "", "starting"),
        ("ACTIVATING", "", "starting"),
        ("RUNNING", "", "up"),
        ("DEACTIVATING", "", "down"),
        ("STOPPING", "UserInitiated", "down"),
        ("STOPPED", "UserInitiated", "down"),
        ("STOPPED", "ServiceSchedulerInitiated", "down"),
        ("STOPPED", "EssentialContainerExited", "crashed"),
        ("STOPPED", "TaskFailedToStart", "crashed"),
    ],
)
def test_a_dynos_state_in_herokus_words(status: str, code: str, state: str) -> None:
    assert task("t1", status, stop_code=code).dyno_state == state


def test_a_dyno_bears_the_first_of_its_tasks_id() -> None:
    shown = task("arn:aws:ecs:us-east-1:123456789012:task/palatine/0123456789abcdef")

    assert (shown.id, shown.dyno_name) == ("0123456789abcdef", "web.01234567")


def test_a_service_of_no_deployments_has_an_empty_primary() -> None:
    shown = service("web", deployment(), status="INACTIVE")

    assert shown.primary.id == "d1"
    assert not shown.stable
    assert shown.gone
