"""Reads the section `privacy`: from where to where, with which keys, and by which rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from jobs.settings.shapes import PrivacySettings, SettingsError, mask_secret
from jobs.settings.yaml_file import YamlFile, read_yaml_file, text_keys, type_name
from schemas.meter import Meter
from schemas.plain_form_reader import Steps
from schemas.privacy import KEEP, REMOVE, MemberAction, MemberRule, PrivacyRules
from udfs.masking import find_rule_problems
from udfs.pseudonymizing import FIELDS

PRIVACY = "privacy"
_RULES = {each.name: each for each in fields(PrivacyRules)}
_PLAIN = {each.name: each for each in fields(PrivacySettings) if each.name != "rules"}
_PREFIX = "METERCLOSE_PRIVACY_"
_LONGEST_PREFIX = 256
_LEAST_KEY_BYTES = 32
_FORMS = "keep, remove, hash or `prefix: N`"
_POSTGRESQL = re.compile(r"postgresql://.+")


def read_privacy(file: YamlFile, environ: Mapping[str, str]) -> PrivacySettings | None:
    """Read the section; None where the file has none.

    `METERCLOSE_PRIVACY_MASTER_KEY` and `METERCLOSE_PRIVACY_KEY_STORE` keep the secrets out of the
    file; any of the section's other texts, numbers and booleans may come from there, too.

    Raises:
        SettingsError: One line with file and line, or variable, expected and found.
    """
    if PRIVACY not in file.content:
        return None
    found = text_keys(file.content[PRIVACY] or {}, file.where((PRIVACY,)))
    for name in found:
        if name not in _PLAIN and name not in _RULES:
            known = ", ".join(name for name in (*_PLAIN, *_RULES) if name != "master_key")
            raise _refusal(file, (name,), f"one of {known}", repr(name), "unknown setting")
    if "master_key" in found:
        expected = f"the environment variable {_PREFIX}MASTER_KEY alone to have it"
        raise _refusal(file, ("master_key",), expected, "it here (not shown)")
    given, origins = _override(found, environ)
    values: dict[str, Any] = {}
    for name, spec in _PLAIN.items():
        if name in given:
            where = origins.get(name) or file.where((PRIVACY, name))
            values[name] = _read_plain(spec, given[name], where)
        elif spec.default is MISSING:
            raise _refusal(file, (name,), "a value", "nothing", "missing setting")
    where = origins.get("key_store") or file.where((PRIVACY, "key_store"))
    values["key_store"] = _key_store(values["key_store"], file.path.parent, where)
    rules = PrivacyRules(
        data=_members(file, found, "data"),
        otherwise=_otherwise(file, found),
        extensions=_extensions(file, found),
        hash_ids=_is_hashed(file, given, origins, "hash_ids"),
        hash_sources=_is_hashed(file, given, origins, "hash_sources"),
    )
    return PrivacySettings(**values, rules=rules)


def master_key_of(privacy: PrivacySettings) -> bytes:
    """Return the master key.

    Raises:
        SettingsError: There is none, or it is too short to be a secret.
    """
    key = privacy.master_key.encode()
    if len(key) < _LEAST_KEY_BYTES:
        expected = f"at least {_LEAST_KEY_BYTES} bytes, as of `openssl rand -hex 32`"
        found = f"{len(key)} bytes" if key else "nothing"
        raise SettingsError("master key", f"environment {_PREFIX}MASTER_KEY", expected, found)
    return key


def check_rules(path: Path | str, privacy: PrivacySettings, meters: Sequence[Meter]) -> None:
    """Refuse rules that would change what meters count.

    Args:
        path: The settings file, for its lines.
        privacy: Read from it.
        meters: All that are configured.

    Raises:
        SettingsError: The first such rule; one line with file and line.
    """
    for problem in find_rule_problems(privacy.rules, meters):
        file = read_yaml_file(Path(path).absolute())
        raise _refusal(file, ("data", problem.name), problem.expected, problem.found)


def _override(
    found: Mapping[str, object], environ: Mapping[str, str]
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the values with those of the environment, and where these come from."""
    given, origins = dict(found), {}
    allowed = [*_PLAIN, "hash_ids", "hash_sources"]
    for variable in sorted(environ):
        if not variable.startswith(_PREFIX):
            continue
        name = variable.removeprefix(_PREFIX).lower()
        if name not in allowed:
            expected = f"one of {', '.join(allowed)}"
            raise SettingsError("unknown setting", "environment", expected, variable)
        text = environ[variable]
        if name in _RULES:
            given[name] = {"true": True, "false": False}.get(text.lower(), text)
        else:
            is_number = _PLAIN[name].type is int and re.fullmatch(r"[0-9]{1,18}", text)
            given[name] = int(text) if is_number else text
        origins[name] = f"environment {variable}"
    return given, origins


def _read_plain(spec: Field[Any], value: object, where: str) -> object:
    if spec.type is int:
        least, most = spec.metadata["minimum"], spec.metadata["maximum"]
        if type(value) is not int or not least <= value <= most:
            found = str(value) if type(value) is int else type_name(value)
            expected = f"a whole number from {least} to {most}"
            raise SettingsError("bad value", where, expected, found)
        return value
    if not isinstance(value, str) or not value.strip():
        found = "empty text" if isinstance(value, str) else type_name(value)
        raise SettingsError("bad value", where, "text", str(mask_secret(spec.name, found)))
    return value


def _key_store(value: str, folder: Path, where: str) -> str:
    """Return the address of the key store; a path is made absolute."""
    if _POSTGRESQL.fullmatch(value):
        return value
    if ":" in value:
        found = str(mask_secret("key_store", value))
        expected = "the path of a SQLite file, or postgresql://host/database"
        raise SettingsError("bad value", where, expected, found)
    return str((folder / value).resolve())


def _is_hashed(
    file: YamlFile, given: Mapping[str, object], origins: Mapping[str, str], name: str
) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        where = origins.get(name) or file.where((PRIVACY, name))
        raise SettingsError("bad value", where, "true or false", type_name(value))
    return value


def _otherwise(file: YamlFile, found: Mapping[str, object]) -> MemberRule:
    value = found.get("otherwise", str(MemberAction.REMOVE))
    choices = {str(rule.action): rule for rule in (KEEP, REMOVE)}
    if not isinstance(value, str) or value not in choices:
        raise _refusal(file, ("otherwise",), "keep or remove", repr(value))
    return choices[value]


def _extensions(file: YamlFile, found: Mapping[str, object]) -> dict[str, MemberRule]:
    rules = _members(file, found, "extensions")
    for name in rules:
        if name in FIELDS:
            expected = f"another name than {', '.join(FIELDS)}"
            raise _refusal(file, ("extensions", name), expected, repr(name))
    return rules


def _members(file: YamlFile, found: Mapping[str, object], name: str) -> dict[str, MemberRule]:
    listed = text_keys(found.get(name) or {}, file.where((PRIVACY, name)))
    return {member: _rule(file, listed[member], (name, member)) for member in listed}


def _rule(file: YamlFile, value: object, steps: Steps) -> MemberRule:
    if isinstance(value, dict) and list(value) == [str(MemberAction.PREFIX)]:
        length = value[str(MemberAction.PREFIX)]
        if type(length) is not int or not 1 <= length <= _LONGEST_PREFIX:
            expected = f"a whole number from 1 to {_LONGEST_PREFIX}"
            raise _refusal(file, (*steps, "prefix"), expected, repr(length))
        return MemberRule(MemberAction.PREFIX, length)
    if not isinstance(value, str) or value not in ("keep", "remove", "hash"):
        raise _refusal(file, steps, _FORMS, repr(value))
    return MemberRule(MemberAction(value))


def _refusal(
    file: YamlFile, steps: Steps, expected: str, found: str, what: str = "bad value"
) -> SettingsError:
    return SettingsError(what, file.where((PRIVACY, *steps)), expected, found)
