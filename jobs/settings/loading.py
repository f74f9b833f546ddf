"""Reads a settings file and the environment into Settings; anything unknown or wrong is refused."""

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from jobs.settings.guarding import check_settings
from jobs.settings.privacy import PRIVACY, read_privacy
from jobs.settings.shapes import (
    CatalogSettings,
    CatalogType,
    FlinkSettings,
    KafkaSettings,
    MeteringSettings,
    Settings,
    SettingsError,
    mask_secret,
)
from jobs.settings.yaml_file import read_yaml, read_yaml_file, text_keys, type_name

SECTIONS: dict[str, type] = {
    "kafka": KafkaSettings,
    "catalog": CatalogSettings,
    "metering": MeteringSettings,
    "flink": FlinkSettings,
}
# Beyond what any of the numbers may mean, and within what every column and clock can hold.
_GREATEST = 2**31 - 1
_ENVIRON_PREFIX = "METERCLOSE_"


def load_settings(path: Path | str, environ: Mapping[str, str]) -> Settings:
    """Read the settings file, then let the environment override single values.

    `METERCLOSE_KAFKA_PARTITIONS=8` sets `kafka.partitions`. A property is named with its dots
    and hyphens as underscores: `METERCLOSE_KAFKA_PROPERTY_SASL_JAAS_CONFIG` sets the property of
    the file with that name, otherwise `sasl.jaas.config`. So secrets need no file.

    Args:
        path: the YAML file; relative paths in it start at its folder.
        environ: the process environment; only names of a section are looked at.

    Raises:
        SettingsError: one line with file or variable, key, what was expected and what was found.
    """
    path = Path(path).absolute()
    file = read_yaml_file(path)
    content = file.content
    _refuse_unknown(content, [*SECTIONS, PRIVACY], str(path), "section")
    sections = {name: _mapping(content.get(name), f"{path} {name}") for name in SECTIONS}
    origins = _override(sections, environ)
    values = {
        name: _read_section(SECTIONS[name], name, sections[name], path, origins)
        for name in SECTIONS
    }
    settings = Settings(**values, privacy=read_privacy(file, environ))
    check_settings(settings, str(path))
    if settings.catalog.type is CatalogType.SQLITE:
        database = str((path.parent / settings.catalog.uri).resolve())
        settings = replace(settings, catalog=replace(settings.catalog, uri=database))
    return settings


def load_kafka(path: Path | str, environ: Mapping[str, str]) -> KafkaSettings:
    """Read the section `kafka` alone, for a program that needs no more; see `load_settings`.

    Other sections may be in the file or not; what is in them is not looked at.

    Raises:
        SettingsError: as of `load_settings`.
    """
    path = Path(path).absolute()
    content = read_yaml(path)
    _refuse_unknown(content, [*SECTIONS, PRIVACY], str(path), "section")
    sections: dict[str, dict[str, object]] = {name: {} for name in SECTIONS}
    sections["kafka"] = _mapping(content.get("kafka"), f"{path} kafka")
    origins = _override(sections, environ)
    kafka: KafkaSettings = _read_section(KafkaSettings, "kafka", sections["kafka"], path, origins)
    return kafka


def _mapping(value: object, where: str) -> dict[str, object]:
    """Return a mapping; a name with nothing after it is an empty one."""
    return {} if value is None else text_keys(value, where)


def _refuse_unknown(found: Mapping[str, object], known: list[str], where: str, kind: str) -> None:
    for key in found:
        if key not in known:
            raise SettingsError(f"unknown {kind}", where, f"one of {', '.join(known)}", repr(key))


def _override(sections: dict[str, dict[str, object]], environ: Mapping[str, str]) -> dict[str, str]:
    """Put the environment's values into the sections; returns key -> variable for messages."""
    origins = {}
    for variable in sorted(environ):
        section, _, key = variable.removeprefix(_ENVIRON_PREFIX).lower().partition("_")
        if not variable.startswith(_ENVIRON_PREFIX) or section not in SECTIONS:
            continue
        known = [f.name for f in fields(SECTIONS[section]) if f.name != "properties"]
        if key.startswith("property_"):
            given = sections[section].get("properties")
            properties = _mapping(given, f"{section}.properties")
            name = _property_name(key.removeprefix("property_"), properties)
            properties = properties | {name: environ[variable]}
            sections[section] = sections[section] | {"properties": properties}
        elif key in known:
            sections[section] = sections[section] | {key: environ[variable]}
            origins[f"{section}.{key}"] = variable
        else:
            expected = f"one of {', '.join(known)}, property_<name>"
            raise SettingsError("unknown setting", "environment", expected, variable)
    return origins


def _property_name(underscored: str, properties: Mapping[str, object]) -> str:
    for name in properties:
        if re.sub(r"[.-]", "_", name).lower() == underscored:
            return name
    return underscored.replace("_", ".")


def _read_section(
    shape: type, section: str, found: Mapping[str, object], path: Path, origins: Mapping[str, str]
) -> Any:
    known = {f.name: f for f in fields(shape)}
    _refuse_unknown(found, list(known), f"{path} {section}", "setting")
    values = {}
    for name, spec in known.items():
        dotted = f"{section}.{name}"
        if name in found:
            variable = origins.get(dotted)
            where = f"environment {variable}" if variable else f"{path} {dotted}"
            value = found[name]
            if variable and spec.type is int and re.fullmatch(r"-?[0-9]{1,18}", str(value)):
                value = int(str(value))
            if variable and spec.type is bool:
                value = {"true": True, "false": False}.get(str(value).lower(), value)
            values[name] = _read_value(spec, value, where, path.parent)
        elif spec.default is MISSING and spec.default_factory is MISSING:
            raise SettingsError("missing setting", f"{path} {dotted}", "a value", "nothing")
    return shape(**values)


def _read_value(spec: Field[Any], value: object, where: str, folder: Path) -> object:
    if spec.name == "properties":
        return _read_properties(value, where)
    if spec.type is int:
        return _read_int(spec, value, where)
    if spec.type is bool:
        if not isinstance(value, bool):
            raise SettingsError("bad value", where, "true or false", type_name(value))
        return value
    if not isinstance(value, str) or not value.strip():
        found = "empty text" if isinstance(value, str) else type_name(value)
        raise SettingsError("bad value", where, "text", found)
    if isinstance(spec.type, type) and issubclass(spec.type, StrEnum):
        choices = [str(choice) for choice in spec.type]
        if value not in choices:
            raise SettingsError("bad value", where, " or ".join(choices), repr(value))
        return spec.type(value)
    if spec.type is Path:
        return (folder / value).resolve()
    if spec.metadata.get("location"):
        return _location(value, folder)
    return value


def _location(value: str, folder: Path) -> str:
    """Make a path a `file://` URI; anything with a scheme stays, with file paths made absolute."""
    if urllib.parse.urlsplit(value).scheme not in ("", "file"):
        return value
    plain = value.removeprefix("file:").removeprefix("//") if value.startswith("file:") else value
    return f"file://{(folder / plain).resolve()}"


def _read_int(spec: Field[Any], value: object, where: str) -> int:
    minimum, maximum = spec.metadata.get("minimum"), spec.metadata.get("maximum")
    choices = spec.metadata.get("choices")
    expected = f"a whole number of at least {minimum}, at most {_GREATEST}"
    if maximum is not None:
        expected = f"a whole number from {minimum} to {maximum}"
    if choices is not None:
        expected = " or ".join(map(str, choices))
    if not isinstance(value, int) or isinstance(value, bool):
        raise SettingsError("bad value", where, expected, type_name(value))
    is_below = minimum is not None and value < minimum
    is_above = value > (_GREATEST if maximum is None else maximum)
    if is_below or is_above or (choices is not None and value not in choices):
        raise SettingsError("bad value", where, expected, str(value))
    return value


def _read_properties(value: object, where: str) -> dict[str, str]:
    texts = {}
    for key, found in _mapping(value, where).items():
        if isinstance(found, bool):
            texts[key] = str(found).lower()
        elif isinstance(found, str | int):
            texts[key] = str(found)
        else:
            shown = mask_secret(key, type_name(found))
            raise SettingsError("bad value", f"{where} {key}", "text", str(shown))
    return texts
