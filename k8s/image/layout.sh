#!/usr/bin/env bash
# Builds what an image has into a folder, by the Dockerfile's scripts: layout.sh stream|batch FOLDER.
# Flink is the one of the installed pyflink package, which lacks the S3 file system of Flink's own
# image. Python's packages stay where they were made by the same lock; all else is made anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=$1
folder=$(realpath -m "$2")
lock=k8s/image/$image.lock

wanted=$(cat k8s/image/install_python.sh "$lock" requirements.lock | sha256sum)
if [ "$(cat "$folder/made-from" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$folder"
    k8s/image/install_python.sh "$folder/opt/meterclose" "$lock"
    echo "$wanted" > "$folder/made-from"
fi
rm -rf "$folder/opt/meterclose/code" "$folder/opt/flink" "$folder/etc"
cp -R k8s/image/etc "$folder/etc"
k8s/image/install_code.sh "$folder/opt/meterclose"
if [ "$image" = batch ]; then
    exit 0
fi
setup/jars.sh k8s/image/pom.xml .run/image-jars
mkdir -p "$folder/opt/flink"
pyflink=$(.venv/bin/python -c 'import importlib.util; \
print(importlib.util.find_spec("pyflink").submodule_search_locations[0])')
for part in bin conf lib opt plugins; do
    cp -R "$pyflink/$part" "$folder/opt/flink/$part"
done
NEEDS_S3=no k8s/image/install_jars.sh "$folder/opt/flink" .run/jars .run/image-jars
