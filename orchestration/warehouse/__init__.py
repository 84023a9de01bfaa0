"""The engines: DuckDB in this process, or BigQuery. One place that knows which."""

from orchestration.warehouse.base import Warehouse, warehouse
from orchestration.warehouse.marts import Marts

__all__ = ["Marts", "Warehouse", "warehouse"]
