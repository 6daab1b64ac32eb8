"""What both the fake and ECS's gateway promise."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from app.domain.observed import ServiceState, TaskState
from app.gateways.ecs import ServiceSpec
from app.gateways.refusals import refusal
from app.stacks.task_definition import fingerprint
from tests.gateways.lands import Land

TYPE = "worker"


class TestTaskDefinition:
    def test_is_found_again_by_its_content(self, land: Land, name: str) -> None:
        content = fingerprint(dict(land.definition(name)))
        assert land.services.registered(name, content) is None

        arn = land.register(name)

        assert land.services.registered(name, content) == arn
        assert land.services.registered(name, "other") is None

    def test_only_the_newest_of_a_family_is_found(self, land: Land, name: str) -> None:
        first = land.register(name, release=1)
        second = land.register(name, release=2)

        assert first != second
        assert land.services.registered(name, hash_of(land, name, 1)) is None
        assert land.services.registered(name, hash_of(land, name, 2)) == second

    def test_deregistered_is_not_found(self, land: Land, name: str) -> None:
        arn = land.register(name)

        land.services.deregister(arn)
        land.services.deregister(arn)  # to do it twice is no error

        assert land.services.registered(name, hash_of(land, name, 1)) is None


class TestService:
    def test_that_was_never_made_is_not_there(self, land: Land, name: str) -> None:
        assert land.services.services({TYPE: name}) == {}

    def test_comes_to_rest_with_its_tasks(self, land: Land, name: str) -> None:
        arn = land.register(name)
        land.services.create_service(spec(name, arn, 2))

        service = at_rest(land, name)

        assert (service.desired, service.running, service.pending) == (2, 2, 0)
        assert service.primary.task_definition == arn
        tasks = living(land, service)
        assert [t.process_type for t in tasks] == [TYPE, TYPE]
        assert {t.task_definition for t in tasks} == {arn}
        assert all(t.started_at and t.version > 0 for t in tasks)

    def test_of_none_comes_to_rest_too(self, land: Land, name: str) -> None:
        land.services.create_service(spec(name, land.register(name), 0))

        assert at_rest(land, name).running == 0

    def test_made_twice_with_one_token_is_made_once(self, land: Land, name: str) -> None:
        made = spec(name, land.register(name), 1)

        land.services.create_service(made)
        land.services.create_service(made)

        assert len(at_rest(land, name).deployments) == 1

    def test_made_again_with_another_token_may_pass(self, land: Land, name: str) -> None:
        """The look before was too early; seen again, the service is there."""
        arn = land.register(name)
        land.services.create_service(spec(name, arn, 1))

        with pytest.raises(ClientError) as refused:
            land.services.create_service(spec(name, arn, 1, token="another"))

        assert refusal(refused.value) is None

    def test_rolls_over_to_another_task_definition_at_the_count_it_has(
        self, land: Land, name: str
    ) -> None:
        land.services.create_service(spec(name, land.register(name), 2))
        before = at_rest(land, name)
        second = land.register(name, release=2)

        update(land, name, task_definition=second)
        rolling = seen(land, name)
        after = at_rest(land, name)

        assert rolling.primary.task_definition == second
        assert rolling.primary.rollout_state == "IN_PROGRESS"
        assert not rolling.stable
        assert after.primary.id != before.primary.id
        assert {t.task_definition for t in living(land, after)} == {second}
        assert (after.desired, after.running) == (2, 2)

    def test_scales_without_a_new_deployment(self, land: Land, name: str) -> None:
        land.services.create_service(spec(name, land.register(name), 1))
        before = at_rest(land, name)

        for quantity in (3, 1, 0):
            update(land, name, quantity=quantity)
            after = at_rest(land, name, quantity)

            assert after.primary.id == before.primary.id
            assert after.running == quantity

    def test_restarts_by_a_new_deployment_of_the_same(self, land: Land, name: str) -> None:
        land.services.create_service(spec(name, land.register(name), 1))
        before = at_rest(land, name)
        [old] = living(land, before)

        update(land, name, restart=True)
        after = at_rest(land, name)

        assert after.primary.id != before.primary.id
        assert after.primary.task_definition == before.primary.task_definition
        assert [t.arn for t in living(land, after)] != [old.arn]

    def test_that_cannot_run_fails_and_is_not_rolled_back(self, land: Land, name: str) -> None:
        land.services.create_service(spec(name, land.register(name), 1))
        at_rest(land, name)
        broken = land.register(name, release=2, command="false")

        update(land, name, task_definition=broken)
        failed = land.until(lambda: (s := seen(land, name)).primary.rollout_state == "FAILED" and s)

        assert failed.primary.task_definition == broken
        assert failed.primary.reason
        stopped = [
            task
            for task in land.services.tasks([failed], [], stopped=True)
            if task.task_definition == broken and task.last_status == "STOPPED"
        ]
        assert {task.dyno_state for task in stopped} == {"crashed"}
        assert all(task.exit_code and task.stopped_at for task in stopped)

    def test_is_deleted_once_it_is_scaled_to_none(self, land: Land, name: str) -> None:
        land.services.create_service(spec(name, land.register(name), 1))
        at_rest(land, name)
        with pytest.raises(ClientError, match="scaled above 0"):
            land.services.delete_service(name)

        update(land, name, quantity=0)
        land.services.delete_service(name)
        gone = land.until(lambda: (s := seen(land, name)).gone and s)

        assert (gone.desired, gone.running) == (0, 0)
        assert land.services.tasks([gone], [], stopped=True) == []
        with pytest.raises(ClientError) as refused:
            update(land, name, quantity=1)
        assert refusal(refused.value) is None  # a look will show that it is gone

    def test_deleted_it_may_be_made_again(self, land: Land, name: str) -> None:
        arn = land.register(name)
        land.services.create_service(spec(name, arn, 0))
        at_rest(land, name)
        land.services.delete_service(name)
        land.until(lambda: seen(land, name).gone)

        land.services.create_service(spec(name, arn, 1, token="another"))

        assert at_rest(land, name).running == 1

    def test_many_are_described_in_as_many_calls_as_it_takes(self, land: Land, name: str) -> None:
        arn = land.register(name)
        names = {f"t{n}": f"{name}-{n}" for n in range(11)}
        for process_type, own in names.items():
            land.services.create_service(spec(own, arn, 0, process_type=process_type))

        assert land.services.services(names).keys() == names.keys()


class TestTask:
    def test_stopped_it_is_replaced_and_still_known_by_its_arn(self, land: Land, name: str) -> None:
        land.services.create_service(spec(name, land.register(name), 1))
        service = at_rest(land, name)
        [old] = living(land, service)

        land.services.stop_task(old.arn, "Asked for by operation #1")
        land.until(lambda: old.arn not in {t.arn for t in living(land, seen(land, name))})
        replaced = at_rest(land, name)

        [shown] = [
            t for t in land.services.tasks([replaced], [old.arn], stopped=False) if t.arn == old.arn
        ]
        assert (shown.last_status, shown.stop_code) == ("STOPPED", "UserInitiated")
        assert shown.stopped_reason == "Asked for by operation #1"
        assert shown.version > old.version
        assert replaced.primary.id == service.primary.id

    def test_that_is_not_there_cannot_be_stopped(self, land: Land) -> None:
        nowhere = f"arn:aws:ecs:us-east-1:123456789012:task/palatine/{'0' * 32}"

        with pytest.raises(ClientError) as refused:
            land.services.stop_task(nowhere, "because")

        assert refusal(refused.value)
        assert land.services.tasks([], [nowhere], stopped=False) == []


def spec(
    name: str, arn: str, quantity: int, *, token: str = "token", process_type: str = TYPE
) -> ServiceSpec:
    return ServiceSpec(
        name=name,
        process_type=process_type,
        task_definition=arn,
        quantity=quantity,
        client_token=f"{name}-{token}"[:36],
        tags={"palatine:app": "app"},
    )


def update(
    land: Land,
    name: str,
    *,
    task_definition: str | None = None,
    quantity: int | None = None,
    restart: bool = False,
) -> None:
    land.services.update_service(
        name, task_definition=task_definition, quantity=quantity, restart=restart
    )


def seen(land: Land, name: str) -> ServiceState:
    return land.services.services({TYPE: name})[TYPE]


def at_rest(land: Land, name: str, count: int | None = None) -> ServiceState:
    def rested() -> ServiceState | None:
        service = seen(land, name)
        return service if service.stable and count in {None, service.desired} else None

    found: ServiceState = land.until(rested)
    return found


def living(land: Land, service: ServiceState) -> list[TaskState]:
    tasks = land.services.tasks([service], [], stopped=False)
    return [task for task in tasks if task.last_status == "RUNNING"]


def hash_of(land: Land, name: str, release: int) -> str:
    return fingerprint(dict(land.definition(name, release=release)))
