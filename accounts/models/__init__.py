from accounts.models.institution import Institution
from accounts.models.token import AccessToken
from accounts.models.user import User

__all__ = ["AccessToken", "Institution", "User"]
