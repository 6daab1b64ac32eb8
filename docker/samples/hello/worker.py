"""Says now and then that it works, until it is told to end."""

import os
import signal
import threading

import dyno


def main() -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    name, every = dyno.name(), float(os.environ.get("WORKER_SECONDS", "10"))
    print(f"{name} {dyno.release()} begins", flush=True)
    done = 0
    while not ended.wait(every):
        done += 1
        print(f"{name} has done job {done}", flush=True)
    print(f"{name} ends after {done} jobs", flush=True)


if __name__ == "__main__":
    main()
