#!/usr/bin/env bash
# Puts promtool, which checks alert rules, and prometheus, which is asked what dashboards ask, into
# .run/prometheus: those on PATH, else Debian's, taken out of their package, as installing that
# would start a server.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.run/prometheus
if [ -x "$folder/promtool" ] && [ -x "$folder/prometheus" ]; then
    exit 0
fi
mkdir -p "$folder"
if command -v promtool > /dev/null && command -v prometheus > /dev/null; then
    for program in promtool prometheus; do
        ln -sf "$(command -v "$program")" "$folder/$program"
    done
    exit 0
fi
part=$(mktemp -d)
trap 'rm -rf "$part"' EXIT
chmod 755 "$part" # apt's own user writes there
echo "setup: promtool and prometheus from the package prometheus"
fetch() {
    (cd "$part" && apt-get -q download prometheus)
}
# Where apt has no lists yet, an installation brings them.
if ! fetch > "$part/log" 2>&1 &&
    ! { setup/apt.sh ca-certificates && fetch > "$part/log" 2>&1; }; then
    echo "setup: promtool: found none, and no package prometheus; install one" >&2
    exit 1
fi
dpkg -x "$part"/prometheus_*.deb "$part/files"
mv "$part"/files/usr/bin/{promtool,prometheus} "$folder/"
