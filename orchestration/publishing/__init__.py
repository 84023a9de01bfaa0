"""From the audited build to what readers open: `marts.duckdb` and its Parquet copies."""

from orchestration.publishing.log import LastPublish, last_publish
from orchestration.publishing.result import PublishResult
from orchestration.publishing.write import publish

__all__ = ["LastPublish", "PublishResult", "last_publish", "publish"]
