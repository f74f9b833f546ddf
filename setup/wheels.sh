#!/usr/bin/env bash
# Puts a tool of its own into .run/NAME, pinned and hashed: setup/wheels.sh NAME LOCK. Does nothing
# when it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
lock=$2

made_from=.run/$name/made-from
wanted=$(cat "$lock" setup/wheels.sh | sha256sum)
if [ "$(cat "$made_from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "setup: $name from $lock"
rm -rf ".run/$name"
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --target ".run/$name" -r "$lock"
echo "$wanted" > "$made_from"
