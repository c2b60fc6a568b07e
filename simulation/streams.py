"""Random numbers by name (4.5): every draw is a hash of seed, replication, project, stream and visit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint64]

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio: keeps a chain of zeros from staying zero."""


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def keys(ids: Iterable[str]) -> Words:
    """One key per id; it depends on the id alone, so neither order nor the other ids matter.

    >>> keys(["P1", "P2"])[1] == keys(["P2"])[0]
    np.True_
    """
    return np.frombuffer(b"".join(map(_digest, ids)), dtype="<u8").astype(np.uint64)


def _mixed(state: Any, part: Any) -> Any:
    """A part taken into the state: the finaliser of splitmix64, then that of murmur3; on a number or on an array.

    For a given part this is one-to-one in the state, and the other way round.
    """
    state = (state ^ part) + GOLDEN & MASK
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
    state = (state ^ state >> 27) * 0x94D049BB133111EB & MASK
    state = state ^ state >> 31
    state = (state ^ state >> 33) * 0xFF51AFD7ED558CCD & MASK
    state = (state ^ state >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return state ^ state >> 33


@lru_cache(maxsize=4096)
def _begun(seed: int, replication: int, stream: str) -> int:
    """The state after the parts that all projects share."""
    state = _mixed(_mixed(0, seed & MASK), replication & MASK)
    return int(_mixed(state, int.from_bytes(_digest(stream), "little")))


@dataclass(frozen=True)
class Streams:
    """All draws of one replication.

    Parameters
    ----------
    seed, replication : int
        Whole numbers; two of them that differ by a multiple of 2^64 are the same.

    Notes
    -----
    The state is a chain ``mixed(mixed(... seed), replication), stream), key), visit)``; the leading 53 bits are the
    draw. Nothing is kept between draws: two scenarios, two engines and any number of workers share them exactly.

    Examples
    --------
    >>> streams = Streams(seed=1, replication=0)
    >>> all_three = streams.uniform(keys(["P1", "P2", "P3"]), "work.review")
    >>> bool(all_three[2] == streams.uniform(keys(["P3"]), "work.review")[0])
    True
    """

    seed: int
    replication: int

    def begun(self, streams: Iterable[str]) -> Words:
        """The states at which streams begin, for `uniform`.

        >>> streams, key = Streams(1, 0), keys(["P1"])
        >>> begun = streams.begun(["work", "returned"])
        >>> bool(streams.uniform(key, begun)[1] == streams.uniform(key, "returned")[0])
        True
        """
        return np.array([_begun(self.seed, self.replication, stream) for stream in streams], dtype=np.uint64)

    def uniform(self, keys: Words, stream: str | Words, visit: ArrayLike = 0) -> NDArray[np.float64]:
        """Draws strictly between 0 and 1, of the common shape of `keys`, `stream` and `visit` (whole numbers).

        `stream` is one for all, or the state at which that of each begins.

        >>> Streams(1, 0).uniform(keys(["P1", "P2"])[:, None], "returned", np.arange(3)).shape
        (2, 3)
        """
        begun = self.begun([stream]) if isinstance(stream, str) else stream
        shape = np.broadcast_shapes(np.shape(keys), () if isinstance(stream, str) else begun.shape, np.shape(visit))
        state = _mixed(begun, np.asarray(keys, dtype=np.uint64))
        state = _mixed(state, np.asarray(visit).astype(np.uint64))
        return np.asarray(np.maximum(state >> np.uint64(11), 0.5) * 2.0**-53).reshape(shape)

    def one(self, key: int, stream: str, visit: int = 0) -> float:
        """The same draw for one key, without arrays.

        >>> Streams(1, 0).one(int(keys(["P1"])[0]), "returned") == Streams(1, 0).uniform(keys(["P1"]), "returned")[0]
        np.True_
        """
        state = _mixed(_mixed(_begun(self.seed, self.replication, stream), int(key)), int(visit) & MASK)
        return float(max(state >> 11, 0.5) * 2.0**-53)
