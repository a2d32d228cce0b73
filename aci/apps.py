from django.apps import AppConfig


class AciConfig(AppConfig):
    name = "aci"
    verbose_name = "ACI"

    def ready(self) -> None:
        from aci import withdrawing  # noqa: F401 - tells the app below what rests on its stages
