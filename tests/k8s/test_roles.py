"""The Kubernetes page says which role each object needs: those of the programs that it starts."""

import re

import pytest

from jobs.local.places import ROOT
from jobs.roles.declared import PROGRAMS
from tests.k8s.manifests import OVERLAYS, named, program_pods

PAGE = ROOT / "docs" / "kubernetes.md"
ROLES = {program.name: program.role or "auditor" for program in PROGRAMS}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_page_names_the_role_of_each_program(overlay: str) -> None:
    """A row for each object whose program opens the catalog; who only reads it is an auditor."""
    started = {pod.owner: pod.container["args"][1] for pod in program_pods(overlay)}
    arguments = named(overlay, "FlinkDeployment", "meterclose")["spec"]["job"]["args"]
    started["FlinkDeployment meterclose"] = arguments[arguments.index("-pym") + 1]
    rows = [
        (owner, program, ROLES[program])
        for owner, module in sorted(started.items())
        if (program := module.removeprefix("jobs.")) in ROLES
    ]
    found = re.findall(r"^\| (\w+ `[\w-]+`) \| `(\w+)` \| `(\w+)` \|$", PAGE.read_text(), re.M)
    assert [(owner.replace("`", ""), program, role) for owner, program, role in found] == rows
