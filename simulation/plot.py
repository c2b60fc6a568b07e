"""The pictures of a simulation, each in a file of its own."""

from simulation.plotcurves import curves
from simulation.plotdifference import difference
from simulation.ploteffects import effects
from simulation.plotgantt import gantt
from simulation.plotload import load
from simulation.plotpoints import points
from simulation.plotwaiting import waiting

__all__ = ["curves", "difference", "effects", "gantt", "load", "points", "waiting"]
