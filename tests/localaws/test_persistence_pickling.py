"""What pickle alone refuses, and moto has."""

import threading
import weakref
from collections import defaultdict
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from localaws.persistence import pickling


class Named:
    """One that is kept elsewhere."""

    def __init__(self, name: str) -> None:
        self.name = name


class Grown(defaultdict[str, list[int]]):
    def __init__(self, region: str) -> None:
        super().__init__(list)
        self.region = region


OTHERS = {"sqs": Named("sqs")}


def again(thing: object) -> Any:  # noqa: ANN401 (as it was given)
    written = pickling.dumps(thing, lambda it: it.name if isinstance(it, Named) else None)
    return pickling.loads(written, lambda name: OTHERS[name])


def test_locks_are_new_ones() -> None:
    reentrant, plain = again([threading.RLock(), threading.Lock()])

    assert reentrant.acquire(blocking=False)
    assert reentrant.acquire(blocking=False)
    assert not plain.locked()


def test_functions_without_a_name_go_with_what_they_close_over() -> None:
    step = 3

    def count(start: int, times: int = 2) -> int:
        return start + step * times

    added, made = again([lambda it: it + step, count])

    assert (added(1), made(1), made(1, times=1)) == (4, 7, 4)


def test_a_dictionary_of_a_kind_keeps_its_factory_and_its_attributes() -> None:
    grown = Grown("us-east-1")
    grown["a"].append(1)

    found = again(grown)

    assert (dict(found), found.region, found["b"]) == ({"a": [1]}, "us-east-1", [])


def test_what_is_kept_elsewhere_is_the_one_that_is_there() -> None:
    found = again({"queues": OTHERS["sqs"], "again": [OTHERS["sqs"]]})

    assert found["queues"] is OTHERS["sqs"]
    assert found["again"] == [OTHERS["sqs"]]


def test_keys_are_the_same_keys() -> None:
    key = rsa.generate_private_key(65537, 2048)

    assert again(key).private_numbers() == key.private_numbers()


def test_weak_references_hold_what_is_held_besides() -> None:
    held = Grown("eu-west-1")

    found = again([held, weakref.WeakValueDictionary({"it": held})])

    assert found[1]["it"] is found[0]
