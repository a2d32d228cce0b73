from accounts.models.institution import Institution
from accounts.models.user import User

__all__ = ["Institution", "User"]
