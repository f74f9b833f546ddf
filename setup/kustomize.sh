#!/usr/bin/env bash
# Builds kustomize into .run/bin/kustomize, as setup/kustomize/go.sum pins it and all that it is
# made of. Does nothing when it was made from the same files. It is a version that Debian 12's Go
# can build.
set -euo pipefail
cd "$(dirname "$0")/.."

made_from=.run/bin/kustomize-made-from
wanted=$(cat setup/kustomize/go.mod setup/kustomize/go.sum setup/kustomize.sh | sha256sum)
if [ "$(cat "$made_from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# Prints nothing; fails where there is no Go of version 1.19 or later.
usable() {
    local version
    version=$(go env GOVERSION 2>/dev/null) || return 1
    [[ "$version" =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 19 ]
}

if ! usable; then
    setup/apt.sh golang-go || true
    hash -r
    if ! usable; then
        echo "setup: Go: found none of version 1.19 or later; install golang-go" >&2
        exit 1
    fi
fi

echo "setup: kustomize from setup/kustomize/go.sum (some minutes the first time)"
mkdir -p .run/bin
part=$PWD/.run/bin/kustomize.part
export GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0
if ! told=$(cd setup/kustomize &&
    go build -trimpath -o "$part" sigs.k8s.io/kustomize/kustomize/v5 2>&1); then
    told=$(grep -v '^go: downloading' <<< "$told" | head -1)
    echo "setup: kustomize: go build failed: $told" >&2
    exit 1
fi
mv "$part" .run/bin/kustomize
echo "$wanted" > "$made_from"
