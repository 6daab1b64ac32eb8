from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.image import Image, ImageReference

DIGEST = "sha256:" + "0a" * 32
LONG = "sha512:" + "0a" * 64

parts = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
registries = st.sampled_from(
    ["docker.io", "localhost", "localhost:5000", "127.0.0.1:4566", "[::1]:5000", "r.example.com"]
)
references = st.builds(
    ImageReference,
    registry=registries,
    repository=st.lists(parts, min_size=2, max_size=4).map("/".join),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True),
    digest=st.sampled_from([None, DIGEST, LONG]),
)


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("hello", "docker.io", "library/hello", "latest", None),
        ("hello:v1", "docker.io", "library/hello", "v1", None),
        ("acme/hello", "docker.io", "acme/hello", "latest", None),
        ("docker.io/hello", "docker.io", "library/hello", "latest", None),
        ("index.docker.io/acme/hello", "docker.io", "acme/hello", "latest", None),
        ("localhost/hello", "localhost", "hello", "latest", None),
        ("localhost:5000/a/b/c:x", "localhost:5000", "a/b/c", "x", None),
        ("127.0.0.1:4566/hello:v1", "127.0.0.1:4566", "hello", "v1", None),
        ("[::1]:5000/hello", "[::1]:5000", "hello", "latest", None),
        ("R.Example.com/hello", "r.example.com", "hello", "latest", None),
        ("host/hello", "docker.io", "host/hello", "latest", None),
        (f"hello@{DIGEST}", "docker.io", "library/hello", None, DIGEST),
        (f"r.example.com/a__b/c-d.e@{LONG}", "r.example.com", "a__b/c-d.e", None, LONG),
        (f"acme/hello:v1@{DIGEST}", "docker.io", "acme/hello", "v1", DIGEST),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:7",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "app",
            "7",
            None,
        ),
    ],
)
def test_references_are_read_as_docker_reads_them(
    text: str, registry: str, repository: str, tag: str | None, digest: str | None
) -> None:
    assert ImageReference.parse(text) == ImageReference(registry, repository, tag, digest)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "write a reference such as"),
        ("x" * 2000, "shorten"),
        ("https://r.example.com/hello", "leave out the scheme"),
        ("Acme/hello", "lower case"),
        ("hello world", "lower-case letters"),
        (" hello", "lower-case letters"),
        ("hello\n", "lower-case letters"),
        ("hello:v1\n", "a tag has"),
        ("hello:", "a tag has"),
        ("hello:.v1", "a tag has"),
        ("hello:" + "v" * 129, "a tag has"),
        ("hello@", "after @"),
        ("hello@sha256:abc", "after @"),
        (f"hello@{DIGEST.upper()}", "after @"),
        (f"hello@md5:{'0' * 32}", "after @"),
        ("/hello", "lower-case letters"),
        ("acme//hello", "lower-case letters"),
        ("acme/hello/", "lower-case letters"),
        ("acme/../etc", "registry must be|lower-case letters"),
        ("acme/-hello", "lower-case letters"),
        ("acme/he___llo", "lower-case letters"),
        ("héllo", "lower-case letters"),
        ("a/" * 127 + "hello", "255 characters"),
        ("ab" * 32, "image id"),
        ("r.example.com/", "lower-case letters"),
        ("-r.example.com/hello", "the registry must be"),
        ("r..example.com/hello", "the registry must be"),
        ("r.example.com:/hello", "the registry must be"),
        ("r.example.com:0/hello", "port"),
        ("r.example.com:70000/hello", "port"),
        ("[::g]:5000/hello", "the registry must be"),
        ("[1:2]:5000/hello", "IPv6"),
        ("ann:pass@r.example.com/hello", "after @"),
        ("r.example.com:5000/hello:v1:v2", "lower-case letters"),
    ],
)
def test_what_is_no_reference_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(Invalid, match=advice):
        ImageReference.parse(text)


@given(references)
def test_a_reference_is_what_it_prints(reference: ImageReference) -> None:
    assert ImageReference.parse(str(reference)) == reference


@given(st.text(alphabet=st.sampled_from("aA0.:/@-_[]% \n\0é\ud800"), max_size=40) | st.text())
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = ImageReference.parse(text)
    except Invalid:
        return
    assert ImageReference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("127.0.0.1:4566", True),
        ("127.9.8.7", True),
        ("localhost", True),
        ("localhost:80", True),
        ("[::1]:5000", True),
        ("[::2]:5000", False),
        ("10.0.0.1:5000", False),
        ("0.0.0.0:5000", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("docker.io", False),
    ],
)
def test_only_this_machine_is_loopback(registry: str, expected: bool) -> None:
    assert ImageReference.parse(f"{registry}/hello").is_loopback is expected


def test_the_app_is_named_by_the_last_part() -> None:
    assert ImageReference.parse("r.example.com/acme/hello:v1").app_name == "hello"
    assert ImageReference.parse("hello").app_name == "hello"


def test_a_pinned_image_is_named_by_its_digest_alone() -> None:
    reference = ImageReference.parse("127.0.0.1:4566/hello:v1")

    image = Image(reference, DIGEST, {"web": "x"})

    assert str(image.pinned) == f"127.0.0.1:4566/hello@{DIGEST}"
