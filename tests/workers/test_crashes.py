"""A worker that is killed before or after any call of its: the same end, and nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from app.db.crypto import Cipher
from app.services import apps, dynos, releases
from tests.workers.harness import V1, V2, Platform

Ask = Callable[[Platform], object]

ASKS: dict[str, Ask] = {
    "deploy": lambda p: p.deploy(V2),
    "fewer": lambda p: p.deploy(V2, {"web": "python web.py"}),
    "config": lambda p: p.set(COLOUR="blue"),
    "scale": lambda p: p.scale(web=3, worker=1),
    "restart": lambda p: p.ask(lambda s, app, ann: dynos.restart(s, app, actor=ann)),
    "rollback": lambda p: p.ask(
        lambda s, app, ann: releases.rollback(s, p.cipher, app, "v1", actor=ann)
    ),
    "rename": lambda p: p.ask(lambda s, app, ann: apps.rename(s, app, _fresh(), actor=ann)),
    "destroy": lambda p: p.ask(lambda s, app, ann: apps.destroy(s, app, actor=ann)),
    "broken": lambda p: _deploy_broken(p),
}
_names = count(1)


@pytest.fixture
def make(sessions: sessionmaker[Session], cipher: Cipher) -> Callable[[], Platform]:
    """Platforms that share a database and nothing else."""

    return lambda: Platform(sessions, cipher)


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_a_first_deploy_every_call_may_be_the_last(
    make: Callable[[], Platform], when: str
) -> None:
    calm = make()
    calm.set(COLOUR="red")
    calm.deploy(V1)
    calm.survive()

    for number in range(len(calm.watch.calls)):
        shaken = make()
        shaken.watch.kills = {number: when}
        shaken.set(COLOUR="red")
        shaken.deploy(V1)

        assert shaken.survive() == 1, shaken.watch.calls
        assert end(shaken) == end(calm), f"killed {when} {calm.watch.calls[number]}"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("ask", ASKS)
def test_of_a_change_every_call_may_be_the_last(
    make: Callable[[], Platform], ask: str, when: str
) -> None:
    calm = changed(make(), ask)
    changes = [n for n, name in enumerate(calm.watch.calls) if name in set(calm.watch.changes())]

    for number in changes:
        shaken = changed(make(), ask, {number: when})

        assert end(shaken) == end(calm), f"killed {when} {calm.watch.calls[number]}"


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    asks=st.lists(st.sampled_from([ask for ask in ASKS if ask != "destroy"]), max_size=3),
    kills=st.dictionaries(st.integers(0, 80), st.sampled_from(["before", "after"]), max_size=6),
)
def test_any_number_of_kills_changes_nothing_of_the_end(
    engine: Engine, cipher: Cipher, asks: list[str], kills: dict[int, str]
) -> None:
    with engine.connect() as connection:
        transaction = connection.begin()
        sessions = sessionmaker(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        calm, shaken = Platform(sessions, cipher), Platform(sessions, cipher)
        shaken.watch.kills = kills

        for platform in (calm, shaken):
            platform.deploy(V1)
            platform.survive()
            for ask in asks:
                ASKS[ask](platform)
                platform.survive()

        assert end(shaken) == end(calm)
        transaction.rollback()


def changed(platform: Platform, ask: str, kills: dict[int, str] | None = None) -> Platform:
    """v1 runs; then one thing is asked for, and a worker dies at each of the calls."""
    platform.deploy(V1)
    platform.survive()
    platform.watch.calls.clear()
    platform.watch.kills = kills or {}
    ASKS[ask](platform)

    assert platform.survive() == len(kills or {})
    return platform


def end(platform: Platform) -> object:
    """What a user and AWS's bill can tell: what runs, what ended how, and how much was made."""
    aws = platform.aws
    return {
        "running": platform.running(),
        "operations": platform.ended(),
        "services": sorted(
            (s.spec.process_type, s.status, s.desired, len(s.deployments))
            for s in aws.services.made.values()
        ),
        "definitions": Counter(d.active for d in aws.services.definitions.values()),
        "deployments": aws.services.deployed,
        "secrets": sorted(map(len, aws.secrets.values.values())),
        "stacks": sorted((s.status, len(s.outputs)) for s in aws.stacks.stacks.values()),
        "attempts": len(aws.stacks.tokens),
    }


def _deploy_broken(platform: Platform) -> None:
    platform.aws.services.broken.add(platform.registry.push(V2))
    platform.deploy(V2)


def _fresh() -> str:
    return f"fresh-{next(_names)}"
