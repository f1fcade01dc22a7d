"""Builds a copy of the tree with every mutant behind a switch, and runs the tests once for each: see docs/mutants.md."""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = ROOT / "Tests/Mutants"
SCRATCH = ROOT / ".build-mutants"
TREE = SCRATCH / "tree"
LOGS = SCRATCH / "logs"
# The variable that says which mutant is awake.
SWITCH = "HOOSH_MUTANT"
# The share of mutants that the tests must kill.
KILLED_MIN = 0.95
# Seconds: a run that takes longer hangs, and that is noticed too.
SUITE_SECONDS_MAX = 600
FILTERED_SECONDS_MAX = 120
# These tests read the sources, and the copy's are not ours; allocations are counted in a build without switches.
SKIPPED = ["HouseTests", "AllocationTests"]


def die(message):
    sys.exit(f"mutate: {message}")


@dataclasses.dataclass
class Mutant:
    """One small fault: where it is, what stands there, and what would stand there instead."""

    where: str
    number: int = 0
    name: str = ""
    room: str = ""
    file: str = ""
    kind: str = ""
    after: str = ""
    was: list = dataclasses.field(default_factory=list)
    now: list = dataclasses.field(default_factory=list)
    tests: str = ""
    equivalent: str = ""
    smoke: bool = False
    span: tuple = (0, 0)

    def replacement(self, original):
        """Swift that does the one or the other."""
        now = "\n".join(self.now)
        if self.kind == "expression":
            return f"(isMutant({self.number}) ? ({now}) : ({original}))"
        return f"if isMutant({self.number}) {{\n{now}\n}} else {{\n{original}\n}}"


# MARK: The lists


def read_lists():
    """The mutants of every list, numbered in their order."""
    mutants = []
    for path in sorted(LISTS.glob("*.txt")):
        mutants += read_list(path)
    names = [mutant.name for mutant in mutants]
    for name in names:
        if names.count(name) > 1:
            die(f"two mutants are called \"{name}\"")
    for number, mutant in enumerate(mutants, 1):
        mutant.number = number
    return mutants


def read_list(path):
    mutants = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        key, _, value = line.partition(" ")
        if key == "mutant":
            mutants.append(Mutant(where, name=value, room=path.stem))
            continue
        if not mutants:
            die(f"{where}: a mutant begins with `mutant NAME`")
        mutant = mutants[-1]
        if key in ("expression", "statement"):
            mutant.kind = key
        elif key == "file":
            mutant.file = "Sources/" + value
        elif key in ("after", "tests", "equivalent"):
            setattr(mutant, key, value)
        elif key in ("was", "now"):
            getattr(mutant, key).append(value)
        elif key == "smoke":
            mutant.smoke = True
        else:
            die(f"{where}: unknown word `{key}`")
    for mutant in mutants:
        if not mutant.file or not mutant.kind or not mutant.was:
            die(f"{mutant.where}: \"{mutant.name}\" needs `file`, `expression` or `statement`, and `was`")
        if mutant.kind == "expression" and not mutant.now:
            die(f"{mutant.where}: \"{mutant.name}\" needs `now`")
    return mutants


# MARK: The places


def find(mutant, text):
    """The place of a mutant: the one that there is, or the first one behind `after`. Indentation does not matter."""
    begin = 0
    if mutant.after:
        if text.count(mutant.after) != 1:
            return f"`after {mutant.after}` stands {text.count(mutant.after)} times in {mutant.file}, not once"
        begin = text.index(mutant.after) + len(mutant.after)
    pattern = re.compile(r"\s*\n\s*".join(re.escape(line.strip()) for line in mutant.was))
    found = [match.span() for match in pattern.finditer(text, begin)]
    if not found or (len(found) > 1 and not mutant.after):
        return f"`{mutant.was[0]}` stands {len(found)} times in {mutant.file}, not once"
    mutant.span = found[0]
    return None


def rewrite(text, mutants):
    """The text with all of its mutants; one may lie inside another's place, or at the same."""
    def render(start, end, inside):
        out, position, index = "", start, 0
        while index < len(inside):
            outer = inside[index]
            rest = [other for other in inside[index + 1:] if other.span[0] < outer.span[1]]
            for other in rest:
                if other.span[1] > outer.span[1]:
                    die(f"{outer.where} and {other.where} overlap")
            out += text[position:outer.span[0]]
            out += outer.replacement(render(outer.span[0], outer.span[1], rest))
            position = outer.span[1]
            index += 1 + len(rest)
        return out + text[position:end]

    order = sorted(mutants, key=lambda mutant: (mutant.span[0], -mutant.span[1], mutant.number))
    return render(0, len(text), order)


# MARK: The copy


def make_tree(mutants):
    """Copies what git knows or would add, with the mutants in it. What has not changed is left as it is."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
        capture_output=True).stdout.decode().split("\0")
    by_file = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, []).append(mutant)
    texts, faults = {}, []
    for file, some in by_file.items():
        if not (ROOT / file).is_file():
            faults += [f"{mutant.where}: there is no {file}" for mutant in some]
            continue
        text = (ROOT / file).read_text()
        for mutant in some:
            if fault := find(mutant, text):
                faults.append(f"{mutant.where}: \"{mutant.name}\": {fault}")
        if not faults:
            texts[file] = rewrite(text, some)
    if faults:
        die("places that are not there exactly once:\n  " + "\n  ".join(faults))
    wanted = set()
    for name in listed:
        if not name or not (ROOT / name).is_file():
            continue
        data = texts[name].encode() if name in texts else (ROOT / name).read_bytes()
        if name.endswith(".swift"):
            data = adapt(name, data.decode()).encode()
        put(name, data, wanted)
        os.chmod(TREE / name, (ROOT / name).stat().st_mode)
    for module in sorted({file.split("/")[1] for file in by_file}):
        put(f"Sources/{module}/Mutants.swift", switch().encode(), wanted)
    for path in TREE.rglob("*"):
        inside = path.relative_to(TREE)
        if path.is_file() and inside.parts[0] != ".build" and str(inside) not in wanted:
            path.unlink()


def put(name, data, wanted):
    path = TREE / name
    wanted.add(name)
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def adapt(name, text):
    """Takes out what a build with switches cannot keep to: a switch is a lock and an allocation, once."""
    if name == "Package.swift":
        return text.replace("  .treatAllWarnings(as: .error),\n", "")
    return re.sub(r"@_noAllocation\s*|@_noLocks\s*", "", text) if name.startswith("Sources/") else text


def switch():
    return f"""import Glibc

/// The number of the mutant that is awake; none is 0. Tests start programs without the variable, so the nearest ancestor
/// that has it decides.
private let awake: Int = {{
  var process = Int(getpid())
  while process > 1 {{
    for entry in read("/proc/\\(process)/environ").split(separator: 0) where entry.starts(with: "{SWITCH}=".utf8) {{
      return Int(String(decoding: entry.dropFirst({len(SWITCH) + 1}), as: UTF8.self)) ?? 0
    }}
    // The name of a program is in parentheses and may contain others; the state and the parent follow it.
    let fields = read("/proc/\\(process)/stat").split(separator: UInt8(ascii: ")")).last?.split(separator: 32) ?? []
    process = fields.count > 1 ? Int(String(decoding: fields[1], as: UTF8.self)) ?? 0 : 0
  }}
  return 0
}}()

private func read(_ path: String) -> [UInt8] {{
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {{ return [] }}
  defer {{ close(file) }}
  var bytes = [UInt8](repeating: 0, count: 65536)
  var count = 0
  while count < bytes.count {{
    let more = unsafe bytes.withUnsafeMutableBytes {{ unsafe Glibc.read(file, $0.baseAddress! + count, $0.count - count) }}
    if more <= 0 {{ break }}
    count += more
  }}
  return Array(bytes[..<count])
}}

@inline(never)
func isMutant(_ number: Int) -> Bool {{ number == awake }}
"""


def build(mutants):
    print("building a copy with every mutant in it", flush=True)
    start = time.monotonic()
    log = LOGS / "build.txt"
    with open(log, "w") as out:
        done = subprocess.run(["swift", "build", "--build-tests"], cwd=TREE, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        lines = dict.fromkeys(line for line in log.read_text().splitlines() if re.search(r"^/.*error:", line))
        die("the copy does not build; see .build-mutants/logs/build.txt\n  " + "\n  ".join(
            f"{blame(line, mutants)}{line.removeprefix(str(TREE) + '/')}" for line in lines))
    print(f"built in {time.monotonic() - start:.0f} s", flush=True)


def blame(line, mutants):
    """The mutant that an error of the compiler is about, most likely: the last one that begins before its place."""
    file, row, column = re.match(r"(/[^:]*):(\d+):(\d+):", line).groups()
    rows = pathlib.Path(file).read_text().splitlines()[:int(row)]
    # A switch may begin at the place itself.
    rows[-1] = rows[-1][:int(column) + len("(isMutant(0000)")]
    numbers = re.findall(r"isMutant\((\d+)\)", "\n".join(rows))
    if not numbers:
        return ""
    mutant = mutants[int(numbers[-1]) - 1]
    return f"{mutant.where}: \"{mutant.name}\": "


# MARK: Runs

PROGRAM = TREE / ".build/debug/hooshPackageTests.xctest"


def check_filters(mutants):
    """Sees that each name in a filter is that of a test, so that a renamed suite is noticed."""
    listed = subprocess.run(
        [PROGRAM, "--testing-library", "swift-testing", "--list-tests"], cwd=TREE, check=True, capture_output=True,
        text=True).stdout
    faults = [
        f"{mutant.where}: \"{mutant.name}\": no test is called {part}"
        for mutant in mutants for part in mutant.tests.split("|") if not re.search(part, listed)]
    if faults:
        die("filters that find no tests:\n  " + "\n  ".join(faults))


def run(number, filter, seconds):
    """Runs the tests with a mutant awake: how it ended, how many tests ran, and the first that failed."""
    command = [PROGRAM, "--testing-library", "swift-testing"]
    if filter:
        command += ["--filter", filter]
    for name in SKIPPED:
        command += ["--skip", name]
    environment = dict(os.environ, SWIFT_BACKTRACE="enable=no")
    environment.pop(SWITCH, None)
    if number:
        environment[SWITCH] = str(number)
    log = LOGS / f"{number}-{'filtered' if filter else 'suite'}.txt"
    with open(log, "w") as out:
        process = subprocess.Popen(
            command, cwd=TREE, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            status = process.wait(seconds)
            how = "passed" if status == 0 else "failed" if status > 0 else f"signal {-status}"
        except subprocess.TimeoutExpired:
            how = "hung"
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
    text = log.read_text(errors="replace")
    count = re.search(r"Test run with (\d+) tests?", text)
    first = re.search(r"^\W+Test (\".*?\"|\S+) (?:with .*?)?recorded an issue", text, re.M)
    # A run that ends before its summary was ended by what it ran.
    if how == "failed" and not count:
        how = "ended early"
    return how, int(count.group(1)) if count else 0, first.group(1) if first else ""


def check_whole(filters):
    """Sees that each of these filters finds tests, and that they pass without a mutant."""
    for filter in filters:
        for attempt in range(3):
            how, count, first = run(0, filter, SUITE_SECONDS_MAX)
            if how == "passed" and count:
                break
            print(f"without a mutant: {filter or 'all tests'}: {how}, {count} tests {first}", flush=True)
        else:
            die(f"without a mutant these tests do not pass, or there are none: {filter or 'all'}")


def try_mutant(mutant, filtered):
    """Wakes one mutant: its own tests first, and all of them if those pass. Returns how that ended, and the first test
    that failed."""
    if mutant.tests:
        how, _, first = run(mutant.number, mutant.tests, FILTERED_SECONDS_MAX)
        if how != "passed" or filtered:
            return how, first
    how, _, first = run(mutant.number, "", SUITE_SECONDS_MAX)
    return how, first


def main():
    parser = argparse.ArgumentParser(prog="tools/mutate", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="check every place, and run only the handful marked `smoke`")
    parser.add_argument("--only", default="", metavar="TEXT", help="run the mutants whose name, room or file has it")
    parser.add_argument("--numbers", default="", metavar="N,…", help="run the mutants with these numbers")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="the number of concurrent runs (2)")
    parser.add_argument("--filtered", action="store_true", help="run each mutant's own tests only")
    parser.add_argument("--build", action="store_true", help="check every place, build the copy, and end")
    parser.add_argument("--places", action="store_true", help="check that every place is there exactly once, and end")
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    arguments = parser.parse_args()
    mutants = read_lists()
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.number:4}  {mutant.room:14} {mutant.name}  ({mutant.file.removeprefix('Sources/')})")
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    make_tree(mutants)
    if arguments.places:
        print(f"{len(mutants)} mutants, every place found")
        return
    build(mutants)
    check_filters(mutants)
    if arguments.build:
        return
    numbers = {int(number) for number in arguments.numbers.split(",") if number}
    chosen = [
        mutant for mutant in mutants
        if not mutant.equivalent and (mutant.smoke or not arguments.smoke)
        and any(arguments.only in text for text in (mutant.name, mutant.room, mutant.file))
        and (not numbers or mutant.number in numbers)
    ]
    filtered = arguments.filtered or arguments.smoke
    filters = sorted({mutant.tests for mutant in chosen if mutant.tests})
    # All tests contain those of every filter, and once is less than each filter on its own.
    check_whole(filters if filtered and len(filters) < 20 else [""])
    killed, survived, lock = 0, [], threading.Lock()

    def report(mutant):
        nonlocal killed
        start = time.monotonic()
        how, first = try_mutant(mutant, filtered)
        seconds = f"{time.monotonic() - start:.0f} s"
        with lock:
            if how == "passed":
                survived.append(mutant)
                print(f"SURVIVED  {mutant.number:4} {mutant.room}: {mutant.name}  {seconds} ({mutant.where})", flush=True)
            else:
                killed += 1
                print(f"killed    {mutant.number:4} {mutant.room}: {mutant.name}  {seconds} {how} {first}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(report, chosen))
    equivalent = [mutant for mutant in mutants if mutant.equivalent]
    if not arguments.smoke and not arguments.only and not numbers:
        for mutant in equivalent:
            print(f"equivalent {mutant.number:3} {mutant.room}: {mutant.name}: {mutant.equivalent}")
    share = killed / max(1, len(chosen))
    print(
        f"{len(mutants)} mutants, {len(chosen)} tried: {killed} killed, {len(survived)} survived, {share:.1%}; "
        f"{len(equivalent)} equivalent")
    for room in dict.fromkeys(mutant.room for mutant in chosen):
        tried = sum(mutant.room == room for mutant in chosen)
        left = sum(mutant.room == room for mutant in survived)
        print(f"  {room:14} {tried - left} of {tried}")
    for mutant in sorted(survived, key=lambda mutant: mutant.number):
        print(f"  survived: {mutant.where}: {mutant.name}")
    if share < KILLED_MIN:
        sys.exit(1)


if __name__ == "__main__":
    main()
