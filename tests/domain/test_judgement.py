from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.desired import Asked, Desired, restart_step
from app.domain.judgement import Judgement, judge
from app.domain.observed import ServiceState, StackState, TaskState
from app.domain.operation import RELEASING, OperationKind
from tests.domain.worlds import (
    DEPLOY,
    deployment,
    desired,
    observed,
    process,
    service,
    stack,
    task,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SCALE = Asked(OperationKind.SCALE, process_types=frozenset({"web"}))
RESTART = Asked(OperationKind.RESTART, process_types=frozenset({"web"}))


class TestRelease:
    def test_succeeds_when_all_is_as_asked(self) -> None:
        shown = observed(service("web"), service("worker"), stack=stack())
        wanted = desired(process("web"), process("worker", "worker:2"))

        for kind in RELEASING:
            assert judge(Asked(kind), wanted, shown).satisfied

    @pytest.mark.parametrize(
        "seen",
        [
            service("web", deployment("web:1")),
            service("web", deployment(state="IN_PROGRESS")),
            service("web", deployment(state="")),
            service("web", deployment(state="FAILED")),
            service("web", deployment(), deployment("web:1", id="d0")),
            service("web", count=2, running=1),
            service("web", count=1, running=2),
            service("web", pending=1),
            service("web", status="DRAINING"),
            service("web", status="INACTIVE"),
        ],
        ids=[
            "the primary is not ours",
            "still rolling",
            "no word on the rollout",
            "the rollout failed",
            "two deployments",
            "too few",
            "too many",
            "one pending",
            "draining",
            "deleted",
        ],
    )
    def test_does_not_succeed_while_anything_is_amiss(self, seen: ServiceState) -> None:
        assert not judge(DEPLOY, desired(process()), observed(seen, stack=stack())).satisfied

    def test_needs_every_process_type(self) -> None:
        wanted = desired(process("web"), process("worker", "worker:2"))

        assert not judge(DEPLOY, wanted, observed(service("web"), stack=stack())).satisfied

    def test_needs_its_task_definitions(self) -> None:
        wanted = desired(process("web", None))
        shown = observed(service("web", deployment("")), stack=stack())

        assert not judge(DEPLOY, wanted, shown).satisfied

    @pytest.mark.parametrize(
        "shown",
        [
            None,
            stack("UPDATE_IN_PROGRESS"),
            stack(template="old"),
            stack("ROLLBACK_COMPLETE"),
            stack("DELETE_FAILED"),
        ],
    )
    def test_needs_the_stack(self, shown: StackState | None) -> None:
        assert not judge(DEPLOY, desired(process()), observed(service(), stack=shown)).satisfied

    def test_needs_the_count_only_where_it_is_asserted(self) -> None:
        shown = observed(service(count=4), stack=stack())

        assert judge(DEPLOY, desired(process(quantity=1)), shown).satisfied
        assert not judge(DEPLOY, desired(process(quantity=1, asserted=True)), shown).satisfied

    def test_waits_until_what_left_is_gone(self) -> None:
        def judged(left: ServiceState) -> Judgement:
            return judge(DEPLOY, desired(process()), observed(service(), left, stack=stack()))

        assert not judged(service("clock", count=0)).satisfied
        assert not judged(service("clock", count=0, status="DRAINING")).satisfied
        assert judged(service("clock", count=0, status="INACTIVE")).satisfied

    def test_when_nothing_should_run_it_is_enough_that_nothing_runs(self) -> None:
        nothing = replace(desired(), template=None)

        assert judge(DEPLOY, nothing, observed(service(count=0))).satisfied
        assert not judge(DEPLOY, nothing, observed(service(count=0, running=1))).satisfied
        assert not judge(DEPLOY, nothing, observed(service(count=1, running=0))).satisfied

    def test_progress_grows_as_it_comes_nearer(self) -> None:
        wanted = desired(process(quantity=2))
        old = deployment("web:1", id="d0")
        looks = [
            observed(stack=stack("CREATE_IN_PROGRESS")),
            observed(stack=stack()),
            observed(service("web", old, count=2), stack=stack()),
            observed(
                service("web", deployment(state="IN_PROGRESS", running=0), old, count=2),
                stack=stack(),
            ),
            observed(
                service("web", deployment(state="IN_PROGRESS", running=1), old, count=2),
                stack=stack(),
            ),
            observed(
                service("web", deployment(state="IN_PROGRESS", running=2), old, count=2),
                stack=stack(),
            ),
            observed(service("web", deployment(running=2), count=2), stack=stack()),
        ]

        progress = [judge(DEPLOY, wanted, look).progress for look in looks]

        assert progress == sorted(progress)
        assert len(set(progress)) == len(looks) - 1  # the old service, seen, is no step forward
        assert judge(DEPLOY, wanted, looks[4]).reached == "1 of 2 dynos were running it"


class TestFailure:
    FAILED = replace(deployment(state="FAILED"), reason="tasks failed to start.")

    def test_of_the_rollout_says_which_process_type_and_why(self) -> None:
        shown = observed(service("web", self.FAILED), stack=stack())

        assert judge(DEPLOY, desired(process()), shown).failure == "web: tasks failed to start."

    def test_carries_the_newest_stopped_task_of_that_release_as_evidence(self) -> None:
        def stopped(arn: str, minutes: int, reason: str, **more: object) -> TaskState:
            at = NOON + timedelta(minutes=minutes)
            return task(arn, "STOPPED", stopped_at=at, stopped_reason=reason, **more)

        shown = observed(
            service("web", self.FAILED),
            stack=stack(),
            tasks=(
                stopped("cluster/aaaaaaaa1", 1, "too early"),
                stopped("cluster/bbbbbbbb1", 3, "Essential container in task exited", exit_code=0),
                stopped("cluster/cccccccc1", 9, "an older release", task_definition="web:1"),
                stopped("cluster/dddddddd1", 9, "another process", process_type="worker"),
                task("cluster/eeeeeeee1"),
            ),
        )

        assert judge(DEPLOY, desired(process()), shown).failure == (
            "web: tasks failed to start. Last stopped: web.bbbbbbbb"
            " (Essential container in task exited, exit code 0)."
        )

    def test_of_an_older_release_is_none_of_ours(self) -> None:
        older = replace(self.FAILED, task_definition="web:1")

        assert not judge(
            DEPLOY, desired(process()), observed(service("web", older), stack=stack())
        ).failure

    @pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
    def test_of_the_stack_counts_for_those_whose_attempt_it_was(self, status: str) -> None:
        asked = replace(DEPLOY, marks={"op-1-stack": "op-1-stack"})
        shown = stack(status, template="old", token="op-1-stack", reason="Rule: no such listener")

        assert judge(asked, desired(process()), observed(stack=shown)).failure == (
            f"The app's stack could not be changed ({status}): Rule: no such listener"
        )
        assert not judge(DEPLOY, desired(process()), observed(stack=shown)).failure

    def test_of_the_stack_is_not_told_before_it_has_come_to_rest(self) -> None:
        asked = replace(DEPLOY, marks={"op-1-stack": "op-1-stack"})
        shown = stack("ROLLBACK_IN_PROGRESS", token="op-1-stack", reason="no")

        assert not judge(asked, desired(process()), observed(stack=shown)).failure


class TestScale:
    def test_is_judged_by_counts_of_those_it_names(self) -> None:
        wanted = desired(process("web", quantity=3), process("worker", "worker:3"), asked=(SCALE,))

        def judged(web: ServiceState) -> Judgement:
            return judge(SCALE, wanted, observed(web, service("worker"), stack=stack("X_FAILED")))

        assert judged(service("web", count=3)).satisfied
        assert not judged(service("web", count=3, running=2)).satisfied
        assert not judged(service("web", count=2)).satisfied
        assert judged(service("web", count=3, running=2)).reached == "2 of 3 dynos were running"

    def test_progress_grows_upwards_and_downwards(self) -> None:
        for quantity, way in ((4, (1, 2, 3, 4)), (0, (4, 2, 1, 0))):
            waiting = desired(process(quantity=quantity, asserted=True))
            told = desired(process(quantity=quantity))
            first = judge(SCALE, waiting, observed(service(count=way[0])))
            looks = [
                judge(SCALE, told, observed(service(count=quantity, running=running)))
                for running in way
            ]
            progress = [first.progress, *(look.progress for look in looks)]

            assert progress == sorted(progress)
            assert looks[-1].satisfied

    def test_fails_when_nothing_of_it_should_run_any_more(self) -> None:
        judged = judge(SCALE, desired(process("worker", "worker:2")), observed(service("worker")))

        assert judged.failure == "Nothing of what it names should run any more."


class TestRestart:
    def judged(self, mark: str | None, seen: ServiceState) -> Judgement:
        marks = {restart_step("web"): mark} if mark else {}
        return judge(replace(RESTART, marks=marks), desired(process()), observed(seen))

    def test_succeeds_when_a_newer_deployment_has_replaced_the_marked_one(self) -> None:
        assert self.judged("d0", service("web", deployment(id="d1"))).satisfied

    @pytest.mark.parametrize(
        ("mark", "seen"),
        [
            (None, service("web")),
            ("d1", service("web")),
            ("d0", service("web", deployment(), deployment(id="d0"))),
            ("d0", service("web", deployment(state="IN_PROGRESS"))),
        ],
        ids=["not asked", "not begun", "the old one is still there", "not complete"],
    )
    def test_does_not_succeed_before(self, mark: str | None, seen: ServiceState) -> None:
        assert not self.judged(mark, seen).satisfied

    def test_an_old_failure_is_not_its_own(self) -> None:
        failed = deployment(state="FAILED")

        assert not self.judged("d1", service("web", failed)).failure
        assert self.judged("d0", service("web", failed)).failure

    def test_of_one_dyno_succeeds_when_it_is_gone_and_replaced(self) -> None:
        asked = Asked(OperationKind.RESTART, tasks=("t1",))

        def judged(seen: ServiceState, *tasks: TaskState) -> bool:
            return judge(asked, desired(process()), observed(seen, tasks=tasks)).satisfied

        assert not judged(service(), task("t1"))
        assert not judged(service(running=0, count=1), task("t1", "STOPPED"))
        assert judged(service(), task("t1", "STOPPED"), task("t2"))
        assert judged(service())

    def test_of_one_dyno_does_not_wait_for_services_of_types_that_left(self) -> None:
        asked = Asked(OperationKind.RESTART, tasks=("t1",))
        shown = observed(service(), service("clock", status="INACTIVE", count=0))

        assert judge(asked, desired(process()), shown).satisfied

    def test_fails_when_nothing_of_it_should_run_any_more(self) -> None:
        assert judge(RESTART, desired(), observed()).failure


def test_a_rename_is_done_when_the_stack_fits() -> None:
    asked = Asked(OperationKind.RENAME, marks={"token": "token"})
    wanted = desired(process())

    assert judge(asked, wanted, observed(stack=stack())).satisfied
    assert not judge(asked, wanted, observed(stack=stack(template="old"))).satisfied
    assert judge(asked, replace(wanted, template=None), observed()).satisfied
    failed = stack("UPDATE_ROLLBACK_COMPLETE", template="old", token="token", reason="no")
    assert judge(asked, wanted, observed(stack=failed)).failure


def test_a_destroy_is_done_when_nothing_is_left_and_comes_nearer_step_by_step() -> None:
    asked = Asked(OperationKind.DESTROY)
    known = Desired(exists=False, task_definitions=("web:1",), asked=(asked,))
    none_known = replace(known, task_definitions=())
    looks = [
        (known, observed(service(count=2), stack=stack())),
        (known, observed(service(count=0, running=1), stack=stack())),
        (known, observed(service(count=0, status="DRAINING"), stack=stack())),
        (known, observed(service(count=0, status="INACTIVE"), stack=stack())),
        (none_known, observed(stack=stack("DELETE_IN_PROGRESS"))),
        (none_known, observed()),
    ]

    judged = [judge(asked, wanted, look) for wanted, look in looks]

    assert [j.satisfied for j in judged] == [False] * 5 + [True]
    assert [j.progress for j in judged] == sorted({j.progress for j in judged})
