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
# Flink logs the environment of the Python that it starts and ends, with the secrets that stand in it:
# FLINK-38035 hides those whose names it knows, FLINK-39572 is of a later Flink.
quiet() {
    printf 'logger.%s.name = %s\nlogger.%s.level = %s\n' "$1" "$2" "$1" "$3"
} >> "$conf/log4j-console.properties"
echo >> "$conf/log4j-console.properties"
quiet program org.apache.flink.client.python.PythonEnvUtils WARN
quiet workers org.apache.beam.runners.fnexecution.control.DefaultJobBundleFactory OFF
export FLINK_CONF_DIR=$conf
# RocksDB's memory stays where it was given back, unless another allocator is used.
if [ -e /usr/lib/libjemalloc.so.2 ]; then
    export LD_PRELOAD=/usr/lib/libjemalloc.so.2
fi
exec "$@"
