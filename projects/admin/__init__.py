from projects.admin import documents, funding, grids, projects

__all__ = ["documents", "funding", "grids", "projects"]
