"""What goes wrong with tasks: their images, their containers' starts and ends."""

from localaws.faults.fault import Declared, Kind

FACTS = ("cluster", "service", "family", "image", "container", "instance")

KINDS = {
    Kind.PULL_DENIED: Declared(
        "An image may not be pulled: the task stops with CannotPullContainerError.", FACTS, {}
    ),
    Kind.PULL_MISSING: Declared(
        "An image is not in its repository: CannotPullContainerError, or for a tag "
        "CannotPullImageManifestError.",
        FACTS,
        {},
    ),
    Kind.PULL_SLOW: Declared("Every image takes so long to pull.", FACTS, {"seconds": 60.0}),
    Kind.DISK_FULL: Declared(
        "No space is left on the instance: the task stops with CannotPullContainerError, or with "
        "CannotCreateContainerError where its image is there already (`pulled`).",
        FACTS,
        {"pulled": False},
    ),
    Kind.EXIT: Declared(
        "A container that starts while this acts exits with `code`, `after` so many seconds.",
        FACTS,
        {"code": 1, "after": 0.0},
    ),
    Kind.HEALTHY_THEN_CRASH: Declared(
        "A container that starts while this acts crashes `after` so many seconds of being healthy.",
        FACTS,
        {"code": 1, "after": 10.0},
    ),
    Kind.OUT_OF_MEMORY: Declared(
        "A container that starts while this acts is killed for its memory `after` so many "
        "seconds: exit code 137, OutOfMemoryError.",
        FACTS,
        {"after": 0.0},
    ),
}
