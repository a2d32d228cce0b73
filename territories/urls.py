"""Screens of the territories themselves: what is on them, how they are cut."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
