#!/usr/bin/env bash
# Starts a process of Flink: its configuration, which the operator mounts, with the password of the
# key store, which stands in a Secret and nowhere else. FLINK_RUN_CONF is a folder in memory.
set -euo pipefail

conf=${FLINK_RUN_CONF:-/run/flink}
cp -L "$FLINK_HOME"/conf/* "$conf"
chmod 600 "$conf"/*
# The file ends in a newline or not.
echo >> "$conf/config.yaml"
password=${FLINK_TLS_PASSWORD:?expected the password of the key store}
quoted="'${password//\'/\'\'}'"
for store in internal rest; do
    for what in keystore key; do
        echo "security.ssl.$store.$what-password: $quoted" >> "$conf/config.yaml"
    done
done
unset FLINK_TLS_PASSWORD
export FLINK_CONF_DIR=$conf
# RocksDB's memory stays where it was given back, unless another allocator is used.
if [ -e /usr/lib/libjemalloc.so.2 ]; then
    export LD_PRELOAD=/usr/lib/libjemalloc.so.2
fi
exec "$@"
