"""The law on sizes sees what breaks it, and nothing else."""

from tests.law.sizes import breaches


def test_long_file_is_named() -> None:
    """The 301st line breaks the law."""
    assert list(breaches("a.sql", "x\n" * 300)) == []
    assert list(breaches("a.sql", "x\n" * 301)) == ["a.sql: 301 lines, at most 300; split it"]


def test_long_line_is_named_with_its_number() -> None:
    """The 101st character breaks the law."""
    assert list(breaches("a.sql", "x" * 100)) == []
    assert list(breaches("a.sql", f"x\n{'x' * 101}")) == ["a.sql:2: 101 characters, at most 100"]


def test_long_function_is_named() -> None:
    """The 71st line of a function breaks the law, also of one in a class."""
    allowed = "class C:\n    def f():\n" + "        pass\n" * 69
    assert list(breaches("a.py", allowed)) == []
    assert list(breaches("a.py", allowed + "        pass\n")) == [
        "a.py:2: f has 71 lines, at most 70"
    ]
