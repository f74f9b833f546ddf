#!/usr/bin/env bash
# Fetches the jars of a pom and what they need: setup/jars.sh POM FOLDER.
# Each must have the SHA-256 that jars.lock beside the pom names, and there may be no other. After a
# change of the pom `setup/jars.sh POM FOLDER --renew` writes the lock anew: read what it changes.
# Needs the Java that setup/java.sh chose. Does nothing when the folder was made from the same pom
# and lock; an interruption leaves no half a folder.
set -euo pipefail
cd "$(dirname "$0")/.."
pom=$1
folder=$2
lock=$(dirname "$pom")/jars.lock

run_maven() {
    local told
    if ! told=$(mvn --quiet --batch-mode -Dstyle.color=never -f "$pom" "$@" 2>&1); then
        echo "setup: $folder: Maven failed: $(grep -m 1 ERROR <<< "$told")" >&2
        exit 1
    fi
}

# Writes a line for each jar: its SHA-256, its coordinates, its file.
renew_lock() {
    run_maven dependency:list -DoutputFile="$part/list"
    # group:artifact:jar[:classifier]:version:scope, and what Java calls the module
    awk '/:jar:/ { sub(/ -- .*/, ""); gsub(/:/, " "); print }' "$part/list" |
        while read -r group artifact _ first second third; do
            version=$first file=$artifact-$first.jar
            if [ -n "${third:-}" ]; then
                version=$second file=$artifact-$second-$first.jar
            fi
            hash=$(sha256sum < "$part/$file")
            echo "${hash%% *} $group:$artifact:$version $file"
        done | LC_ALL=C sort -k 2 > "$lock"
    echo "setup: $lock names $(wc -l < "$lock") jars"
}

# Fails where a jar is another one than locked, is missing, or is in no lock.
check_lock() {
    local told
    if ! told=$(
        diff <(cd "$part" && LC_ALL=C ls) <(awk '{ print $3 }' "$lock" | LC_ALL=C sort) &&
            (cd "$part" && sha256sum --check --strict --quiet) \
                < <(awk '{ print $1 "  " $3 }' "$lock") 2>&1
    ); then
        told=$(grep -m 1 -E '^[<>]|FAILED|: ' <<< "$told")
        echo "setup: $folder: expected the jars of $lock, found $told; if the pom was changed:" \
            "setup/jars.sh $pom $folder --renew" >&2
        rm -rf "$part"
        exit 1
    fi
}

wanted=$(cat "$pom" "$lock" 2>/dev/null | sha256sum) || true # a lock may be about to be written
if [ "${3:-}" != --renew ] && [ "$(cat "$folder/made-from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

echo "setup: $folder from $pom"
part=$PWD/$folder.part
rm -rf "$part"
mkdir -p "$part"
export JAVA_HOME=$PWD/.run/java
run_maven dependency:copy-dependencies -DoutputDirectory="$part"
if [ "${3:-}" = --renew ]; then
    renew_lock
    rm "$part/list"
    wanted=$(cat "$pom" "$lock" | sha256sum)
fi
check_lock
echo "$wanted" > "$part/made-from"
rm -rf "$folder"
mv "$part" "$folder"
