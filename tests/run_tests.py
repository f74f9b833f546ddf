"""Runs all tests but the slow ones, in two halves at once: `python -m tests.run_tests`.

Those that start real processes wait for them much of the time, the others never: so both together
take little longer than the longer half. Each half is a pytest of its own; the report of the second
is kept back until the first has ended, and stands last, short enough that the end of the first's
report is still in sight of it.
"""

import shutil
import subprocess
import sys
import tempfile

PYTEST = (sys.executable, "-m", "pytest")
FIRST = ("-m", "integration and not slow")
# Two writers of one cache would only disturb each other; and nobody watches how far it is.
_QUIETLY = ("-p", "no:cacheprovider", "-o", "verbosity_test_cases=-1")
SECOND = ("-m", "not integration and not slow and not cluster", *_QUIETLY)


def main() -> int:
    """Run both halves, to the end of each.

    Returns:
        0; or the exit code of a half that failed, the first's before the second's.
    """
    print("the tests without processes run beside these and report when both are done", flush=True)
    with tempfile.TemporaryFile() as report:
        # What a library says at its end goes to stderr at once: the summary has to stand last.
        second = subprocess.Popen([*PYTEST, *SECOND], stdout=report)
        try:
            first_code = subprocess.run([*PYTEST, *FIRST], check=False).returncode
            second_code = second.wait()
        finally:
            second.kill()
            second.wait()
        report.seek(0)
        shutil.copyfileobj(report, sys.stdout.buffer)
    return first_code or second_code


if __name__ == "__main__":
    sys.exit(main())
