"""The pictures of regimes crossed with review scenarios."""

from simulation.plotregimesbenefit import benefit
from simulation.plotregimescurves import curves
from simulation.plotregimesshares import shares
from simulation.plotregimestwoway import two_way
from simulation.plotregimeswaits import waits

__all__ = ["benefit", "curves", "shares", "two_way", "waits"]
