"""Every minute: what the metrics say, what the alarms make of it, and what scales."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localaws.scaling import activities, alarms, capacity, decisions, metrics, policies
from localaws.scaling.alarms import Alarm
from localaws.scaling.capacity import Capacity
from localaws.scaling.model import Policy, State, Target

if TYPE_CHECKING:
    from localaws.world import World

EVERY_SECONDS = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    policy: Policy
    alarm: Alarm
    datapoints: Sequence[float | None]
    ringing: bool


@dataclass(frozen=True)
class Proposal:
    seen: Seen
    base: int
    desired: int
    out: bool

    @property
    def cause(self) -> str:
        return f"monitor alarm {self.seen.alarm.name} in state ALARM triggered policy " + (
            self.seen.policy.name
        )


async def evaluate(world: World, state: State) -> None:
    for target in list(state.targets.values()):
        try:
            await _evaluate(world, state, target)
        except Exception:
            _log.exception("%s was not evaluated", target.key.resource)


async def _evaluate(world: World, state: State, target: Target) -> None:
    seen = [
        await _look(world, state, policy, alarms.read(shown))
        for policy in policies.of(state, target.key)
        for shown in await alarms.of(world, policy)
    ]
    if any(one.ringing for one in seen) and (now := await capacity.read(world, target.key)):
        await _act(world, state, target, seen, now)


async def _look(world: World, state: State, policy: Policy, alarm: Alarm) -> Seen:
    """Tells CloudWatch when the alarm's state changes."""
    found = await metrics.datapoints(
        world, state, alarm.metric, alarm.periods, alarm.period_seconds
    )
    now = decisions.alarm_state(alarm, found)
    if now != alarm.state:
        values = ", ".join("-" if one is None else str(one) for one in found)
        why = f"Threshold Crossed: datapoints [{values}], threshold {alarm.threshold}."
        await alarms.tell(world, alarm.name, now, why)
    return Seen(policy, alarm, found, ringing=now == "ALARM" and alarm.acts)


async def _act(
    world: World, state: State, target: Target, seen: Sequence[Seen], now: Capacity
) -> None:
    """The largest capacity that is asked for wins; in, where none wants out and all want in."""
    asked = [_proposal(world, one, now.desired) for one in seen if one.ringing]
    proposals = [one for one in asked if one]
    outs = [one for one in proposals if one.out]
    if outs:
        await _scale(world, state, target, max(outs, key=lambda one: one.desired), now)
    elif proposals and _all_want_in(seen):
        await _scale(world, state, target, max(proposals, key=lambda one: one.desired), now)


def _proposal(world: World, seen: Seen, current: int) -> Proposal | None:
    policy, at = seen.policy, world.clock.now()
    if not policy.tracking:
        return _stepped(seen, current, world)
    out = seen.alarm.high
    base = decisions.base_of(policy, current, at, out=out)
    value = next((one for one in reversed(seen.datapoints) if one is not None), None)
    if base is None or value is None:
        return None
    target = policy.configuration["TargetValue"]
    desired = decisions.tracked(base, value, target, out=out)
    return Proposal(seen, current, desired if out else min(desired, current), out)


def _stepped(seen: Seen, current: int, world: World) -> Proposal | None:
    policy, at = seen.policy, world.clock.now()
    out = decisions.stepped(current, policy, seen.alarm, seen.datapoints) > current
    base = decisions.base_of(policy, current, at, out=out)
    if base is None:
        return None
    desired = decisions.stepped(base, policy, seen.alarm, seen.datapoints)
    return Proposal(seen, current, desired, out)


def _all_want_in(seen: Sequence[Seen]) -> bool:
    """A target tracking policy that still needs what there is holds the others back."""
    lows = [one for one in seen if one.policy.tracking and not one.alarm.high]
    return all(one.ringing for one in lows)


async def _scale(
    world: World, state: State, target: Target, proposal: Proposal, now: Capacity
) -> None:
    out, suspended = proposal.out, target.suspended
    if suspended["DynamicScalingOutSuspended" if out else "DynamicScalingInSuspended"]:
        return
    if reason := _held(proposal, target, now):
        activities.not_scaled(world, state, target.key, proposal.cause, reason)
        return
    desired = capacity.within(proposal.desired, target.minimum, target.maximum)
    decisions.moved(proposal.seen.policy, world.clock.now(), now.desired, out=out)
    await activities.scale(world, state, target.key, desired, proposal.cause)


def _held(proposal: Proposal, target: Target, now: Capacity) -> dict[str, Any] | None:
    """Why nothing moves, as a NotScaledReason."""
    current = now.desired
    desired = capacity.within(proposal.desired, target.minimum, target.maximum)
    if proposal.out and desired <= current >= target.maximum:
        return {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.maximum}
    if not proposal.out and desired >= current <= target.minimum:
        return {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.minimum}
    if desired == current or (desired > current) != proposal.out:
        return {"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": current}
    if not proposal.out and now.deploying:
        return {"Code": "TargetServicePutResourceAsUnscalable", "CurrentCapacity": current}
    return None
