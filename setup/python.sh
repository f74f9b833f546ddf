#!/usr/bin/env bash
# Makes .venv from requirements.lock: Python 3.11, every package pinned and hashed.
# Does nothing when .venv was made from the same lock; starts anew after an interruption.
set -euo pipefail
cd "$(dirname "$0")/.."

made_from=.venv/made-from
wanted=$(cat requirements.lock "setup/python.sh" | sha256sum)
if [ "$(cat "$made_from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

usable() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

# An activated .venv comes first on the path, and is about to be removed.
find_python() {
    local name path
    for name in python3.11 python3 python; do
        while read -r path; do
            if [[ $path != "$PWD/.venv/"* ]] && usable "$path"; then
                echo "$path"
                return
            fi
        done < <(type -ap "$name")
    done
    return 1
}

if ! python=$(find_python); then
    setup/apt.sh python3.11 python3.11-venv || true
    if ! python=$(find_python); then
        echo "setup: Python 3.11 with venv: found none; install python3.11 and python3.11-venv" >&2
        exit 1
    fi
fi

echo "setup: .venv from requirements.lock (some minutes the first time)"
rm -rf .venv
"$python" -m venv .venv
install=(.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes)
# Some packages come as source only. They are built with the locked setuptools and wheel, not with
# what pip would fetch for each build.
mkdir -p .run
awk '/^[^ ]/ { on = /^(setuptools|wheel)==/ } on' requirements.lock > .run/build-requirements.lock
"${install[@]}" -r .run/build-requirements.lock
"${install[@]}" --no-build-isolation -r requirements.lock
echo "$wanted" > "$made_from"
