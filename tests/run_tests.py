"""Runs all tests but the slow ones, in three parts at once: `python -m tests.run_tests`.

Those that start real processes wait for them much of the time, the others never. So beside the
first part, of clusters, there are two: the programs', some of which need a broker, and the rest.
Each part is a pytest of its own; the reports of the others are kept back until the first has ended,
and stand last, short enough that the end of the first's report is still in sight of them.
"""

import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

PYTEST = (sys.executable, "-m", "pytest")
PROGRAMS = Path(__file__).resolve().parent / "jobs"
_OTHER_THAN_PROGRAMS = f"--ignore-glob={PROGRAMS}/test_*.py"
FIRST = ("-m", "integration and not slow", _OTHER_THAN_PROGRAMS)
# Several writers of one cache would only disturb each other; and nobody watches how far it is.
_QUIETLY = ("-p", "no:cacheprovider", "-o", "verbosity_test_cases=-1")
BESIDE = (
    ("-m", "not slow", *_QUIETLY, *map(str, sorted(PROGRAMS.glob("test_*.py")))),
    ("-m", "not integration and not slow", *_QUIETLY, _OTHER_THAN_PROGRAMS),
)


def main() -> int:
    """Run all parts, to the end of each.

    Returns:
        0; or the exit code of the first part, in their order, that failed.
    """
    print("the other tests run beside those of clusters and report when all are done", flush=True)
    with ExitStack() as running:
        beside = []
        for part in BESIDE:
            report = running.enter_context(tempfile.TemporaryFile())
            # What a library says at its end goes to stderr at once: the summary has to stand last.
            started = subprocess.Popen([*PYTEST, *part], stdout=report)
            running.callback(started.wait)
            running.callback(started.kill)
            beside.append((started, report))
        codes = [subprocess.run([*PYTEST, *FIRST], check=False).returncode]
        codes += [started.wait() for started, _ in beside]
        for _, report in beside:
            report.seek(0)
            shutil.copyfileobj(report, sys.stdout.buffer)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
