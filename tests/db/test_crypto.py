from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from app.db.crypto import Cipher, load_key

CIPHER = Cipher(bytes(32))
HERE = {"app_id": uuid4(), "name": "DATABASE_URL", "version": 3}


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_was_sealed_can_be_read(value: str) -> None:
    sealed = CIPHER.encrypt(value, **HERE)

    assert CIPHER.decrypt(sealed, **HERE) == value
    assert len(value) < 4 or value.encode() not in sealed


@pytest.mark.parametrize(
    "moved", [{"app_id": uuid4()}, {"name": "OTHER"}, {"version": 4}], ids=lambda m: next(iter(m))
)
def test_a_ciphertext_cannot_be_moved(moved: dict[str, object]) -> None:
    sealed = CIPHER.encrypt("sesame", **HERE)

    with pytest.raises(InvalidTag):
        CIPHER.decrypt(sealed, **HERE | moved)


@pytest.mark.parametrize("at", [1, 12, 13, -1])
def test_a_ciphertext_cannot_be_changed(at: int) -> None:
    sealed = bytearray(CIPHER.encrypt("sesame", **HERE))
    sealed[at] ^= 1

    with pytest.raises(InvalidTag):
        CIPHER.decrypt(bytes(sealed), **HERE)


def test_another_key_reads_nothing() -> None:
    with pytest.raises(InvalidTag):
        Cipher(bytes([1] * 32)).decrypt(CIPHER.encrypt("sesame", **HERE), **HERE)


def test_the_same_value_is_never_sealed_alike() -> None:
    assert CIPHER.encrypt("sesame", **HERE) != CIPHER.encrypt("sesame", **HERE)


def test_the_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"

    key = load_key(path)

    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_key(path) == key


def test_all_who_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"

    with ThreadPoolExecutor(16) as starters:
        keys = set(starters.map(load_key, [path] * 64))

    assert keys == {path.read_bytes()}
    assert list(tmp_path.iterdir()) == [path]  # nothing is left beside it


@pytest.mark.parametrize("held", [b"", b"short", bytes(33)])
def test_a_file_that_holds_no_key_is_never_replaced(tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(held)

    with pytest.raises(ValueError, match="restore it from your backup"):
        load_key(path)

    assert path.read_bytes() == held
