from __future__ import annotations

import pytest

from app.domain.errors import Invalid
from app.domain.names import (
    MAX_CONFIG_BYTES,
    MAX_CONFIG_VARS,
    RESERVED,
    check_app_name,
    check_config_names,
    check_config_size,
)


@pytest.mark.parametrize("name", ["abc", "a1b", "acme-inc", "a--b", "a" * 30])
def test_a_good_name_of_an_app(name: str) -> None:
    assert check_app_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 31,
        "Acme",
        "1abc",
        "-abc",
        "abc-",
        "a_b",
        "a.b",
        "abc\n",
        "äbc",
        "a b",
        "a\0b",
    ],
)
def test_a_bad_name_of_an_app(name: str) -> None:
    with pytest.raises(Invalid, match="3 to 30 lower-case letters"):
        check_app_name(name)


@pytest.mark.parametrize("name", ["A", "a", "_x", "DATABASE_URL", "A1", "x" * 256])
def test_a_good_name_of_a_config_var(name: str) -> None:
    check_config_names({name: "value"})


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A.B", "A B", "A=B", "A\n", "Ä", "x" * 257])
def test_a_bad_name_of_a_config_var(name: str) -> None:
    with pytest.raises(Invalid, match="cannot be a config var"):
        check_config_names({name: "value"})


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_what_the_platform_sets_cannot_be_set(name: str) -> None:
    with pytest.raises(Invalid, match="set by the platform"):
        check_config_names({name: None})


def test_two_hundred_config_vars_and_no_more() -> None:
    full = {f"V{n}": "" for n in range(MAX_CONFIG_VARS)}

    check_config_size(full)
    with pytest.raises(Invalid, match="this would make 201"):
        check_config_size(full | {"ONE_MORE": ""})


def test_sixty_kibibytes_and_no_more() -> None:
    check_config_size({"A": "x" * (MAX_CONFIG_BYTES - 1)})
    with pytest.raises(Invalid, match="60 KiB"):
        check_config_size({"A": "x" * MAX_CONFIG_BYTES})
    check_config_size({"A": "é" * (MAX_CONFIG_BYTES // 2 - 1)})


def test_what_a_secret_could_not_hold_is_refused_though_it_is_shorter() -> None:
    with pytest.raises(Invalid, match="Written as JSON"):
        check_config_size({"A": '"' * (MAX_CONFIG_BYTES - 100)})


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_a_value_no_environment_can_carry_is_refused(value: str) -> None:
    with pytest.raises(Invalid, match="The value of A holds a character"):
        check_config_size({"A": value})
