"""How the database is asked for numbers that somebody has typed, or sent in the place of a ticked box."""

from typing import Any

from django.db.models import IntegerField
from django.db.models.lookups import In


@IntegerField.register_lookup
class IntegerIn(In):
    """A number that the column cannot hold is in no row: Django says so of one, and lets SQLite fail on a list."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        if self.rhs_is_direct_value():
            low, high = connection.ops.integer_field_range(self.lhs.output_field.get_internal_type())
            self.rhs = [each for each in self.rhs if not isinstance(each, int) or low <= each <= high]
        return super().process_rhs(compiler, connection)
