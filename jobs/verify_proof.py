"""Verifies proofs of an event by themselves: needs their file and nothing else.

    python -m jobs.verify_proof proof.json
    python -m jobs.verify_proof proof.json --root 64_HEX_DIGITS

A proof shows something only of the root it leads to. Give the root that you were told when the
period closed (`--root`, more than once where there are several rows): the exit code is 1 where a
proof leads elsewhere, or does not hold.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.reporting.rendering_proofs import proof_members, proof_text
from schemas.seal import Proof, Refuted
from udfs.sealing import read_proofs, verify_proof


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print what a proof shows; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="verify_proof", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("proof", help="file of the proofs")
    parser.add_argument(
        "--root", action="append", default=[], help="a root that they may lead to: 64 hex digits"
    )
    parser.add_argument("--json", action="store_true", help="print what they show as JSON")
    options = parser.parse_args(arguments)
    try:
        text = Path(options.proof).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are no UTF-8"
        print(f"proof, {options.proof}: expected a file of JSON, found {reason}", file=sys.stderr)
        return 2
    proofs = read_proofs(text)
    refuted = proofs if isinstance(proofs, Refuted) else _first_refuted(proofs, options.root)
    if refuted is not None or isinstance(proofs, Refuted):
        assert refuted is not None
        if options.json:
            print(json.dumps({"holds": False, "fault": refuted.fault, "detail": refuted.detail}))
        print(f"proof, {options.proof}: {refuted.fault}: {refuted.detail}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"holds": True, "proofs": list(map(proof_members, proofs))}))
    else:
        print("\n\n".join(proof_text(each, bool(options.root)) for each in proofs))
    return 0


def _first_refuted(proofs: Sequence[Proof], roots: Sequence[str]) -> Refuted | None:
    found = (verify_proof(each, roots) for each in proofs)
    return next((each for each in found if each is not None), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
