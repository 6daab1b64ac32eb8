from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from sqlalchemy import delete, func, select, update

from app.db.models import (
    Allocation,
    App,
    Dyno,
    Formation,
    Listener,
    Release,
    Service,
)
from app.services import apps, config, dynos, releases
from tests.fakes.refusing import no
from tests.workers.harness import V1, V2, Platform


def running_v1(platform: Platform, **quantities: int) -> None:
    """v1 runs, one web or as many as asked for, and what it took to get there is forgotten."""
    platform.deploy(V1)
    platform.until_quiet()
    if quantities:
        platform.scale(**quantities)
        platform.until_quiet()
    platform.watch.calls.clear()


class TestDeploy:
    def test_the_first_runs_one_web_and_nothing_else(self, platform: Platform) -> None:
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.ended() == [("deploy", "succeeded")]
        assert platform.running() == {"web": ["v1"], "worker": []}
        app = platform.app()
        assert app.current_release_id == app.desired_release_id
        assert app.observed_generation == app.generation == 1

    def test_goes_stack_first_then_task_definitions_then_services(self, platform: Platform) -> None:
        platform.set(SECRET="sesame")
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.watch.changes() == [
            "create",
            "put",
            "register",
            "register",
            "create_service",
            "create_service",
        ]

    def test_the_image_runs_by_digest_and_through_a_shell(self, platform: Platform) -> None:
        pinned = platform.registry.push(V1)
        platform.deploy(V1)

        platform.until_quiet()

        [definition] = [d for d in platform.aws.services.definitions if "-web:" in d]
        assert platform.container(definition)["image"] == pinned
        assert platform.container(definition)["entryPoint"] == ["/bin/sh", "-c"]
        assert platform.container(definition)["command"] == ["exec python web.py"]

    def test_a_look_older_than_a_service_makes_no_second_one(self, platform: Platform) -> None:
        platform.deploy(V1)
        platform.until(lambda: "register" in platform.watch.calls)
        platform.aws.services.services = lambda names: {}  # type: ignore[method-assign]
        for _ in range(3):
            platform.turn()
            assert not platform.quiet()  # and no task failed
        assert platform.watch.calls.count("create_service") == 6

        del platform.aws.services.services
        platform.until_quiet()

        assert platform.ended() == [("deploy", "succeeded")]
        assert platform.aws.services.deployed == 2

    def test_the_second_rolls_all_process_types_over_in_one_look(self, platform: Platform) -> None:
        running_v1(platform, web=2, worker=1)

        platform.deploy(V2)
        platform.until_quiet()

        assert platform.watch.changes() == ["register", "register"] + ["update_service"] * 2
        assert platform.running() == {"web": ["v2", "v2"], "worker": ["v2"]}

    def test_a_process_type_that_left_is_scaled_down_and_deleted(self, platform: Platform) -> None:
        running_v1(platform, worker=2)

        platform.deploy(V2, {"web": "python web.py"})
        platform.until_quiet()

        assert platform.running() == {"web": ["v2"]}
        assert platform.ended()[-1] == ("deploy", "succeeded")

    def test_web_keeps_its_way_in_until_its_service_is_gone(self, platform: Platform) -> None:
        running_v1(platform)
        name = service(platform, "web")
        platform.deploy(V2, {"worker": "python worker.py"})

        def gone() -> bool:
            return platform.aws.services.services({"web": name})["web"].gone

        while not gone():
            [body] = platform.aws.stacks.bodies.values()
            assert "WebTargetGroup" in body
            platform.turn()
        platform.until_quiet()

        [body] = platform.aws.stacks.bodies.values()
        assert "WebTargetGroup" not in body
        assert platform.ended()[-1] == ("deploy", "succeeded")

    def test_a_process_type_that_comes_back_runs_at_its_old_quantity(
        self, platform: Platform
    ) -> None:
        running_v1(platform, worker=2)
        platform.deploy(V2, {"web": "python web.py"})
        platform.until(lambda: platform.aws.services.made[service(platform, "worker")].desired == 0)

        platform.ask(
            lambda s, app, ann: releases.rollback(s, platform.cipher, app, "v1", actor=ann)
        )
        platform.until_quiet()

        assert platform.running() == {"web": ["v3"], "worker": ["v3", "v3"]}
        assert platform.ended()[-2:] == [("deploy", "superseded"), ("rollback", "succeeded")]

    def test_over_a_deploy_under_way_supersedes_it(self, platform: Platform) -> None:
        platform.deploy(V1)
        platform.turn()

        platform.deploy(V2)
        platform.until_quiet()

        first, second = platform.operations()
        assert (first.status, second.status) == ("superseded", "succeeded")
        assert first.superseded_by_id == second.id
        assert platform.running() == {"web": ["v2"], "worker": []}

    def test_of_an_image_that_is_not_there_fails_and_changes_nothing(
        self, platform: Platform
    ) -> None:
        platform.deploy(V1)
        platform.registry.images.clear()

        platform.until_quiet()

        [operation] = platform.operations()
        assert operation.status == "failed"
        assert operation.reason == f"There is no image {V1}."
        assert platform.watch.changes() == []
        assert platform.app().desired_release_id is None

    def test_asks_a_registry_that_is_down_again_until_the_deadline(
        self, platform: Platform
    ) -> None:
        operation = platform.deploy(V1)
        platform.registry.down = True
        platform.work()
        assert platform.operations()[-1].status == "pending"

        platform.backdate(operation, created_at=timedelta(minutes=3))
        platform.make_due()
        platform.until_quiet()

        assert platform.ended() == [("deploy", "failed")]
        assert platform.operations()[-1].reason == "127.0.0.1:5000 does not answer."

    def test_fails_when_no_load_balancer_has_room(self, platform: Platform) -> None:
        with platform.sessions.begin() as session:
            session.execute(delete(Listener))
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.ended() == [("deploy", "failed")]
        assert "load balancer" in platform.operations()[-1].reason


class TestFailure:
    def test_of_a_first_rollout_scales_to_zero(self, platform: Platform) -> None:
        platform.aws.services.broken.add(platform.registry.push(V1))
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.ended() == [("deploy", "failed"), ("restore", "succeeded")]
        assert platform.running() == {"web": [], "worker": []}
        reason = platform.operations()[0].reason
        assert reason.startswith("web: ECS deployment circuit breaker: tasks failed to start. Last")
        assert "exit code 1" in reason

    def test_of_a_first_rollout_leaves_the_next_deploy_its_quantity(
        self, platform: Platform
    ) -> None:
        platform.aws.services.broken.add(platform.registry.push(V1))
        platform.deploy(V1)
        platform.until_quiet()

        platform.deploy(V2)
        platform.until_quiet()

        assert platform.ended()[-1] == ("deploy", "succeeded")
        assert platform.running() == {"web": ["v2"], "worker": []}

    def test_of_a_later_rollout_puts_the_last_good_release_back(self, platform: Platform) -> None:
        running_v1(platform, web=2, worker=1)
        platform.aws.services.broken.add(platform.registry.push(V2))

        platform.deploy(V2)
        platform.until_quiet()

        assert platform.ended()[-2:] == [("deploy", "failed"), ("restore", "succeeded")]
        assert platform.running() == {"web": ["v1", "v1"], "worker": ["v1"]}
        assert statuses(platform) == ["succeeded", "failed"]

    def test_puts_process_types_back_that_the_failed_release_had_taken_away(
        self, platform: Platform
    ) -> None:
        running_v1(platform, worker=2)
        platform.aws.services.broken.add(platform.registry.push(V2))

        platform.deploy(V2, {"web": "python web.py"})
        platform.until_quiet()

        assert platform.running() == {"web": ["v1"], "worker": ["v1", "v1"]}

    def test_of_the_stack_fails_the_deploy_with_its_cause(self, platform: Platform) -> None:
        platform.aws.stacks.fail = "WebRule: the priority is taken"
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.ended() == [("deploy", "failed"), ("restore", "succeeded")]
        assert platform.operations()[0].reason == (
            "The app's stack could not be changed (ROLLBACK_COMPLETE):"
            " WebRule: the priority is taken"
        )

    def test_of_the_stack_leaves_nothing_in_the_way_of_the_next_deploy(
        self, platform: Platform
    ) -> None:
        platform.aws.stacks.fail = "no"
        platform.deploy(V1)
        platform.until_quiet()
        platform.aws.stacks.fail = ""

        platform.deploy(V2)
        platform.until_quiet()

        assert platform.running() == {"web": ["v2"], "worker": []}
        assert len(set(platform.aws.stacks.tokens)) == len(platform.aws.stacks.tokens) == 2

    def test_of_the_stack_is_the_deploys_though_a_scale_came_after(
        self, platform: Platform
    ) -> None:
        platform.aws.stacks.fail = "no"
        platform.deploy(V1)
        platform.work()  # the image is known
        platform.scale(web=3)

        platform.until_quiet(turns=15)

        assert platform.ended() == [
            ("deploy", "failed"),
            ("scale", "failed"),
            ("restore", "succeeded"),
        ]

    def test_of_a_rename_is_told_and_harms_nothing(self, platform: Platform) -> None:
        running_v1(platform)
        platform.aws.stacks.fail = "no"

        platform.ask(lambda s, app, ann: apps.rename(s, app, "fresh-name", actor=ann))
        platform.until_quiet()

        assert platform.ended()[-1] == ("rename", "failed")
        assert platform.running() == {"web": ["v1"], "worker": []}

    def test_a_template_cloudformation_would_refuse_is_not_sent(self, platform: Platform) -> None:
        platform.faults = ["E1: no such property"]
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.ended()[0] == ("deploy", "failed")
        assert platform.operations()[0].reason == "E1: no such property"
        assert platform.watch.changes() == []

    def test_what_aws_refuses_for_good_fails_with_its_words(self, platform: Platform) -> None:
        platform.watch.before = raising("register", no("RegisterTaskDefinition", "Denied", "No."))
        platform.deploy(V1)

        platform.until_quiet()

        assert platform.ended()[0] == ("deploy", "failed")
        assert platform.operations()[0].reason == "AWS refused RegisterTaskDefinition: No."

    @pytest.mark.parametrize(
        "error",
        [
            no("CreateService", "ThrottlingException", "Rate exceeded"),
            no("CreateService", "ServerException", "Service Unavailable", 503),
            no("CreateService", "InvalidParameterException", "was not idempotent."),
            EndpointConnectionError(endpoint_url="http://127.0.0.1"),
        ],
    )
    def test_what_may_pass_is_tried_again(self, platform: Platform, error: Exception) -> None:
        platform.failing = True
        platform.watch.before = raising("create_service", error)
        platform.deploy(V1)
        platform.until(lambda: "create_service" in platform.watch.calls)
        assert platform.operations()[0].status not in {"failed", "succeeded"}

        platform.watch.before = lambda name: None
        platform.make_due()
        platform.until_quiet()

        assert platform.ended() == [("deploy", "succeeded")]

    def test_no_progress_for_the_deadline_is_timed_out_and_undone(self, platform: Platform) -> None:
        running_v1(platform)
        platform.aws.services.stuck.add(platform.registry.push(V2))
        operation = platform.deploy(V2)
        platform.until(lambda: "update_service" in platform.watch.calls)
        for _ in range(5):
            platform.turn()
        assert platform.operations()[-1].status == "rolling"

        platform.backdate(operation, progressed_at=timedelta(minutes=11))
        platform.until_quiet()

        assert platform.ended()[-2:] == [("deploy", "timed_out"), ("restore", "succeeded")]
        assert platform.operations()[-2].reason == (
            "no progress for 600 s: 0 of 1 dynos were running it"
        )
        assert platform.running() == {"web": ["v1"], "worker": []}


class TestChanges:
    def test_a_config_change_rolls_and_hands_values_to_the_secret_alone(
        self, platform: Platform
    ) -> None:
        running_v1(platform)

        platform.set(GREETING="canary-5309")
        platform.until_quiet()

        assert platform.running() == {"web": ["v2"], "worker": []}
        [versions] = platform.aws.secrets.values.values()
        assert list(versions.values()) == [{"GREETING": "canary-5309"}]
        everything = [*platform.aws.stacks.bodies.values(), *platform.said()]
        everything += [str(d.content) for d in platform.aws.services.definitions.values()]
        assert not [text for text in everything if "canary" in text]

    def test_sixteen_config_changes_end_in_at_most_two_rollouts(self, platform: Platform) -> None:
        running_v1(platform)

        for number in range(16):
            platform.set(**{f"V{number}": "x"})
            if number == 7:
                platform.turn()
        platform.until_quiet()

        ended = [status for kind, status in platform.ended() if kind == "config"]
        assert ended == ["superseded"] * 15 + ["succeeded"]
        assert platform.watch.calls.count("update_service") <= 4  # two process types
        with platform.sessions.begin() as session:
            app = session.get_one(App, platform.app_id)
            assert len(config.current(session, platform.cipher, app)) == 16

    def test_a_rollback_is_a_new_release_at_the_same_scale(self, platform: Platform) -> None:
        running_v1(platform, web=3)
        platform.deploy(V2)
        platform.until_quiet()

        platform.ask(
            lambda s, app, ann: releases.rollback(s, platform.cipher, app, "v1", actor=ann)
        )
        platform.until_quiet()

        assert platform.running() == {"web": ["v3"] * 3, "worker": []}
        assert platform.ended()[-1] == ("rollback", "succeeded")

    def test_one_to_ten_to_five_ends_at_five(self, platform: Platform) -> None:
        running_v1(platform)

        platform.scale(web=10)
        platform.turn()
        platform.turn()
        platform.scale(web=5)
        platform.until_quiet()

        assert platform.ended()[-2:] == [("scale", "superseded"), ("scale", "succeeded")]
        assert platform.operations()[-2].reason.startswith("superseded by #3 (")
        assert platform.running()["web"] == ["v1"] * 5
        assert platform.watch.changes() == ["update_service"] * 2

    def test_one_to_ten_and_back_is_not_fooled_by_a_look_that_is_stale(
        self, platform: Platform
    ) -> None:
        running_v1(platform)
        name = service(platform, "web")
        shown = platform.aws.services.services({"web": name, "worker": service(platform, "worker")})
        stale = shown | {"web": replace(shown["web"], pending=1)}
        platform.scale(web=10)
        platform.turn()
        platform.scale(web=1)
        platform.aws.services.services = lambda names: stale  # type: ignore[method-assign]
        platform.work()
        del platform.aws.services.services

        platform.until_quiet()

        assert platform.ended()[-1] == ("scale", "succeeded")
        assert platform.aws.services.made[name].desired == 1

    def test_a_burst_of_scales_is_one_call(self, platform: Platform) -> None:
        running_v1(platform)

        for quantity in (10, 3, 7, 5):
            platform.scale(web=quantity)
        platform.until_quiet()

        assert platform.watch.changes() == ["update_service"]
        assert platform.running()["web"] == ["v1"] * 5

    def test_a_scale_registers_nothing_and_makes_no_release(self, platform: Platform) -> None:
        running_v1(platform)

        platform.scale(web=2, worker=1)
        platform.until_quiet()

        assert platform.running() == {"web": ["v1", "v1"], "worker": ["v1"]}
        assert statuses(platform) == ["succeeded"]
        assert "register" not in platform.watch.calls

    def test_a_scale_while_a_deploy_rolls_counts_for_both(self, platform: Platform) -> None:
        running_v1(platform)
        platform.deploy(V2)
        platform.until(lambda: "update_service" in platform.watch.calls)

        platform.scale(web=3)
        platform.until_quiet()

        assert platform.ended()[-2:] == [("deploy", "succeeded"), ("scale", "succeeded")]
        assert platform.running()["web"] == ["v2"] * 3

    def test_a_restart_gives_every_dyno_a_new_task_once(self, platform: Platform) -> None:
        running_v1(platform, web=2, worker=1)
        before = tasks(platform)

        platform.ask(lambda s, app, ann: dynos.restart(s, app, actor=ann))
        platform.until_quiet()

        assert platform.watch.changes() == ["update_service"] * 2
        assert len(tasks(platform)) == 3
        assert not tasks(platform) & before

    @pytest.mark.parametrize(("consistency", "calls"), [(5, 1), (0, 4)])
    def test_a_look_older_than_the_restart_does_not_restart_again(
        self, platform: Platform, consistency: float, calls: int
    ) -> None:
        """Without the time that ECS is given to agree with itself, each stale look would."""
        platform = Platform(platform.sessions, platform.cipher, consistency=consistency)
        running_v1(platform)
        stale = platform.aws.services.services(
            {"web": service(platform, "web"), "worker": service(platform, "worker")}
        )
        platform.ask(lambda s, app, ann: dynos.restart(s, app, actor=ann, name="web"))

        platform.aws.services.services = lambda names: stale  # type: ignore[method-assign]
        for _ in range(4):
            platform.work()

        assert platform.watch.changes() == ["update_service"] * calls

    def test_a_restart_of_one_type_leaves_the_others_alone(self, platform: Platform) -> None:
        running_v1(platform, web=2, worker=1)
        before = tasks(platform)

        platform.ask(lambda s, app, ann: dynos.restart(s, app, actor=ann, name="web"))
        platform.until_quiet()

        assert len(tasks(platform) & before) == 1

    def test_one_dyno_is_stopped_and_replaced(self, platform: Platform) -> None:
        running_v1(platform, web=2)
        name = living(platform)[0]
        before = tasks(platform)

        platform.ask(lambda s, app, ann: dynos.restart(s, app, actor=ann, name=name))
        platform.until_quiet()

        assert platform.watch.changes() == ["stop_task"]
        assert len(tasks(platform) & before) == 1
        assert len(tasks(platform)) == 2
        assert name not in living(platform)

    def test_a_rename_updates_the_stack_and_nothing_else(self, platform: Platform) -> None:
        running_v1(platform)

        platform.ask(lambda s, app, ann: apps.rename(s, app, "fresh-name", actor=ann))
        platform.until_quiet()

        assert platform.watch.changes() == ["update"]
        [body] = platform.aws.stacks.bodies.values()
        assert "fresh-name.localhost" in body


class TestDestroy:
    def test_leaves_nothing(self, platform: Platform) -> None:
        running_v1(platform, web=2, worker=1)

        platform.ask(lambda s, app, ann: apps.destroy(s, app, actor=ann))
        platform.until_quiet()

        assert platform.ended()[-1] == ("destroy", "succeeded")
        assert platform.running() == {}
        assert platform.aws.stacks.stacks == {}
        assert not any(d.active for d in platform.aws.services.definitions.values())
        with platform.sessions.begin() as session:
            assert session.scalars(select(Allocation)).all() == []
            assert session.scalars(select(Service)).all() == []
            assert session.scalars(select(Dyno).where(Dyno.stopped_at.is_(None))).all() == []

    def test_before_anything_was_made_is_done_at_once(self, platform: Platform) -> None:
        platform.ask(lambda s, app, ann: apps.destroy(s, app, actor=ann))

        platform.until_quiet()

        assert platform.ended() == [("destroy", "succeeded")]
        assert platform.watch.changes() == []

    @pytest.mark.parametrize("turns", range(7))
    def test_in_the_middle_of_a_deploy_overtakes_it(self, platform: Platform, turns: int) -> None:
        platform.deploy(V1)
        for _ in range(turns):
            platform.turn()

        platform.ask(lambda s, app, ann: apps.destroy(s, app, actor=ann))
        platform.until_quiet()

        assert platform.ended()[-1] == ("destroy", "succeeded")
        assert platform.running() == {}
        assert platform.aws.stacks.stacks == {}

    def test_that_is_refused_leaves_the_app_there_stopped_to_be_destroyed_again(
        self, platform: Platform
    ) -> None:
        running_v1(platform)
        platform.watch.before = raising("delete_service", no("DeleteService", "Denied", "No."))
        platform.ask(lambda s, app, ann: apps.destroy(s, app, actor=ann))
        platform.until_quiet()
        assert platform.ended()[-1] == ("destroy", "failed")
        assert (platform.app().destroyed_at, platform.app().desired_release_id) == (None, None)

        platform.watch.before = lambda name: None
        platform.ask(lambda s, app, ann: apps.destroy(s, apps.find(s, app.name), actor=ann))
        platform.until_quiet()

        assert platform.ended()[-1] == ("destroy", "succeeded")
        assert platform.running() == {}

    def test_that_is_refused_gives_way_to_who_has_its_name_by_now(self, platform: Platform) -> None:
        running_v1(platform)
        name = platform.app().name
        platform.watch.before = raising("delete_service", no("DeleteService", "Denied", "No."))
        platform.ask(lambda s, app, ann: apps.destroy(s, app, actor=ann))
        platform.ask(lambda s, app, ann: apps.create(s, name, owner=ann, cluster="palatine"))

        platform.until_quiet()

        assert platform.app().name == f"{name}-{platform.app().id.hex[:8]}"


class TestAtRest:
    def test_a_foreign_change_is_recorded_and_not_fought(self, platform: Platform) -> None:
        running_v1(platform)
        name = service(platform, "web")
        platform.aws.services.update_service(name, task_definition=None, quantity=4, restart=False)
        for _ in range(4):
            platform.aws.tick()

        platform.look()
        platform.until_quiet()

        assert platform.watch.changes() == []
        assert len(living(platform)) == 4
        with platform.sessions.begin() as session:
            assert sorted(session.scalars(select(Service.desired))) == [0, 4]
            asserted = select(Formation.quantity).where(Formation.process_type == "web")
            assert session.scalar(asserted) == 1

    def test_a_task_ecs_has_forgotten_is_let_go_after_an_hour(self, platform: Platform) -> None:
        running_v1(platform)
        for made in platform.aws.services.made.values():
            made.tasks.clear()
            made.desired = 0
        platform.look()
        platform.until_quiet()
        [dyno] = living(platform)

        with platform.sessions.begin() as session:
            long_ago = func.now() - timedelta(minutes=61)
            session.execute(update(Dyno).values(updated_at=long_ago))
        platform.look()
        platform.until_quiet()

        assert (dyno, living(platform)) == (dyno, [])

    def test_a_foreign_count_survives_the_next_deploy(self, platform: Platform) -> None:
        running_v1(platform)
        name = service(platform, "web")
        platform.aws.services.update_service(name, task_definition=None, quantity=4, restart=False)

        platform.deploy(V2)
        platform.until_quiet()

        assert platform.running()["web"] == ["v2"] * 4

    def test_a_look_at_nothing_changes_nothing(self, platform: Platform) -> None:
        platform.look()

        platform.until_quiet()

        assert platform.watch.changes() == []


def raising(at: str, error: Exception) -> Callable[[str], None]:
    def before(name: str) -> None:
        if name == at:
            raise error

    return before


def service(platform: Platform, process_type: str) -> str:
    [name] = [n for n in platform.aws.services.made if n.endswith(f"-{process_type}")]
    return name


def tasks(platform: Platform) -> set[str]:
    return {arn for made in platform.aws.services.made.values() for arn in made.tasks}


def living(platform: Platform) -> list[str]:
    return platform.ask(lambda s, app, ann: [dyno.name for dyno in dynos.living(s, app)])


def statuses(platform: Platform) -> list[str]:
    with platform.sessions.begin() as session:
        return list(session.scalars(select(Release.status).order_by(Release.version)))
