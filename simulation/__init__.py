"""Foresee how review speed moves the start-rate curve. Nothing here yet: the allocation comes first."""
