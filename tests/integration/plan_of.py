"""Prints the operators of the job's plan, as JSON: one list for each settings file.

Run as `plan_of SETTINGS...` in the environment of a local Flink; it starts no job.
"""

import json
import sys
from pathlib import Path
from typing import Any

from jobs.flink.environment import open_environment
from jobs.flink.job import build_job
from jobs.settings import load_meters, load_settings


def operators(path: Path) -> list[dict[str, Any]]:
    """Return every operator of the job that a settings file leads to, in the order of their ids."""
    settings = load_settings(path, {})
    stream, tables = open_environment(settings)
    build_job(tables, settings, load_meters(settings.metering.meters_file))
    return list_operators(stream)


def list_operators(stream: Any) -> list[dict[str, Any]]:
    """Return every operator of an environment, in the order of their ids."""
    graph = stream._j_stream_execution_environment.getStreamGraph(False)
    return [
        {
            "id": node.getId(),
            "name": node.getOperatorName(),
            "description": node.getOperatorDescription(),
            "uid": node.getTransformationUID(),
            "inputs": [edge.getSourceId() for edge in node.getInEdges()],
        }
        for node in sorted(graph.getStreamNodes().toArray(), key=lambda node: node.getId())
    ]


if __name__ == "__main__":
    json.dump([operators(Path(argument)) for argument in sys.argv[1:]], sys.stdout)
