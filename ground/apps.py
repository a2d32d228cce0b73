from django.apps import AppConfig


class GroundConfig(AppConfig):
    name = "ground"
    verbose_name = "Socle"
