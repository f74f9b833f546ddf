#!/usr/bin/env bash
# Puts the fuzzer into .run/atheris, pinned and hashed. Does nothing when it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

made_from=.run/atheris/made-from
wanted=$(cat setup/fuzz.lock setup/fuzz.sh | sha256sum)
if [ "$(cat "$made_from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "setup: atheris from setup/fuzz.lock"
rm -rf .run/atheris
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --target .run/atheris -r setup/fuzz.lock
echo "$wanted" > "$made_from"
