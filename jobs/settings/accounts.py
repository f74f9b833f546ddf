"""Reads the accounts of a file: each one as it stands on the accounts topic, written in YAML."""

import json
from pathlib import Path

from jobs.settings.shapes import SettingsError
from jobs.settings.yaml_file import read_yaml, type_name
from schemas.account import Account, AccountError, decode_account


def load_accounts(path: Path | str) -> tuple[Account, ...]:
    """Read the accounts file, in the file's order.

    Raises:
        SettingsError: one line with the file, the account's place and what is wrong with it.
    """
    content = read_yaml(Path(path))
    listed = content.get("accounts")
    if list(content) != ["accounts"] or not isinstance(listed, list) or not listed:
        found = f"the keys {', '.join(content) or 'none'}, accounts {type_name(listed)}"
        raise SettingsError("bad accounts", str(path), "`accounts:` with a list, alone", found)
    accounts: dict[str, Account] = {}
    for index, item in enumerate(listed):
        where = f"{path} accounts[{index}]"
        try:
            account = decode_account(json.dumps(item).encode())
        except AccountError as error:
            raise SettingsError("bad account", where, "account terms", str(error)) from None
        if account.account_id in accounts:
            found = repr(account.account_id)
            raise SettingsError("bad account", f"{where}.account_id", "a new name", found)
        accounts[account.account_id] = account
    return tuple(accounts.values())
