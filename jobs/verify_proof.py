"""Verifies a proof of an event by itself: needs the file of the proof and nothing else.

    python -m jobs.verify_proof proof.json
    python -m jobs.verify_proof proof.json --root 64_HEX_DIGITS

A proof shows something only of the root it leads to. Give the root that you were told when the
period closed (`--root`): the exit code is 1 where the proof leads elsewhere, or does not hold.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.reporting.rendering_proofs import proof_members, proof_text
from schemas.seal import Refuted
from udfs.sealing import read_proof, verify_proof


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print what a proof shows; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="verify_proof", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("proof", help="file of the proof")
    parser.add_argument("--root", help="the root that it must lead to: 64 hex digits")
    parser.add_argument("--json", action="store_true", help="print what it shows as JSON")
    options = parser.parse_args(arguments)
    try:
        text = Path(options.proof).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are no UTF-8"
        print(f"proof, {options.proof}: expected a file of JSON, found {reason}", file=sys.stderr)
        return 2
    proof = read_proof(text)
    refuted = proof if isinstance(proof, Refuted) else verify_proof(proof, options.root)
    if refuted is not None:
        if options.json:
            print(json.dumps({"holds": False, "fault": refuted.fault, "detail": refuted.detail}))
        print(f"proof, {options.proof}: {refuted.fault}: {refuted.detail}", file=sys.stderr)
        return 1
    assert not isinstance(proof, Refuted)
    if options.json:
        print(json.dumps({"holds": True, **proof_members(proof)}))
    else:
        print(proof_text(proof, options.root is not None))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
