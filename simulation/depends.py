"""What a function of one's own depends on, as a text that differs where it may give something else."""

from __future__ import annotations

import builtins
import hashlib
import inspect
import pickle
import uuid
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any


def depends(function: Callable[..., Any]) -> list[str]:
    """The source of a function and of those that it calls, and digests of the values that it refers to.

    Where that cannot be told (no source, or a value that cannot be pickled) there is a text that never comes again, so
    that nothing kept is taken for its result.

    Examples
    --------
    >>> def least(amount: float) -> Callable[[float], bool]:
    ...     return lambda land: land >= amount
    >>> depends(least(4.0)) == depends(least(4.0)), depends(least(4.0)) == depends(least(5.0))
    (True, False)
    """
    try:
        return list(_told(function, set()))
    except Exception:  # whatever a value raises when it is looked at
        return [uuid.uuid4().hex]


def _told(value: Any, seen: set[int]) -> Iterator[str]:
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, ModuleType) or inspect.isclass(value) or inspect.isbuiltin(value):
        yield f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}"
    elif inspect.ismethod(value):
        yield from _told(value.__func__, seen)
        yield from _told(value.__self__, seen)
    elif inspect.isfunction(value):
        yield inspect.getsource(value)
        cells = inspect.getclosurevars(value).nonlocals
        for name, one in [*sorted(cells.items()), *_globals(value), ("", (value.__defaults__, value.__kwdefaults__))]:
            yield name
            yield from _told(one, seen)
    else:
        yield hashlib.sha256(pickle.dumps(value)).hexdigest()


def _globals(function: Any) -> Iterator[tuple[str, Any]]:
    """The global values that a function, or one written inside it, speaks of."""
    for name in sorted(set(_names(function.__code__))):
        if name in function.__globals__ and name not in vars(builtins):
            yield name, function.__globals__[name]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _names(one)
