#!/usr/bin/env bash
# Finds or installs a Java that Flink 2.1 runs on, and Maven; links the Java's home to .run/java.
set -euo pipefail
cd "$(dirname "$0")/.."

# Prints the home of a `java` command if its version is one that Flink 2.1 supports.
supported_home() {
    local properties version
    properties=$("$1" -XshowSettings:properties -version 2>&1) || return 1
    version=$(sed -n 's/^ *java.specification.version = //p' <<< "$properties")
    case "$version" in
        11 | 17 | 21) sed -n 's/^ *java.home = //p' <<< "$properties" ;;
        *) return 1 ;;
    esac
}

find_home() {
    local java
    for java in java /usr/lib/jvm/*-17-*/bin/java /usr/lib/jvm/*-21-*/bin/java; do
        if supported_home "$java"; then
            return
        fi
    done
    return 1
}

if [ -n "${JAVA_HOME:-}" ]; then
    if ! home=$(supported_home "$JAVA_HOME/bin/java"); then
        echo "setup: JAVA_HOME $JAVA_HOME: expected a JDK 11, 17 or 21; unset it or install one" >&2
        exit 1
    fi
elif [ -x .run/java/bin/java ] && home=$(readlink .run/java); then
    : # found by an earlier run
elif ! home=$(find_home); then
    setup/apt.sh openjdk-17-jdk-headless || setup/apt.sh openjdk-21-jdk-headless || true
    if ! home=$(find_home); then
        echo "setup: Java: found none that Flink 2.1 runs on; install a JDK 17" >&2
        exit 1
    fi
fi
mkdir -p .run
ln -sfn "$home" .run/java

if ! command -v mvn > /dev/null; then
    setup/apt.sh maven || true
    if ! command -v mvn > /dev/null; then
        echo "setup: mvn: found none; install Maven" >&2
        exit 1
    fi
fi
