"""A worker is killed before and after every call it makes: same end, nothing doubled.

The calls are those of one undisturbed life of the sample app (`calls` says how they are told
apart). Each of them is then some worker's last (`cases`), once just before it is made and once just
after; another worker brings the operation to its end (`lives`), and all that is there in the end
(`ends`) must be what the undisturbed life came to.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.e2e.crashing import cases, lives
from tests.e2e.crashing.cases import Lasts
from tests.e2e.crashing.crew import Crew, crew
from tests.e2e.crashing.ends import End
from tests.e2e.crashing.lives import Life
from tests.e2e.crashing.standing import Installation, standing

SIDE_BY_SIDE = 8  # lives at a time: most of a life is waiting
_ALL_WITHIN = 900  # seconds; about 200 on two cores with nothing else to do


@pytest.mark.timeout(_ALL_WITHIN)
def test_a_worker_killed_at_any_call_changes_nothing_of_the_end() -> None:
    with tempfile.TemporaryDirectory(prefix="palatine-crashes-") as scratch:
        folder = Path(scratch)
        with standing(folder, SIDE_BY_SIDE) as installations, crew(folder) as workers:
            calm = lives.undisturbed(installations[0], workers)
            assert calm.trouble == ""
            _check(calm.ends)
            asked = cases.lives_for(calm.calls)
            lived = _live_all(asked, installations, workers)

    assert [life.trouble for life in lived if life.trouble] == []
    assert [wrong for life in lived if (wrong := _difference(life, calm.ends))] == []
    assert cases.missing(calm.calls, [life.lasts for life in lived]) == []
    assert [call for life in lived for call in cases.unknown(life.calls, calm.calls)] == []


def _live_all(asked: list[Lasts], installations: list[Installation], workers: Crew) -> list[Life]:
    free: SimpleQueue[Installation] = SimpleQueue()
    for installation in installations:
        free.put(installation)

    def live(number: int) -> Life:
        installation = free.get(timeout=_ALL_WITHIN)
        life = lives.live(installation, workers, f"life-{number}", asked[number])
        if not life.trouble:  # else something of it may still go on there
            free.put(installation)
        return life

    with ThreadPoolExecutor(len(installations)) as pool:
        return list(pool.map(live, range(len(asked))))


def _difference(life: Life, ends: Mapping[str, End]) -> str:
    """The first: what went wrong in one operation is still wrong after the next."""
    for ask, end in life.ends.items():
        for what, came in end.items():
            if came != ends[ask][what]:
                at = f"{life.name}, killed at {life.lasts[ask]} of the {ask}"
                return f"{at}: {what} {came}, not {ends[ask][what]}"
    return ""


def _check(ends: Mapping[str, End]) -> None:
    """That the undisturbed life came to what it should: every other is compared with it."""
    first, second, scaled, restarted, destroyed = (ends[ask] for ask in lives.ASKS)
    for number, end in enumerate((first, second, scaled, restarted, destroyed), 1):
        assert [status for _, _, status in end["operations"]] == ["succeeded"] * number
        assert end["terminal events of each operation"] == [(1,)] * number
    for end in (first, second, scaled, restarted):
        assert end["stacks ever"] == [("CREATE_COMPLETE", {"CREATE_IN_PROGRESS": 1})]
        assert (end["config versions"], end["targets"]) == (1, 1)

    assert (first["releases"], first["slugs"]) == ([(1, "succeeded", 1)], 1)
    assert (second["slugs"], restarted["slugs"]) == (2, 2)
    assert restarted["releases"] == [(1, "succeeded", 1), (2, "succeeded", 1)]
    assert _deployments(first) == {"web": 1, "worker": 1}
    assert _deployments(second) == _deployments(scaled) == {"web": 2, "worker": 2}
    assert _deployments(restarted) == {"web": 3, "worker": 3}
    assert _running(second) == {"web": (1, 1, "v2"), "worker": (0, 0, "v2")}
    assert _running(restarted) == {"web": (1, 1, "v2"), "worker": (1, 1, "v2")}
    for end, definitions in ((first, 1), (restarted, 2)):
        counted = {"ACTIVE": definitions, "INACTIVE": 0}
        assert end["task definitions"] == {"web": counted, "worker": counted}

    assert destroyed["services"] == {}
    [(status, changes)] = destroyed["stacks ever"]
    assert (status, changes["DELETE_IN_PROGRESS"]) == ("DELETE_COMPLETE", 1)
    assert (destroyed["dynos"], destroyed["places on the listener"]) == ([], 0)


def _deployments(end: End) -> dict[str, int]:
    assert all(service["deployments now"] == 1 for service in end["services"].values())
    return {type_: len(service["deployments ever"]) for type_, service in end["services"].items()}


def _running(end: End) -> dict[str, tuple[int, int, str]]:
    return {
        type_: (service["desired"], service["running"], service["runs"][1])
        for type_, service in end["services"].items()
    }
