"""How the contracts' own types look in the graph."""

from collections.abc import Mapping

from strawberry.types.scalar import ScalarDefinition

from libs.common.graphql.scalars import text_scalar
from libs.contracts.phone_number import PhoneNumber

CONTRACT_SCALARS: Mapping[object, ScalarDefinition] = {
    PhoneNumber: text_scalar(
        "PhoneNumber",
        PhoneNumber.parse,
        description="A telephone number: any E.164 or national writing in, E.164 out.",
    )
}
