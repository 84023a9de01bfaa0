"""The sample's `twinledger.toml`: every source, and what its columns mean."""

from __future__ import annotations

from pathlib import Path

_SETTINGS = """\
# The sample company. Every figure that it must give is in ground_truth.json.

[warehouse]
target = "duckdb"
lake = "lake"
build = "build.duckdb"
publish = "published"
reporting_currency = "USD"

[reference]
{reference}

[[sources]]
name = "aws_payer"
type = "focus"
uri = "exports/aws/*.csv.gz"
delivery = "snapshot_per_file"      # every export is a new file; the last one of a month stands

[[sources]]
name = "azure_eu"
type = "focus"
uri = "exports/azure/*.csv"

[[sources]]
name = "model_vendor"
type = "focus"
uri = "exports/model_vendor/*.csv"

[[sources]]
name = "litellm_gateway"
type = "litellm"
uri = "{litellm}"
billed_by = "model_vendor"          # the bill carries the money, the log says who caused it

[[sources]]
name = "support_bot"
type = "token_events"
uri = "support_bot/*.jsonl"
mapping = {{request_id = "id", started_at = "ts", provider = "vendor", model = "model", \
input_tokens = "input_tokens", cached_input_tokens = "cache_read_input_tokens", \
output_tokens = "output_tokens", team = "team", product = "product", feature = "feature", \
use_case = "use_case", customer = "customer", environment = "environment"}}
constants = {{input_includes_cached = false}}

[[sources]]
name = "gpu_cluster"
type = "gpu_nodes"
uri = "gpu/nodes.csv"
mapping = {{node = "hostname", gpu_model = "gpu_type", gpus = "gpu_count", \
hourly_price = "usd_per_hour", available_from = "lease_start", available_to = "lease_end"}}
constants = {{currency = "USD"}}

[[sources]]
name = "gpu_scheduler"
type = "gpu_jobs"
uri = "gpu/jobs.csv"
mapping = {{job = "JobID", started_at = "Start", ended_at = "End", gpus = "AllocGPUs", \
gpu_fraction = "GPUShare", gpu_model = "GPUType", node = "NodeList", state = "State", \
kind = "JobKind", owner = "User", team = "Team", product = "Product", feature = "Feature", \
use_case = "UseCase", workload = "Workload"}}

[[sources]]
name = "outcomes"
type = "outcomes"
uri = "outcomes/outcomes.csv"
mapping = {{event_id = "event", outcome_type = "type", occurred_at = "at", quantity = "quantity", \
unit_value = "value_each", currency = "currency", attribution_share = "share", \
evidence_grade = "evidence", succeeded = "succeeded", reverses = "reverses", team = "team", \
product = "product", feature = "feature", use_case = "use_case", customer = "customer"}}

[[sources]]
name = "units"
type = "units"
uri = "units/units.csv"

[[sources]]
name = "assistant_seats"
type = "seats"
uri = "seats/seats.csv"
billed_by = "azure_eu"              # the subscription is in that bill: no charges of their own
mapping = {{period = "month", team = "team", assigned = "seats", active = "used"}}
constants = {{service = "Code Pilot", seat_price = 39.5, currency = "USD"}}

[[sources]]
name = "aws_invoices"
type = "invoices"
uri = "invoices/cloud_invoices.csv"
billed_by = "aws_payer"             # what that bill must add up to: no charges of its own
mapping = {{invoice_id = "invoice", period = "month", amount = "total_usd"}}
constants = {{currency = "USD"}}

[[sources]]
name = "vendor_invoices"
type = "focus_invoice_detail"
uri = "invoices/vendor_invoice_detail.csv"
billed_by = "model_vendor"

[[sources]]
name = "billing_periods"
type = "focus_billing_period"
uri = "invoices/billing_periods.csv"

[[sources]]
name = "labelling"
type = "invoices"                   # the invoice is the bill
uri = "invoices/labelling.csv"
mapping = {{invoice_id = "number", period = "month", description = "item", \
charge_category = "category", amount = "net_usd", service_start = "from", service_end = "until"}}
constants = {{issuer = "Harrow Labelling", currency = "USD", ledger_category = "labelling"}}

[[sources]]
name = "vector_store"
type = "invoices"
uri = "invoices/vector_store.csv"
mapping = {{invoice_id = "number", period = "month", description = "item", \
charge_category = "category", amount = "net_usd", service_start = "from", service_end = "until"}}
constants = {{issuer = "Kestrel Vectors", currency = "USD", \
ledger_category = "embedding_retrieval"}}

[[sources]]
name = "budgets"
type = "budgets"
uri = "budgets/budgets.csv"
mapping = {{period = "month", amount = "amount", currency = "currency", \
cost_center = "cost_center"}}
"""


def write_settings_file(folder: Path, reference: list[str], litellm: str) -> None:
    """Write `twinledger.toml`; `reference` names the files under `config/`."""
    lines = "\n".join(f'{name} = "config/{name}.csv"' for name in reference)
    text = _SETTINGS.format(reference=lines, litellm=litellm)
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
