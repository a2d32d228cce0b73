from projects.admin import projects

__all__ = ["projects"]
