from django.apps import AppConfig


class CptsTrackerConfig(AppConfig):
    name = "cpts_tracker"
    verbose_name = "Suivi des CPTS"
