#!/usr/bin/env bash
# Installs Debian packages where that is possible without asking; fails with one line otherwise.
set -euo pipefail

if ! command -v apt-get > /dev/null; then
    echo "setup: no apt-get here to install: $*" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2> /dev/null; then
        echo "setup: neither root nor sudo without a password to install: $*" >&2
        exit 1
    fi
    as_root=(sudo -n)
fi
echo "setup: apt-get install $*"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() {
    "${as_root[@]}" apt-get -q update && "${as_root[@]}" apt-get -qy install "$@"
}
if ! install "$@" > "$log" 2>&1; then
    echo "setup: apt-get install $* failed: $(grep '^E:' "$log" | head -1)" >&2
    exit 1
fi
