#!/usr/bin/env bash
# Runs a command as a container engine would: enter_pod.sh MOUNTS UID COMMAND... The file MOUNTS has
# a line for each thing that is to be seen there: `ro` or `rw`, where it is, and under which path.
# Nothing else is seen, nothing but `rw` can be written, and the command is that user, without any
# capability. Needs to be root.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    exec unshare --mount "$0" --inside "$@"
fi
mounts=$2
user=$3
shift 3
root=$(dirname "$mounts")/root
mkdir -p "$root"
mount -t tmpfs -o mode=755 none "$root"
while read -r _ source path; do
    if [ -d "$source" ]; then
        mkdir -p "$root$path"
    else
        mkdir -p "$(dirname "$root$path")"
        touch "$root$path"
    fi
    mount --rbind "$source" "$root$path"
done < "$mounts"
for link in bin lib lib64 sbin; do
    ln -sfn "usr/$link" "$root/$link"
done
while read -r how _ path; do
    if [ "$how" = ro ]; then
        mount -o remount,bind,ro "$root$path"
    fi
done < "$mounts"
mount -o remount,bind,ro "$root"
exec /usr/sbin/chroot "$root" /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups \
    --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
