"""What the compiled model is built of: compiled functions, and records by their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
Rows = Any
"""Records in a row, given by the first of them."""


def compiled(function: Function) -> Function:
    """Compile a function as a part of what calls it."""
    return cast(Function, numba.njit(error_model="numpy")(function))


def compiled_once(function: Function) -> Function:
    """Compile a function that Python calls, and keep it on disk where there is a place for it."""
    try:
        return cast(Function, numba.njit(cache=True, error_model="numpy", nogil=True)(function))
    except RuntimeError:  # neither the package nor the user has a folder that can be written to
        return cast(Function, numba.njit(error_model="numpy", nogil=True)(function))


def _at(typing: Any, rows: Any, place: Any) -> Any:
    """The record at a place, counted from the record that is given; nothing checks that there is one.

    Arrays would do, but most of the time would go into counting the references to them, and most of the compilation.
    """
    if not isinstance(rows, types.Record) or not isinstance(place, types.Integer):
        return None

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = context.cast(builder, given[1], signature.args[1], types.intp)
        first = builder.ptrtoint(given[0], place.type)
        return builder.inttoptr(builder.add(first, builder.mul(place, place.type(rows.size))), given[0].type)

    return rows(rows, place), build


at: Callable[[Rows, int], Any] = cast(Any, intrinsic(_at))
