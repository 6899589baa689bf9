"""The catalog: services, customers, contracts, people and policy, as the operator wrote them down."""

from handlers.domain.catalog.changes import Change, audited, diff
from handlers.domain.catalog.customers_csv import parse_customers_csv, with_customers
from handlers.domain.catalog.parse import address_fault, parse_bytes, parse_catalog
from handlers.domain.catalog.reach import Affected, Unaffected, affected, not_affected, reach
from handlers.domain.catalog.records import (
    Catalog,
    Channel,
    Contract,
    Customer,
    Maintenance,
    Region,
    Service,
    Tier,
    Use,
    folded_channel,
)
from handlers.domain.catalog.stored import from_dict, to_dict
from handlers.domain.catalog.yaml_tree import CatalogErrors, Fault, decoded
from handlers.domain.people import Person
from handlers.domain.policy import Policy

__all__ = [
    "Affected",
    "Catalog",
    "CatalogErrors",
    "Change",
    "Channel",
    "Contract",
    "Customer",
    "Fault",
    "Maintenance",
    "Person",
    "Policy",
    "Region",
    "Service",
    "Tier",
    "Unaffected",
    "Use",
    "address_fault",
    "affected",
    "audited",
    "decoded",
    "diff",
    "folded_channel",
    "from_dict",
    "not_affected",
    "parse_bytes",
    "parse_catalog",
    "parse_customers_csv",
    "reach",
    "to_dict",
    "with_customers",
]
