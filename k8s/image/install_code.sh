#!/usr/bin/env bash
# Copies the programs to ROOT/code and compiles them, as nobody can write there later:
# install_code.sh ROOT.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$1

mkdir -p "$root/code"
cp -R schemas udfs iceberg audit jobs "$root/code"
find "$root/code" -name __pycache__ -prune -exec rm -rf {} +
cp k8s/image/entrypoint.sh "$root/entrypoint.sh"
chmod 755 "$root/entrypoint.sh"
"$root/venv/bin/python" -m compileall -q "$root/code"
