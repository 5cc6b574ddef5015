"""Architecture pictures, drawn from synthesized Terraform."""

from collections.abc import Sequence

from sluice_cli.errors import DeploymentError
from sluice_cli.project import Synthesized
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.picture.arrows import picture_of
from sluice_cli.review.picture.layout import LayoutError, place
from sluice_cli.review.picture.svg import draw
from sluice_cli.review.plan import NO_PLAN
from sluice_cli.review.words import ConstructNames
from sluice_cli.terraform.document import read_stack


def draw_all(synthesized: Synthesized, names: Sequence[str] = ()) -> dict[str, str]:
    """The pictures of the named stacks, or of all, as SVG by name. Raises `DeploymentError` where they cannot be laid
    out, and `InputError` for names of no stack and for Terraform that CDKTF does not write."""
    pictures = []
    for name in synthesized.ordered(names):
        configuration = Configuration.synthesized(read_stack(synthesized.folders[name]))
        pictures.append(picture_of(name, configuration, ConstructNames(NO_PLAN, configuration)))
    try:
        return {one.picture.title: draw(one) for one in place(pictures)}
    except LayoutError as error:
        raise DeploymentError(str(error)) from error
