"""What the local AWS can be told when it starts."""

import math
from pathlib import Path

import pytest

from localaws.clock import Clock, ScaledClock
from localaws.main import serve
from localaws.options import Options, Unusable

HOME = Path("/nowhere")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"driver": "podman"}, "--driver is one of"),
        ({"time_scale": -1.0}, "--time-scale is from 0 to 1000"),
        ({"time_scale": math.nan}, "--time-scale is from 0 to 1000"),
        ({"time_scale": 0.0}, "--time-scale 0 stops the clock, but --driver process runs real"),
        ({"router_port": 4566}, "--port and --router-port cannot both be 4566"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(
    given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Unusable, match=sentence):
        Options(**{"port": 4566, "router_port": 8000, "home": HOME} | given)  # type: ignore[arg-type]


def test_the_clock_is_as_quick_as_it_was_asked_to_be() -> None:
    clocks = [Options(1, 2, HOME, time_scale=scale).clock() for scale in (1, 60)]

    assert [type(one) for one in clocks] == [Clock, ScaledClock]
    assert [one.scale for one in clocks] == [1, 60]


def test_a_scenario_that_cannot_be_is_a_sentence_and_nothing_starts(tmp_path: Path) -> None:
    scenario = tmp_path / "storm.yaml"
    scenario.write_text("faults: [{kind: plague}]")

    with pytest.raises(SystemExit, match=r"storm\.yaml: kind is one of "):
        serve(Options(0, 0, tmp_path / "home", scenario=scenario))

    assert not (tmp_path / "home").exists()
