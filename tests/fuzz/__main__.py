"""Fuzzes all targets, guided by coverage: `make fuzz SECONDS=600`; or repeats what was found."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.corpus import kept
from tests.fuzz.loaders import LOADERS
from tests.fuzz.nasty_files import example
from tests.fuzz.nasty_states import written_states
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
FOUND = ROOT / ".run" / "fuzz"
FUZZER = ROOT / ".run" / "atheris"
# Slower, or larger, is a finding, too. The interpreter and the instrumented modules are in it.
MOST_SECONDS, MOST_MB = 20, 2048


def main() -> int:
    """Fuzz; return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="in all, shared by the targets")
    parser.add_argument("--target", choices=TARGETS, help="only this one")
    parser.add_argument("--repeat", type=Path, help="give this file to the target, once")
    options = parser.parse_args()
    if options.repeat is not None:
        if options.target is None:
            parser.error("--repeat: expected a --target with it, found none")
        TARGETS[options.target](options.repeat.read_bytes())
        return 0
    names = [options.target] if options.target else [*TARGETS]
    failed = [name for name in names if not fuzz(name, max(1, options.seconds // len(names)))]
    print(f"{len(names)} targets, {len(failed)} failed")
    return 1 if failed else 0


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target; print what it did, and how to repeat what it found.

    Returns:
        Whether nothing was found.
    """
    findings, corpus = FOUND / "findings", FOUND / "corpus" / name
    for folder in (findings, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    known = set(findings.iterdir())
    with tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(seeds_of(name)):
            (Path(seeds) / str(number)).write_bytes(seed)
        command = [
            sys.executable, "-m", "tests.fuzz.fuzz_target", name,
            f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS}", f"-rss_limit_mb={MOST_MB}",
            "-max_len=66000" if name == "record" else "-max_len=8000",
            f"-artifact_prefix={findings}/{name}-", str(corpus), seeds,
        ]  # fmt: skip
        path = os.pathsep.join((str(FUZZER), str(ROOT)))
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    runs = re.findall(r"Done (\d+) runs", done.stderr)
    print(f"{name}: {runs[-1] if runs else 'ended before its time'} runs", flush=True)
    for path_found in sorted(set(findings.iterdir()) - known):
        where = path_found.relative_to(ROOT)
        print(f"  repeat: python -m tests.fuzz --target {name} --repeat {where}")
    if done.returncode != 0:
        print("\n".join(f"  {line}" for line in done.stderr.splitlines()[-30:]))
    return done.returncode == 0


def seeds_of(name: str) -> list[bytes]:
    """Return what fuzzing of a target begins with."""
    if name == "record":
        return list(kept("records").values())
    if name == "account":
        return list(kept("accounts").values())
    if name == "state":
        return list(written_states())
    reader = name.removesuffix("_file")
    if reader in LOADERS:
        files = list(kept("yaml").values()) + list(kept(reader).values())
        return [each for each in files if len(each) < 8000] + [example(reader).encode()[:8000]]
    return [bytes(400)]


if __name__ == "__main__":
    sys.exit(main())
