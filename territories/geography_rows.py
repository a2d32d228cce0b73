"""The rows of the reference geography, as text: what its files hold, and what compares them. Pure."""

COLUMNS = {
    "regions": ["code", "name"],
    "departments": ["code", "name", "region"],
    "epci": ["code", "name"],
    "zones": ["code", "name", "kind", "department", "epci", "parent", "population", "vintage"],
    "former_zones": ["code", "name", "successor", "is_split"],
}

Row = dict[str, str]
Geography = dict[str, list[Row]]
