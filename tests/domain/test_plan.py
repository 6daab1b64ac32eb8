from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.desired import Asked, Desired, restart_step
from app.domain.observed import Observed, ServiceState, StackState
from app.domain.operation import OperationKind
from app.domain.plan import (
    Action,
    CreateService,
    CreateStack,
    DeleteService,
    DeleteStack,
    DeregisterTaskDefinition,
    PutConfig,
    RegisterTaskDefinition,
    StopTask,
    UpdateService,
    UpdateStack,
    plan,
    restarts_due,
)
from tests.domain.worlds import (
    DEPLOY,
    OUTPUTS,
    deployment,
    desired,
    observed,
    process,
    service,
    stack,
    task,
)

WORLDS = {
    "nothing at all": observed(),
    "a dead stack": observed(stack=stack("ROLLBACK_COMPLETE")),
    "another template": observed(stack=stack(template="foreign")),
    "another task definition": observed(service("web", deployment("web:99")), stack=stack()),
    "another count": observed(service("web", count=7), stack=stack()),
    "a service nobody wants": observed(service("clock"), stack=stack()),
    "a service deleted": observed(service("web", status="INACTIVE"), stack=stack()),
}


@pytest.mark.parametrize("shown", list(WORLDS.values()), ids=list(WORLDS))
def test_nothing_is_done_when_nothing_is_asked(shown: Observed) -> None:
    resting = desired(process("web", quantity=2, asserted=True), asked=())

    assert plan(resting, shown) == []
    assert plan(replace(resting, exists=False), shown) == []


class TestStack:
    @pytest.mark.parametrize(
        ("shown", "actions"),
        [
            (None, [CreateStack()]),
            (stack("CREATE_IN_PROGRESS", outputs={}), []),
            (stack("ROLLBACK_IN_PROGRESS", outputs={}), []),
            (stack("DELETE_IN_PROGRESS", outputs={}), []),
            (stack("CREATE_FAILED", outputs={}), [DeleteStack()]),
            (stack("ROLLBACK_COMPLETE", outputs={}), [DeleteStack()]),
            (stack("ROLLBACK_FAILED", outputs={}), [DeleteStack()]),
            (stack("DELETE_FAILED", outputs={}), [DeleteStack()]),
            (stack(template="old", outputs={}), [UpdateStack()]),
            (stack("UPDATE_ROLLBACK_COMPLETE", template="old", outputs={}), [UpdateStack()]),
        ],
    )
    def test_before_its_outputs_are_there_only_the_stack_is_acted_on(
        self, shown: StackState | None, actions: list[Action]
    ) -> None:
        assert plan(desired(process(definition=None)), observed(stack=shown)) == actions

    def test_a_deploy_does_not_wait_for_an_update_of_a_stack_that_has_what_it_needs(self) -> None:
        changing = stack("UPDATE_IN_PROGRESS", template="old")
        shown = observed(service("web", deployment("web:1")), stack=changing)

        assert plan(desired(process()), shown) == [UpdateService("web", task_definition="web:2")]

    @pytest.mark.parametrize(
        ("shown", "actions"),
        [
            (stack("UPDATE_IN_PROGRESS", template="old"), []),
            (stack("UPDATE_IN_PROGRESS"), []),
            (stack(template="old"), [UpdateStack()]),
        ],
    )
    def test_a_new_service_hangs_on_nothing_that_may_be_on_its_way_out(
        self, shown: StackState, actions: list[Action]
    ) -> None:
        assert plan(desired(process()), observed(stack=shown)) == actions

    def test_one_output_too_few_is_too_few(self) -> None:
        shown = observed(stack=stack(outputs={"LogGroup": OUTPUTS["LogGroup"]}))

        assert plan(desired(process()), shown) == []

    def test_a_rename_touches_the_stack_alone(self) -> None:
        renaming = desired(process(), asked=(Asked(OperationKind.RENAME),))

        assert plan(renaming, observed(service(), stack=stack(template="old"))) == [UpdateStack()]


class TestTaskDefinitions:
    def test_come_before_any_service_and_after_the_config_they_refer_to(self) -> None:
        wanted = desired(process("web", "web:2"), process("worker", None), process("clock", None))
        shown = observed(service("web", deployment("web:1")), stack=stack())

        assert plan(wanted, shown) == [
            PutConfig(),
            RegisterTaskDefinition("worker"),
            RegisterTaskDefinition("clock"),
        ]

    def test_once_all_are_there_all_process_types_move_together(self) -> None:
        wanted = desired(process("web", "web:2"), process("worker", "worker:2"))
        shown = observed(
            service("web", deployment("web:1")),
            service("worker", deployment("worker:1")),
            stack=stack(),
        )

        assert plan(wanted, shown) == [
            UpdateService("web", task_definition="web:2"),
            UpdateService("worker", task_definition="worker:2"),
        ]


class TestService:
    def test_that_ecs_does_not_know_is_created_with_its_quantity(self) -> None:
        assert plan(desired(process(quantity=3)), observed(stack=stack())) == [
            CreateService("web", "web:2", 3)
        ]

    def test_that_was_deleted_is_created_anew(self) -> None:
        shown = observed(service(status="INACTIVE"), stack=stack())

        assert plan(desired(process()), shown) == [CreateService("web", "web:2", 1)]

    def test_that_is_draining_is_waited_for(self) -> None:
        assert plan(desired(process()), observed(service(status="DRAINING"), stack=stack())) == []

    def test_on_target_is_left_alone(self) -> None:
        assert plan(desired(process()), observed(service(), stack=stack())) == []

    def test_a_count_that_nobody_asserts_is_left_alone(self) -> None:
        assert plan(desired(process(quantity=1)), observed(service(count=7), stack=stack())) == []

    def test_an_asserted_count_is_set_by_itself(self) -> None:
        wanted = desired(process(quantity=3, asserted=True))

        assert plan(wanted, observed(service(count=1), stack=stack())) == [
            UpdateService("web", quantity=3)
        ]

    def test_an_asserted_count_that_is_there_already_needs_nothing(self) -> None:
        wanted = desired(process(quantity=3, asserted=True))

        assert plan(wanted, observed(service(count=3), stack=stack())) == []

    def test_release_and_count_go_in_one_call(self) -> None:
        wanted = desired(process(quantity=3, asserted=True))
        shown = observed(service("web", deployment("web:1"), count=1), stack=stack())

        assert plan(wanted, shown) == [
            UpdateService("web", task_definition="web:2", quantity=3),
        ]

    def test_with_five_deployments_waits_for_one_to_go(self) -> None:
        old = [deployment(f"web:{n}", id=f"d{n}") for n in (11, 12, 13, 14, 15)]

        assert plan(desired(process()), observed(service("web", *old), stack=stack())) == []
        assert plan(desired(process()), observed(service("web", *old[:4]), stack=stack())) == [
            UpdateService("web", task_definition="web:2")
        ]


class TestRestart:
    ASKED = Asked(OperationKind.RESTART, process_types=frozenset({"web"}))

    @pytest.mark.parametrize(
        ("mark", "recent", "due"),
        [
            (None, False, True),  # never asked of ECS
            ("d1", True, False),  # asked a moment ago: this look may be older than that
            ("d1", False, True),  # asked, but ECS never heard it
            ("d0", False, False),  # a newer deployment exists
            ("d0", True, False),
        ],
    )
    def test_is_asked_once_for_each_deployment(
        self, mark: str | None, recent: bool, due: bool
    ) -> None:
        step = restart_step("web")
        asked = replace(
            self.ASKED,
            marks={step: mark} if mark else {},
            recent=frozenset({step}) if recent else frozenset(),
        )
        wanted = desired(process("web"), process("worker", "worker:2"), asked=(asked,))
        shown = observed(service("web"), service("worker"), stack=stack())

        assert restarts_due(wanted, shown) == (["web"] if due else [])
        assert plan(wanted, shown) == ([UpdateService("web", restart=True)] if due else [])

    def test_a_rollout_is_a_restart(self) -> None:
        wanted = desired(process("web", "web:3"), asked=(self.ASKED, DEPLOY))

        assert plan(wanted, observed(service(), stack=stack())) == [
            UpdateService("web", task_definition="web:3")
        ]

    def test_asked_twice_is_one_call(self) -> None:
        wanted = desired(process("web"), asked=(self.ASKED, self.ASKED))

        assert restarts_due(wanted, observed(service(), stack=stack())) == ["web"]

    def test_a_dyno_is_stopped_while_it_runs(self) -> None:
        asked = Asked(OperationKind.RESTART, tasks=("t1", "t2", "t3"))
        shown = observed(service(), stack=stack(), tasks=(task("t1"), task("t2", "STOPPED")))

        assert plan(desired(process(), asked=(asked,)), shown) == [StopTask("t1")]
        assert restarts_due(desired(process(), asked=(asked,)), shown) == []


class TestProcessTypesThatLeft:
    def test_are_scaled_down_and_then_deleted(self) -> None:
        def step(left: ServiceState) -> list[Action]:
            return plan(desired(process()), observed(service(), left, stack=stack()))

        assert step(service("clock", count=2)) == [UpdateService("clock", quantity=0)]
        assert step(service("clock", count=0, running=2)) == [DeleteService("clock")]
        assert step(service("clock", status="DRAINING", count=0)) == []
        assert step(service("clock", status="INACTIVE", count=0)) == []

    def test_when_nothing_should_run_services_are_scaled_down_and_kept(self) -> None:
        nothing = desired()

        assert plan(nothing, observed(service(count=2), stack=stack())) == [
            UpdateService("web", quantity=0)
        ]
        assert plan(nothing, observed(service(count=0), stack=stack())) == []


class TestTearDown:
    WANTED = Desired(exists=False, task_definitions=("web:1", "web:2"), asked=(DEPLOY,))

    def test_goes_from_the_services_to_the_stack(self) -> None:
        steps = [
            observed(service("web", count=2), service("worker", count=0), stack=stack()),
            observed(service(status="DRAINING", count=0, running=1), stack=stack()),
            observed(service(status="INACTIVE", count=0), stack=stack()),
            observed(stack=stack("DELETE_IN_PROGRESS")),
            observed(),
        ]
        forget = [DeregisterTaskDefinition("web:1"), DeregisterTaskDefinition("web:2")]

        assert [plan(self.WANTED, shown) for shown in steps] == [
            [UpdateService("web", quantity=0), DeleteService("worker")],
            [],
            [*forget, DeleteStack()],
            forget,
            forget,
        ]
        assert plan(replace(self.WANTED, task_definitions=()), observed()) == []

    def test_a_stack_that_is_still_being_made_is_waited_for(self) -> None:
        none_known = replace(self.WANTED, task_definitions=())

        assert plan(none_known, observed(stack=stack("CREATE_IN_PROGRESS"))) == []
        assert plan(none_known, observed(stack=stack("DELETE_FAILED"))) == [DeleteStack()]
