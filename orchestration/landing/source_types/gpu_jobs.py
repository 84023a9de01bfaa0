"""Any log of jobs or pods that hold GPUs, by mapping."""

from orchestration.landing.sources import mapped_type

SOURCE_TYPE = mapped_type("gpu_jobs", "append", required=("job", "started_at", "gpus"))
