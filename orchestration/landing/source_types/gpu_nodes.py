"""Node inventories, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("gpu_nodes", "snapshot", required=("node", "gpus"))
