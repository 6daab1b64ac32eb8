import io
import json
import os
import socket
import tarfile
from pathlib import Path

import pytest

from localaws.image import PackError, PushError, pack, push_directory
from localaws.images import ignore
from localaws.images.push import parse
from tests.localaws import registering

SAMPLE = Path(__file__).parents[2] / "docker" / "samples" / "hello"


def make(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in {"Procfile": "web: python3 web.py\n", **files}.items():
        path = directory / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return directory


def digest(directory: Path) -> str:
    with pack(directory) as image:
        return image.manifest.digest


def entries(directory: Path) -> dict[str, tarfile.TarInfo]:
    with pack(directory) as image:
        image.layers[0].content.seek(0)
        with tarfile.open(fileobj=image.layers[0].content) as archive:
            return {entry.name: entry for entry in archive}


def config(directory: Path, command: list[str] | None = None) -> dict[str, object]:
    with pack(directory, command) as image:
        image.config.content.seek(0)
        run: dict[str, object] = json.load(image.config.content)["config"]
        return run


def test_the_same_files_make_the_same_image_whenever_and_wherever(tmp_path: Path) -> None:
    one = make(tmp_path / "one", b="2", a="1", lib__x="3")
    two = make(tmp_path / "two", lib__x="3", a="1", b="2")
    os.utime(two / "a", (0, 0))
    (two / "b").chmod(0o600)

    assert digest(one) == digest(two)


def test_another_byte_or_another_right_to_run_makes_another_image(tmp_path: Path) -> None:
    before = digest(make(tmp_path, run="1"))

    changed = digest(make(tmp_path, run="2"))
    (tmp_path / "run").chmod(0o755)

    assert len({before, changed, digest(tmp_path)}) == 3


def test_the_folder_goes_under_app_and_is_nobodys(tmp_path: Path) -> None:
    make(tmp_path, **{"web.py": "", "lib__deep__x.py": ""})
    (tmp_path / "link").symlink_to("web.py")

    found = entries(tmp_path)

    assert list(found) == [
        "app",
        "app/Procfile",
        "app/lib",
        "app/lib/deep",
        "app/lib/deep/x.py",
        "app/link",
        "app/web.py",
    ]
    assert {(entry.uid, entry.gid, entry.mtime) for entry in found.values()} == {(0, 0, 0)}
    assert found["app/link"].linkname == "web.py"


def test_the_config_says_where_to_run_and_not_what(tmp_path: Path) -> None:
    plain, with_command = config(make(tmp_path)), config(tmp_path, ["python3"])

    assert plain == {
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "WorkingDir": "/app",
    }
    assert with_command == {**plain, "Cmd": ["python3"]}


def test_what_dockerignore_names_stays_out(tmp_path: Path) -> None:
    ignored = ["# nothing but this", "*.log", "**/__pycache__", "secret", "!secret/public"]
    make(
        tmp_path,
        **{".dockerignore": "\n".join(ignored), "a.log": "", "lib__b.log": ""},
        lib____pycache____c="",
        secret__key="",
        secret__public="",
    )

    found = entries(tmp_path)

    assert "app/a.log" not in found
    assert "app/lib/b.log" in found  # one star stays in its folder
    assert not any("__pycache__" in name for name in found)
    assert "app/secret/key" not in found
    assert "app/secret/public" in found


@pytest.mark.parametrize(
    ("pattern", "path", "out"),
    [
        ("*.py[co]", "a.pyc", False),  # character classes are not understood, and match nothing
        ("/dist", "dist/x", True),
        ("dist/", "dist/x", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("**/x", "x", True),
        ("**/x", "a/b/x/y", True),
        ("a/**", "a/b/c", True),
        ("!", "a", False),
        ("a.c", "abc", False),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, path: str, out: bool) -> None:
    (tmp_path / ".dockerignore").write_text(pattern)

    assert ignore.read(tmp_path)(path) is out


def test_an_image_arrives_and_can_be_pulled(tmp_path: Path) -> None:
    with registering.serving(tmp_path) as client:
        registry = f"127.0.0.1:{client.base_url.port}"
        reference = push_directory(SAMPLE, "team/hello:v1", registry)
        again = push_directory(SAMPLE, f"{registry}/team/hello:v1")
        manifest = client.get("/v2/team/hello/manifests/v1")
        layer = client.get(f"/v2/team/hello/blobs/{manifest.json()['layers'][0]['digest']}")

    assert reference == again
    assert reference == f"{registry}/team/hello@{manifest.headers['docker-content-digest']}"
    with tarfile.open(fileobj=io.BytesIO(layer.content)) as archive:
        assert archive.extractfile("app/Procfile").read() == (SAMPLE / "Procfile").read_bytes()  # type: ignore[union-attr]


def test_a_folder_without_a_procfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="has no Procfile, so nothing says what to run"):
        pack(tmp_path)


def test_a_registry_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        registry = f"127.0.0.1:{closed.getsockname()[1]}"

    with pytest.raises(PushError, match=f"registry at {registry} does not answer"):
        push_directory(make(tmp_path), "hello:v1", registry)


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "url"),
    [
        ("hello", "127.0.0.1:4566", "hello", "latest", "http://127.0.0.1:4566"),
        ("a/b:v2", "127.0.0.1:4566", "a/b", "v2", "http://127.0.0.1:4566"),
        ("localhost:5000/a:v1", "localhost:5000", "a", "v1", "http://localhost:5000"),
        ("127.0.0.2:5000/a", "127.0.0.2:5000", "a", "latest", "http://127.0.0.2:5000"),
        ("example.com/a/b:v1", "example.com", "a/b", "v1", "https://example.com"),
        ("127.evil.com/a", "127.evil.com", "a", "latest", "https://127.evil.com"),
    ],
)
def test_references(text: str, registry: str, repository: str, tag: str, url: str) -> None:
    parsed = parse(text, "127.0.0.1:4566")

    assert (parsed.registry, parsed.repository, parsed.tag) == (registry, repository, tag)
    assert parsed.url == url


@pytest.mark.parametrize("text", ["", "Upper:v1", "a:v1:v2", "../a", "a@sha256:00", "a:-"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(PushError, match="is no name for an image"):
        parse(text, "127.0.0.1:1")
