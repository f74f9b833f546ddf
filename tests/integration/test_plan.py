"""The plan of the job: one source, one dedupe, and names that a savepoint can rely on."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.local.flink_home import FlinkHome, flink_distribution
from jobs.local.places import PYTHON, ROOT
from jobs.settings import KafkaSettings
from tests.integration.flights import read_meters_file, write_config, write_meters
from tests.integration.world import Topics, make_world

pytestmark = pytest.mark.integration
