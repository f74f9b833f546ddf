"""Keys that a running program remembers, and how soon it forgets one that was dropped."""

from jobs.privacy.key_store import KeyStore
from schemas.privacy import SubjectKey
from udfs.keying import subject_key_of

_MOST = 100_000


class KeyCache:
    """The keys of the subjects seen last.

    A dropped key is used for at most `recheck_s` seconds more: so often the store is asked whether
    any was dropped, and if so all are forgotten. So no key needs a question of its own.
    """

    def __init__(self, store: KeyStore, recheck_s: int, now_s: float, most: int = _MOST) -> None:
        """Begin with none.

        Args:
            store: Where keys are.
            recheck_s: Seconds between two questions.
            now_s: A clock that only goes forward.
            most: How many keys are remembered.
        """
        self._store, self._recheck_s, self._most = store, recheck_s, most
        self._keys: dict[str, SubjectKey] = {}
        self._asked_s, self._dropped = now_s, store.count_dropped()

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._keys)

    def recheck(self, now_s: float) -> None:
        """Ask whether keys were dropped, where it is time to; called before each few records.

        Raises:
            KeyStoreError: The database does not answer.
        """
        if now_s - self._asked_s < self._recheck_s:
            return
        self._asked_s, dropped = now_s, self._store.count_dropped()
        if dropped != self._dropped:
            self._keys.clear()
        self._dropped = dropped

    def key_of(self, subject: str) -> SubjectKey:
        """Return the key of a subject, a new one where it has none.

        Raises:
            KeyStoreError: The database does not answer.
        """
        found = self._keys.get(subject)
        if found is None:
            found = subject_key_of(self._store.make_key(subject), subject)
            if len(self._keys) >= self._most:
                del self._keys[next(iter(self._keys))]
            self._keys[subject] = found
        return found
