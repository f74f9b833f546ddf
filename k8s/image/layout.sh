#!/usr/bin/env bash
# Builds what the stream image has into a folder, by the same scripts: layout.sh FOLDER. Flink is the
# one of the installed pyflink package, which lacks the S3 file system of Flink's own image.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "$1")

rm -rf "$folder"
mkdir -p "$folder/opt/flink"
setup/jars.sh k8s/image/pom.xml .run/image-jars
k8s/image/install_python.sh "$folder/opt/meterclose" k8s/image/stream.lock
k8s/image/install_code.sh "$folder/opt/meterclose"
pyflink=$(.venv/bin/python -c 'import importlib.util; \
print(importlib.util.find_spec("pyflink").submodule_search_locations[0])')
for part in bin conf lib opt plugins; do
    cp -R "$pyflink/$part" "$folder/opt/flink/$part"
done
NEEDS_S3=no k8s/image/install_jars.sh "$folder/opt/flink" .run/jars .run/image-jars
