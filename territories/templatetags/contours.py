"""Where the pages' maps find the contours."""

from django import template
from django.templatetags.static import static

from territories.contours import FOLDER

register = template.Library()


@register.simple_tag
def contour_urls() -> dict[str, str]:
    """The address of each file of contours: one by department, then « departments » and « regions ».

    `{% contour_urls as urls %}{{ urls|json_script:"contour-urls" }}`; each address changes with its file, so that
    browsers keep it for good.
    """
    return {path.stem: static(f"contours/{path.name}") for path in sorted(FOLDER.glob("*.json"))}
