"""Ports: taken early, so that a taken one is a sentence and not a traceback from half-way."""

import errno
import socket

from palatine.trouble import Trouble


def bind(host: str, port: int, option: str) -> socket.socket:
    """A listening socket; `port` 0 means any free one."""
    if port and _answers(host, port):
        raise _taken(port, option)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise _taken(port, option) from None
        raise Trouble(
            f"Port {port} of {host} cannot be used ({error.strerror}): "
            f"choose another with {option}."
        ) from None
    return listener


def number(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _answers(host: str, port: int) -> bool:
    # macOS lets us bind an address of a port that somebody serves on all addresses
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(0.5)
        return client.connect_ex((host, port)) == 0


def _taken(port: int, option: str) -> Trouble:
    variable = "PALATINE_" + option.removeprefix("--").upper().replace("-", "_")
    return Trouble(f"Port {port} is taken: choose another with {option} (or {variable}).")
