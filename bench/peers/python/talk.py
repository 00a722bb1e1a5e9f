"""The bench's language: a command is a line of JSON on stdin, its answer one on stdout. Everything else goes to stderr."""

import json
import os
import sys
import threading
import time

FILLER = "x" * 166

# Whoever prints shall not speak into the talk; programs that are started from here inherit that.
_out = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def now():
    """Microseconds of CLOCK_MONOTONIC, the same in every process of the machine."""
    return time.monotonic_ns() // 1000


def noop():
    """Args of 200 bytes."""
    return {"sent": now(), "padding": FILLER}


def say(answer):
    _out.write(json.dumps(answer) + "\n")


def serve(answer):
    """Answers every command until stdin ends; a failure is an answer too."""
    for line in sys.stdin:
        command = json.loads(line)
        if command["cmd"] == "exit":
            break
        try:
            say(answer(command))
        except Exception as error:  # noqa: BLE001
            say({"error": repr(error)})


def many_callers(count, callers, call):
    """Calls from many threads at once, each with one job at a time; the first failure is raised."""
    failures = []

    def caller(first):
        try:
            for _ in range(first, count, callers):
                call()
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=caller, args=(i,)) for i in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def paced(count, per_second, call):
    """Begins a call at every tick."""
    begin = time.monotonic()
    for i in range(count):
        wait = begin + i / per_second - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        call()
