#!/usr/bin/env bash
# Builds what makes a Kubernetes API without any node (etcd, API server, controllers, kubectl) into
# .run/control-plane, as setup/control_plane/go.sum pins them and all that they are made of. Does
# nothing when they were made from the same files. Needs a Go as new as go.mod says.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.run/control-plane
made_from=$folder/made-from
wanted=$(cat setup/control_plane/go.{mod,sum} setup/control_plane.sh | sha256sum)
if [ "$(cat "$made_from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

least=$(awk '$1 == "go" { print $2 }' setup/control_plane/go.mod)
found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || echo none)
if [ "$(printf '%s\n' "$least" "${found#go}" | sort -V | head -1)" != "$least" ]; then
    echo "setup: control plane: expected Go $least or later, found $found; install it" >&2
    exit 1
fi

echo "setup: control plane from setup/control_plane/go.sum (20 minutes of CPU the first time)"
part=$PWD/$folder.part
rm -rf "$part"
mkdir -p "$part"
export GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0
version=$(awk '$2 == "k8s.io/kubernetes" { print $3 }' setup/control_plane/go.mod)
stamp=k8s.io/component-base/version.gitVersion=$version
while read -r program package; do
    echo "setup: control plane: $program"
    command=(go build -trimpath -buildvcs=false -ldflags "-s -w -X $stamp" -o "$part/$program")
    if ! told=$(cd setup/control_plane && "${command[@]}" "$package" 2>&1); then
        told=$(grep -v '^go: downloading' <<< "$told" | head -1)
        echo "setup: control plane: go build failed: $told" >&2
        exit 1
    fi
done << 'END'
etcd go.etcd.io/etcd/server/v3
kubectl k8s.io/kubernetes/cmd/kubectl
kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager
END
rm -rf "$folder"
mv "$part" "$folder"
echo "$wanted" > "$made_from"
