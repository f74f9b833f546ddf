"""The folders that k8s/image/layout.sh builds, in place of the images."""

import subprocess

from jobs.local.places import ROOT, RUN_DIR
from tests.k8s.running_pods import Image


def build_image(target: str) -> Image:
    """Build what an image has, by the Dockerfile's steps."""
    folder = RUN_DIR / "image" / target
    subprocess.run([ROOT / "k8s" / "image" / "layout.sh", target, folder], check=True)
    return Image(target, folder)
