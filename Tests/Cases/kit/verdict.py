"""The verdict of a case: `check` for each expectation, `done` once at the end. Also temporary folders and cleanup."""

import atexit
import os
import shutil
import sys
import tempfile
import time

# The exit status of a case that the machine cannot run.
SKIPPED = 77

_failed = []
_passed = 0
# Whether the case has a verdict, or an exception that Python has printed.
_is_over = False
_cleanups = []


def check(condition, expectation, actual=""):
    """Record whether an expectation holds. `actual` is printed if it does not."""
    global _passed
    if condition:
        _passed += 1
        print("  ok    " + expectation, flush=True)
    else:
        _failed.append("%s; actual: %s" % (expectation, actual) if actual != "" else expectation)
        print("  FAIL  " + _failed[-1], flush=True)


def done():
    """End the case with its verdict."""
    global _is_over
    _is_over = True
    if _failed:
        more = " (and %d more)" % (len(_failed) - 1) if len(_failed) > 1 else ""
        print(_failed[0][:300].replace("\n", " ") + more, flush=True)
    else:
        print("%d checks passed" % _passed, flush=True)
    sys.exit(1 if _failed or not _passed else 0)


def skip(reason):
    """End the case without a verdict, because the machine lacks a requirement."""
    global _is_over
    _is_over = True
    print(reason, flush=True)
    sys.exit(SKIPPED)


def at_exit(action, *arguments):
    """Run an action when the case ends, however it ends; the last one registered runs first."""
    _cleanups.append((action, arguments))


def _print_exception(*exception):
    global _is_over
    _is_over = True
    sys.__excepthook__(*exception)


sys.excepthook = _print_exception


@atexit.register
def _clean_up():
    for action, arguments in reversed(_cleanups):
        try:
            action(*arguments)
        except Exception as error:
            print("  cleanup failed:", error, flush=True)
    if not _is_over:
        print("the case ended without a verdict", flush=True)
        os._exit(1)


def wait_until(condition, seconds=5.0, interval=0.05):
    """Wait until a condition is true, and return its last value, which is false after a timeout."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(interval)


def temp_folder():
    """Create a folder that is deleted when the case ends."""
    path = tempfile.mkdtemp(prefix="case-")
    at_exit(shutil.rmtree, path, True)
    return path


def write_file(path, content):
    """Write text or bytes to a file, and return its path."""
    with open(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)
    return path
