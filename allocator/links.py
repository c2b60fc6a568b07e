"""What projects ask of one another: requires, excludes, must, never, and where these contradict (3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from allocator import schema
from allocator.errors import Fault
from allocator.policy import Policy
from allocator.reading import Read


def faults(read: Read, policy: Policy) -> Iterator[Fault]:
    """Contradictions between projects.

    >>> projects = pd.DataFrame({"id": ["a", "b"], "requires": ["b", "a"]})
    >>> [fault.values["found"] for fault in faults(Read(tables={"projects": projects}), Policy())]
    ['a → b → a']
    """
    projects = read.tables.get("projects", pd.DataFrame())
    if "id" not in projects:
        return
    row = {id_: read.row("projects", place) for place, id_ in enumerate(projects["id"])}
    requires, excludes = _listed(projects, "requires"), _listed(projects, "excludes")
    decision = projects.set_index("id")["decision"] if "decision" in projects else pd.Series(dtype=str)
    must, never = (set(decision.index[decision == word].dropna()) for word in ("must", "never"))
    for ring in _rings(requires):
        yield Fault("cycle", "projects", row.get(ring[0]), "requires", values={"found": " → ".join([*ring, ring[0]])})
    needed = {id_: _closure(id_, requires) for id_ in sorted(must)}
    for id_, closure in needed.items():
        for other in sorted(closure & never):
            values = {"found": id_, "other": other, "where": str(row[other])}
            yield Fault("must_requires_never", "projects", row[id_], "requires", values=values)
    wanted = must.union(*needed.values())
    for id_, others in excludes.items():
        for other in others:
            twice = id_ in excludes.get(other, ()) and other < id_
            if {id_, other} <= wanted and other in row and not twice and other != id_:
                values = {"found": id_, "other": other, "where": str(row[other])}
                yield Fault("must_excludes_must", "projects", row[id_], "excludes", values=values)
    for id_, others in requires.items():
        for other in others:
            if other in excludes.get(id_, ()) or id_ in excludes.get(other, ()):
                yield Fault(
                    "requires_excluded", "projects", row[id_], "requires", values={"found": id_, "other": other}
                )
    for name, listed in (("requires", requires), ("excludes", excludes)):
        for id_, others in listed.items():
            if id_ in others and name == "excludes":
                yield Fault("names_itself", "projects", row[id_], name, values={"found": id_})


def _listed(projects: pd.DataFrame, name: str) -> dict[str, tuple[str, ...]]:
    if name not in projects:
        return {}
    stated = projects.loc[projects[name].notna() & projects["id"].notna(), ["id", name]]
    return {id_: schema.split(text) for id_, text in zip(stated["id"], stated[name], strict=True)}


def _closure(start: str, requires: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Everything that a project needs, directly or not."""
    found: set[str] = set()
    ahead = list(requires.get(start, ()))
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += requires.get(one, ())
    return found


def _rings(requires: Mapping[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """One ring for each set of projects that require one another."""
    seen: set[str] = set()
    for start in sorted(requires):
        path, place, ahead = [start], {start: 0}, [iter(requires[start])]
        while ahead and start not in seen:
            step = next(ahead[-1], None)
            if step is None:
                done = path.pop()
                place.pop(done)
                seen.add(done)
                ahead.pop()
            elif step in place:
                ring = path[place[step] :]
                least = ring.index(min(ring))
                yield ring[least:] + ring[:least]
                seen.update(path)
                break
            elif step not in seen:
                place[step] = len(path)
                path.append(step)
                ahead.append(iter(requires.get(step, ())))
