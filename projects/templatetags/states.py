"""States on pages."""

from django import template

from projects.states import State

register = template.Library()


@register.filter
def as_state(value: str) -> State:
    """The state with its labels, from the text that a query gives."""
    return State(value)
