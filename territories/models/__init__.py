from territories.models.figure import Figure, FigureValue
from territories.models.geography import Department, Epci, Region
from territories.models.perimeter import Perimeter, PerimeterChange, PerimeterZone
from territories.models.structure import Structure
from territories.models.zone import FormerPopulation, FormerZone, Zone, ZoneSplit

__all__ = [
    "Department",
    "Epci",
    "Figure",
    "FigureValue",
    "FormerPopulation",
    "FormerZone",
    "Perimeter",
    "PerimeterChange",
    "PerimeterZone",
    "Region",
    "Structure",
    "Zone",
    "ZoneSplit",
]
