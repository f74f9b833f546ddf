"""The categories of services of FOCUS 1.2, each with its subcategories.

Source: FOCUS v1.2, ServiceCategory and ServiceSubcategory,
https://focus.finops.org/focus-specification/v1-2/.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NAMES = {
    "AI and Machine Learning": (
        "AI Platforms, Bots, Generative AI, Machine Learning, Natural Language Processing"
    ),
    "Analytics": (
        "Analytics Platforms, Business Intelligence, Data Processing, Search, Streaming Analytics"
    ),
    "Business Applications": "Productivity and Collaboration",
    "Compute": (
        "Containers, End User Computing, Quantum Compute, Serverless Compute, Virtual Machines"
    ),
    "Databases": (
        "Caching, Data Warehouses, Ledger Databases, NoSQL Databases, Relational Databases,"
        " Time Series Databases"
    ),
    "Developer Tools": (
        "Developer Platforms, Continuous Integration and Deployment, Development Environments,"
        " Source Code Management, Quality Assurance"
    ),
    "Identity": "Identity and Access Management",
    "Integration": "API Management, Messaging, Workflow Orchestration",
    "Internet of Things": "IoT Analytics, IoT Platforms",
    "Management and Governance": (
        "Architecture, Compliance, Cost Management, Data Governance, Disaster Recovery,"
        " Endpoint Management, Observability, Support"
    ),
    "Media": "Content Creation, Gaming, Media Streaming, Mixed Reality",
    "Migration": "Data Migration, Resource Migration",
    "Mobile": "",
    "Multicloud": "Multicloud Integration",
    "Networking": (
        "Application Networking, Content Delivery, Network Connectivity, Network Infrastructure,"
        " Network Routing, Network Security"
    ),
    "Security": "Secret Management, Security Posture Management, Threat Detection and Response",
    "Storage": "Backup Storage, Block Storage, File Storage, Object Storage, Storage Platforms",
    "Web": "Application Platforms",
    "Other": "",
}


def other_of(category: str) -> str:
    """Return the subcategory of what fits no other one of its category."""
    return f"Other ({category})"


SERVICE_SUBCATEGORIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        category: (*filter(None, names.split(", ")), other_of(category))
        for category, names in _NAMES.items()
    }
)
"""Categories in the order of the specification, each with its subcategories."""
