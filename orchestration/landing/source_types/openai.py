"""OpenAI's organisation usage and costs: its API, or saved responses."""

from orchestration.landing.api.openai import VENDOR
from orchestration.landing.api.source_type import vendor_type

SOURCE_TYPE = vendor_type(VENDOR)
