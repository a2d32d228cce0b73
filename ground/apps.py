from django.apps import AppConfig


class GroundConfig(AppConfig):
    name = "ground"
    verbose_name = "Socle"

    def ready(self) -> None:
        import ground.lookups  # noqa: F401 - models are asked that way from now on
