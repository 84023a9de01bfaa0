"""Anthropic's organisation usage and cost reports: its API, or saved responses."""

from orchestration.landing.api.anthropic import VENDOR
from orchestration.landing.api.source_type import vendor_type

SOURCE_TYPE = vendor_type(VENDOR)
