"""The guard: kills process groups once the program that started them is gone.

Run by `jobs.local.children` as a script of its own, outside any package, so that it starts in
milliseconds. It reads lines `+PGID` and `-PGID`; the end of its input means that the program
ended, in whatever way. PR_SET_PDEATHSIG would be the kernel's own way, but it fires when the
starting *thread* ends and does not reach grandchildren (Python workers of a TaskManager).
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Collect the groups until the input ends, then kill those left."""
    groups: list[int] = []
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        if sign == "+":
            groups.append(group)
        else:
            groups.remove(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
