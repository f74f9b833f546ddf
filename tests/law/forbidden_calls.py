"""Calls that run, or bring to life, what somebody else may have written; found in the syntax tree.

A call is named as it is written (`yaml.load`), or as it was imported (`from yaml import load`).
"""

import ast
from collections.abc import Iterator

# Each with what would run: text, bytes or a shell's line.
FORBIDDEN_CALLS = {
    "eval": "text",
    "exec": "text",
    "compile": "text",
    "__import__": "text",
    "code.InteractiveInterpreter": "text",
    "os.system": "a shell's line",
    "os.popen": "a shell's line",
    "subprocess.getoutput": "a shell's line",
    "subprocess.getstatusoutput": "a shell's line",
    "yaml.load": "tags that name classes",
    "yaml.load_all": "tags that name classes",
    "yaml.full_load": "tags that name classes",
    "yaml.unsafe_load": "tags that name classes",
    "yaml.unsafe_load_all": "tags that name classes",
    "tempfile.mktemp": "a name that somebody else may take",
}
# Nothing of these modules is used: they make objects of bytes by running what the bytes name.
FORBIDDEN_MODULES = (
    "pickle",
    "cPickle",
    "_pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "jsonpickle",
    "joblib",
    "xmlrpc",
)


def find_forbidden(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each call or import that is forbidden, and of each `shell=True`."""
    tree = ast.parse(source)
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                imported[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
                if name.name.partition(".")[0] in FORBIDDEN_MODULES:
                    yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                imported[name.asname or name.name] = f"{node.module}.{name.name}"
            if node.module.partition(".")[0] in FORBIDDEN_MODULES:
                yield node.lineno, node.module
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _name_of(node.func, imported)
            if called in FORBIDDEN_CALLS:
                yield node.lineno, called
            for keyword in node.keywords:
                is_off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
                if keyword.arg == "shell" and not is_off:
                    yield node.lineno, "shell=True"


def _name_of(node: ast.expr, imported: dict[str, str]) -> str:
    """Return the dotted name that is called, through what was imported; empty: it has none."""
    if isinstance(node, ast.Name):
        return imported.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = _name_of(node.value, imported)
        return f"{before}.{node.attr}" if before else ""
    return ""
