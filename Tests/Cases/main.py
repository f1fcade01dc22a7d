"""Run the acceptance cases against a real hoosh, each in a process and a temporary folder of its own."""

import argparse
import ast
import concurrent.futures
import fnmatch
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
# In the order in which they run: the last group has the shortest cases, so that the jobs end together.
GROUPS = ("operations", "routing", "dialects")
# Seconds, unless the case sets a LIMIT.
LIMIT = 60
# The exit status of a case that the machine cannot run; see kit/verdict.py.
SKIPPED = 77


class Case:
    """A file of a group: its name, its expectation, and how it runs."""

    def __init__(self, group, name):
        self.name = f"{group}/{name}"
        self.path = HERE / group / f"{name}.py"
        tree = ast.parse(self.path.read_text())
        text = " ".join((ast.get_docstring(tree) or "").split())
        # The last sentence of the documentation.
        self.expectation = re.split(r"(?<=[.!?]) (?=[A-Z`]|hoosh )", text)[-1]
        settings = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        self.limit = settings.get("LIMIT", LIMIT)
        # Whether no other case may run at the same time.
        self.is_alone = settings.get("ALONE", False)

    @property
    def row(self):
        """The row of the README's table."""
        return f"| `{self.path.stem}` | {self.expectation} |"

    def matches(self, pattern):
        """Return whether a pattern is the name of the case, with or without its group."""
        pattern = pattern.removesuffix(".py")
        return any(fnmatch.fnmatch(name, pattern) for name in (self.name, self.name.split("/")[1]))


class Result:
    """The end of one run of a case: its verdict, its output, and its duration."""

    def __init__(self, verdict, output, seconds):
        self.verdict, self.output, self.seconds = verdict, output, seconds

    @property
    def summary(self):
        """The last line of the output."""
        return self.output.strip().splitlines()[-1].strip()


class Runner:
    """Runs cases as processes, and ends those that still run when it is interrupted."""

    def __init__(self, hoosh):
        self.hoosh = hoosh
        self.groups = set()
        self.lock = threading.Lock()
        self.is_stopped = False

    def run(self, case):
        """Run a case once."""
        start = time.monotonic()
        folder = tempfile.mkdtemp(prefix="hoosh-case-")
        # Some cases run a process as another user.
        os.chmod(folder, 0o755)
        output = os.path.join(folder, "output")
        environment = {
            **os.environ,
            "HOOSH": self.hoosh,
            "PYTHONPATH": str(HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": folder,
        }
        try:
            with open(output, "wb") as file:
                with self.lock:
                    if self.is_stopped:
                        return Result("SKIP", "interrupted", 0)
                    process = subprocess.Popen(
                        [sys.executable, case.path],
                        cwd=folder,
                        env=environment,
                        stdout=file,
                        stderr=subprocess.STDOUT,
                        stdin=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                    self.groups.add(process.pid)
                try:
                    code = process.wait(case.limit)
                except subprocess.TimeoutExpired:
                    code = None
                finally:
                    self.end(process)
            with open(output, errors="replace") as file:
                text = file.read()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        seconds = time.monotonic() - start
        if code is None:
            return Result("FAIL", f"{text}timed out after {case.limit} s", seconds)
        verdict = {0: "PASS", SKIPPED: "SKIP"}.get(code, "FAIL")
        return Result(verdict, text if text.strip() else f"no output, exit status {code}", seconds)

    def end(self, process):
        """End the process of a case and the processes that it left."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        with self.lock:
            self.groups.discard(process.pid)

    def stop(self):
        """End all cases."""
        with self.lock:
            self.is_stopped = True
            for group in self.groups:
                try:
                    os.killpg(group, signal.SIGKILL)
                except ProcessLookupError:
                    pass


class Report:
    """Prints and counts the results, with the cases that may fail."""

    def __init__(self, pending, strict, verbose):
        self.pending, self.strict, self.verbose = pending, strict, verbose
        self.lock = threading.Lock()
        self.counts = dict.fromkeys(("PASS", "FAIL", "PENDING", "SKIP"), 0)
        self.second_tries = 0
        self.failures = []

    def is_surprising(self, case, result):
        """Return whether a result needs a second try: a failure, or a success of a pending case."""
        return result.verdict == ("PASS" if case.name in self.pending else "FAIL")

    def first(self, case, result):
        """Report a run. Returns whether the case needs a second try."""
        if self.is_surprising(case, result):
            self.line("RETRY", case, result, f"{result.verdict} at the first try: {result.summary}")
            return True
        self.final(case, result)
        return False

    def second(self, case, first, result):
        """Report the second try of a case."""
        if self.is_surprising(case, result):
            self.final(case, result)
        elif result.verdict == "PASS":
            self.second_tries += 1
            self.final(case, result, f"passed at the second try; before: {first.summary}")
        else:
            self.final(case, result)

    def final(self, case, result, note=None):
        """Report the verdict of a case."""
        reason = self.pending.get(case.name)
        verdict, note = result.verdict, note or result.summary
        if reason and verdict == "PASS":
            verdict, note = "FAIL", "passes, so it must be removed from pending.txt"
        elif reason and verdict == "FAIL" and not self.strict:
            verdict, note = "PENDING", f"{reason} | {note}"
        with self.lock:
            self.counts[verdict] += 1
            if verdict == "FAIL":
                self.failures.append(f"{case.name} failed: {note}")
        self.line(verdict, case, result, note)

    def fail(self, reason):
        """Count a failure of no case."""
        self.counts["FAIL"] += 1
        self.failures.append(reason)

    def line(self, verdict, case, result, note):
        """Print a result."""
        lines = [f"{verdict:<8}{case.name:<56}{result.seconds:5.1f} s  {note}"]
        if verdict == "FAIL" or self.verbose:
            lines.append(f"{'':<8}{case.expectation}")
        if self.verbose:
            lines.append(result.output.rstrip())
        with self.lock:
            print("\n".join(lines), flush=True)

    def end(self, seconds):
        """Print the counts, and return whether no case failed."""
        print("", *self.failures, sep="\n")
        counts = self.counts
        again = f" ({self.second_tries} at the second try)" if self.second_tries else ""
        print(f"{counts['PENDING']} pending, {counts['SKIP']} skipped, {seconds:.0f} s")
        print(f"{counts['PASS']} passed{again}, {counts['FAIL']} failed")
        return counts["FAIL"] == 0


def all_cases():
    """Return the cases of all groups."""
    return [Case(group, path.stem) for group in GROUPS for path in sorted((HERE / group).glob("*.py"))]


def readme(cases):
    """Return the README with the expectations of the cases in its tables."""
    lines = []
    section = ""
    for line in (HERE / "README.md").read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").lower()
        if line.startswith("| `"):
            continue
        lines.append(line)
        if line.startswith("| --- "):
            rows = sorted(case.row for case in cases if case.name.startswith(section + "/"))
            lines.extend(rows)
    return "\n".join(lines) + "\n"


def read_pending(cases):
    """Return the reasons of the cases that may fail, by name."""
    pending = {}
    names = {case.name for case in cases}
    for line in (HERE / "pending.txt").read_text().splitlines():
        name, _, reason = (part.strip() for part in line.partition("#"))
        if not name:
            continue
        if name not in names:
            sys.exit(f"tools/cases: pending.txt names {name}, which does not exist")
        if not reason:
            sys.exit(f"tools/cases: pending.txt gives no reason for {name}")
        pending[name] = reason
    return pending


def run_all(chosen, runner, report, jobs):
    """Run cases concurrently, then those that run alone, and then the second tries."""
    again = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(runner.run, case): case for case in chosen if not case.is_alone}
        try:
            for future in concurrent.futures.as_completed(waiting):
                result = future.result()
                if report.first(waiting[future], result):
                    again.append((waiting[future], result))
        except BaseException:
            runner.stop()
            pool.shutdown(cancel_futures=True)
            raise
    for case in chosen:
        if case.is_alone:
            result = runner.run(case)
            if report.first(case, result):
                again.append((case, result))
    for case, first in again:
        report.second(case, first, runner.run(case))


def main():
    parser = argparse.ArgumentParser(prog="tools/cases", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="run these cases; * and ? are wildcards")
    parser.add_argument("--group", choices=sorted(GROUPS), help="run the cases of this group")
    parser.add_argument("--hoosh", default=os.environ.get("HOOSH"), metavar="PATH", help="the program")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="run N cases at a time (2)")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="run each case N times (1)")
    parser.add_argument("--strict", action="store_true", help="count pending cases as failed")
    parser.add_argument("--list", action="store_true", help="list the cases and their expectations")
    parser.add_argument("--readme", action="store_true", help="write the tables of Tests/Cases/README.md")
    parser.add_argument("--verbose", "-v", action="store_true", help="print the output of the cases")
    options = parser.parse_args()

    cases = all_cases()
    pending = read_pending(cases)
    if options.readme:
        (HERE / "README.md").write_text(readme(cases))
        return 0
    chosen = [case for case in cases if options.group is None or case.name.startswith(options.group + "/")]
    for name in options.names:
        if not any(case.matches(name) for case in chosen):
            parser.error(f"no case has the name {name}; --list shows all")
    if options.names:
        chosen = [case for case in chosen if any(case.matches(name) for name in options.names)]
    if options.list:
        for case in sorted(chosen, key=lambda case: case.name):
            print(f"{case.name}: {case.expectation}{' (pending)' if case.name in pending else ''}")
        return 0
    if not options.hoosh or not os.access(options.hoosh, os.X_OK):
        parser.error(f"{options.hoosh or 'HOOSH'} does not exist; run: swift build -c release --product hoosh")

    start = time.monotonic()
    runner = Runner(os.path.abspath(options.hoosh))
    report = Report(pending, options.strict, options.verbose)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if (HERE / "README.md").read_text() != readme(cases):
        report.fail("the tables of Tests/Cases/README.md are out of date; run: tools/cases --readme")
    try:
        run_all(chosen * options.times, runner, report, max(options.jobs, 1))
    except KeyboardInterrupt:
        runner.stop()
        return 130
    return 0 if report.end(time.monotonic() - start) else 1


if __name__ == "__main__":
    sys.exit(main())
