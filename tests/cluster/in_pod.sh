#!/usr/bin/env bash
# Runs a command where Flink finds the template of TaskManagers' pods, as in the JobManager's pod:
# in_pod.sh FOLDER COMMAND... Only the command sees it: /opt is changed in a mount namespace of its
# own.
set -euo pipefail
if [ -z "${IN_POD:-}" ]; then
    IN_POD=yes exec unshare --map-root-user --mount "$0" "$@"
fi
template=$1
shift
above=$(mktemp -d)
mount -t tmpfs none "$above"
mkdir "$above/upper" "$above/work"
mount -t overlay none -o "lowerdir=/opt,upperdir=$above/upper,workdir=$above/work" /opt
mkdir -p /opt/flink
cp -R "$template" /opt/flink/pod-template
exec "$@"
