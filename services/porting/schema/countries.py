"""Countries as the graph names them."""

from libs.common.graphql.enums import publish_enum
from services.porting.domain.countries import Country

__all__ = ["Country"]

publish_enum(
    Country,
    description="The country whose rules a port request follows.",
    values={
        Country.US: "United States.",
        Country.CA: "Canada.",
        Country.AU: "Australia, by our support team.",
        Country.GB: "United Kingdom, by our support team.",
    },
)
