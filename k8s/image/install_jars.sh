#!/usr/bin/env bash
# Puts jars where Flink finds them: install_jars.sh FLINK FOLDER... All go to lib, like Flink's own
# Python jar; the S3 file system is a plugin, with a class loader of its own.
set -euo pipefail
flink=$1
shift

for folder in "$@"; do
    cp "$folder"/*.jar "$flink/lib"
done
cp "$flink"/opt/flink-python-*.jar "$flink/lib"
s3=("$flink"/opt/flink-s3-fs-hadoop-*.jar)
if [ -e "${s3[0]}" ]; then
    mkdir -p "$flink/plugins/s3-fs-hadoop"
    cp "${s3[0]}" "$flink/plugins/s3-fs-hadoop"
elif [ "${NEEDS_S3:-yes}" = yes ]; then
    echo "install_jars: $flink/opt: expected flink-s3-fs-hadoop, found none" >&2
    exit 1
fi
