"""Creates the store of the keys behind pseudonyms, where there is none.

    python -m jobs.create_key_store --settings config/live.yaml

No other program creates it: one that found the wrong place empty would give every subject another
pseudonym.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from jobs.privacy.key_store import KeyStoreError, create_key_store
from jobs.privacy.section import privacy_of
from jobs.settings import SettingsError, load_settings


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Create the store; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="create_key_store", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--settings", required=True, help="settings file")
    options = parser.parse_args(arguments)
    try:
        privacy = privacy_of(load_settings(options.settings, environ), options.settings)
        is_new = create_key_store(privacy)
    except (SettingsError, KeyStoreError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"key store: {'created' if is_new else 'exists, with this master key'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
