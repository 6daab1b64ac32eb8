"""The cases that a recorded life asks for: each of its calls, before and after it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.e2e.crashing.calls import MOMENTS

Lasts = Mapping[str, str | None]  # operation → the last call of the worker that begins it


def lasts_of(ask: str, calls: Sequence[str]) -> list[str]:
    """Of a deploy, every call. What else is asked of an app goes the same road: there, what
    changes something, and the first look of each kind."""
    if not ask.endswith("deploy"):
        calls = [call for call in calls if " after " not in call and not call.startswith("sqs.")]
    return [f"{call}:{moment}" for call in calls for moment in MOMENTS]


def lives_for(recorded: Mapping[str, Sequence[str]]) -> list[Lasts]:
    """As few lives as have every case in one of them.

    The later operations need the earlier ones, so each life goes on for as long as there is a
    case for it, and brings one more case of every operation up to there.
    """
    cases = {ask: lasts_of(ask, calls) for ask, calls in recorded.items()}
    lives = []
    for number in range(max(map(len, cases.values()))):
        drawn = {ask: dict(enumerate(of)).get(number) for ask, of in cases.items()}
        needed = max(index for index, last in enumerate(drawn.values()) if last) + 1
        lives.append(dict(list(drawn.items())[:needed]))
    return lives


def missing(recorded: Mapping[str, Sequence[str]], lived: Sequence[Lasts]) -> list[str]:
    """What was called and has not both its cases."""
    had = {(ask, last) for lasts in lived for ask, last in lasts.items()}
    return [
        f"{ask}: {last}"
        for ask, calls in recorded.items()
        for last in lasts_of(ask, calls)
        if (ask, last) not in had
    ]


def unknown(calls: Mapping[str, Sequence[str]], recorded: Mapping[str, Sequence[str]]) -> list[str]:
    """What a life called that the recorded one did not. A look may come at another time."""
    return [
        f"{ask}: {call}"
        for ask, made in calls.items()
        for call in made
        if _kind(call) not in {_kind(known) for known in recorded[ask]}
    ]


def _kind(call: str) -> str:
    return call.partition(" after ")[0]
