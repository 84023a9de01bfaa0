"""From the audited build to what readers open: `marts.duckdb` and its Parquet copies."""

from orchestration.publishing.log import last_publish
from orchestration.publishing.write import PublishResult, publish

__all__ = ["PublishResult", "last_publish", "publish"]
