from territories.models.geography import Department, Epci, Region
from territories.models.perimeter import Perimeter, PerimeterZone
from territories.models.zone import FormerZone, Zone

__all__ = ["Department", "Epci", "FormerZone", "Perimeter", "PerimeterZone", "Region", "Zone"]
