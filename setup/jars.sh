#!/usr/bin/env bash
# Fetches the jars of a pom and what they need: setup/jars.sh POM FOLDER.
# Needs the Java that setup/java.sh chose. Does nothing when the folder was made from the same pom;
# an interruption leaves no half a folder.
set -euo pipefail
cd "$(dirname "$0")/.."
pom=$1
folder=$2

wanted=$(sha256sum < "$pom")
if [ "$(cat "$folder/made-from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

echo "setup: $folder from $pom"
part=$PWD/$folder.part
rm -rf "$part"
mkdir -p "$part"
export JAVA_HOME=$PWD/.run/java
if ! told=$(mvn --quiet --batch-mode -f "$pom" \
    dependency:copy-dependencies -DoutputDirectory="$part" 2>&1); then
    echo "setup: $folder: Maven failed: $(grep -m 1 ERROR <<< "$told")" >&2
    exit 1
fi
echo "$wanted" > "$part/made-from"
rm -rf "$folder"
mv "$part" "$folder"
