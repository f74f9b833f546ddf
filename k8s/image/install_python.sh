#!/usr/bin/env bash
# Makes the environment of an image: install_python.sh ROOT LOCK. Every package is pinned and hashed.
# ROOT/venv must stay where it is made: its programs name it.
set -euo pipefail
root=$1
lock=$2

python3.11 -m venv "$root/venv"
install=("$root/venv/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir
    --no-deps --require-hashes)
# Some packages come as source only; they are built with the locked setuptools and wheel.
build=$(mktemp)
trap 'rm -f "$build"' EXIT
awk '/^[^ ]/ { on = /^(setuptools|wheel)==/ } on' requirements.lock > "$build"
"${install[@]}" -r "$build"
"${install[@]}" --no-build-isolation -r "$lock"
# Nothing is installed there again; what was needed for it would only be one more thing to update.
"$root/venv/bin/pip" uninstall --quiet --yes wheel pip
