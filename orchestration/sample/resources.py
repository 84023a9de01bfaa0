"""What the company rents from its two clouds, at invented quantities and plausible prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Resource:
    """One billed resource.

    `milli_units` is the quantity in thousandths: of a day, or of an hour for `hourly` and
    `training`. `rhythm`: flat (the same every day), activity (follows the days' activity), hourly
    (a line an hour, all day), training (a line an hour, some hours a night). `category` is the
    ledger category that the warehouse must find.
    """

    name: str
    service: str
    focus_category: str
    sku: str
    description: str
    unit: str
    price: str
    milli_units: int
    rhythm: str
    category: str
    account: str
    tags: dict[str, str] = field(default_factory=dict)
    subcategory: str = ""
    resource_type: str = ""

    @property
    def unit_price(self) -> Decimal:
        """The list price of one unit, in the bill's currency."""
        return Decimal(self.price)


AWS_ACCOUNTS = {
    "ai-products": "410000000001",
    "data-science": "410000000002",
    "shared-platform": "410000000003",
    "sandbox": "410000000004",
}

_ANSWERS = {
    "team": "search", "product": "finder", "feature": "answers",
    "use_case": "question_answering", "env": "prod",
}  # fmt: skip
_RANKING = {
    "team": "ranking", "product": "finder", "feature": "semantic_index",
    "use_case": "semantic_search", "env": "prod",
}  # fmt: skip
_CARE = {
    "team": "care", "product": "helper", "feature": "ticket_reply",
    "use_case": "ticket_resolution", "env": "prod",
}  # fmt: skip
_VISION = {
    "team": "vision", "product": "studio", "feature": "image_tagging",
    "use_case": "catalogue_enrichment", "env": "prod",
}  # fmt: skip
_GROWTH = {
    "team": "growth", "product": "studio", "feature": "ad_copy",
    "use_case": "campaign_copy", "env": "prod",
}  # fmt: skip
_PLATFORM = {"team": "platform", "env": "prod"}

_EC2 = "Amazon Elastic Compute Cloud"
_ML = "AI and Machine Learning"

AWS = (
    Resource(
        "bedrock-claude-input", "Amazon Bedrock", _ML, "USE1-ClaudeSonnet4.5-input-tokens",
        "Claude Sonnet 4.5 input tokens", "1000000 Tokens", "3.00", 20000, "activity",
        "hosted_inference", "ai-products", _CARE, "Generative AI", "model",
    ),
    Resource(
        "bedrock-claude-output", "Amazon Bedrock", _ML, "USE1-ClaudeSonnet4.5-output-tokens",
        "Claude Sonnet 4.5 output tokens", "1000000 Tokens", "15.00", 4200, "activity",
        "hosted_inference", "ai-products", _CARE, "Generative AI", "model",
    ),
    Resource(
        "bedrock-nova", "Amazon Bedrock", _ML, "USE1-NovaPro-output-tokens",
        "Nova Pro output tokens", "1000000 Tokens", "3.20", 9000, "activity",
        "hosted_inference", "ai-products", _GROWTH, "Generative AI", "model",
    ),
    Resource(
        "bedrock-playground", "Amazon Bedrock", _ML, "USE1-ClaudeSonnet4.5-output-tokens",
        "Claude Sonnet 4.5 output tokens", "1000000 Tokens", "15.00", 900, "activity",
        "hosted_inference", "sandbox", {}, "Generative AI", "model",
    ),
    Resource(
        "bedrock-titan-embeddings", "Amazon Bedrock", _ML, "USE1-TitanEmbedV2-input-tokens",
        "Titan Text Embeddings V2 input tokens", "1000 Tokens", "0.00002", 480000000, "activity",
        "embedding_retrieval", "ai-products", _RANKING, "Generative AI", "model",
    ),
    Resource(
        "opensearch-vectors", "Amazon OpenSearch Service", "Analytics",
        "USE1-ESInstance:r6g.xlarge", "r6g.xlarge vector search domain", "Hours", "0.335", 144000,
        "flat",
        "embedding_retrieval", "ai-products", _RANKING, "Search", "domain",
    ),
    Resource(
        "i-0tagger01", _EC2, "Compute", "USE1-BoxUsage:g6.4xlarge",
        "$1.3232 per On Demand Linux g6.4xlarge Instance Hour", "Hours", "1.3232", 2000, "hourly",
        "self_hosted_inference", "ai-products", _VISION | {"workload": "image-tagger"},
        "Virtual Machines", "instance",
    ),
    Resource(
        "i-0ranktrain", _EC2, "Compute", "USE1-BoxUsage:p4d.24xlarge",
        "$32.7726 per On Demand Linux p4d.24xlarge Instance Hour", "Hours", "32.7726", 1000,
        "training", "training", "data-science", _RANKING | {"workload": "rank-training"},
        "Virtual Machines", "instance",
    ),
    Resource(
        "i-0forgotten", _EC2, "Compute", "USE1-BoxUsage:g5.2xlarge",
        "$1.212 per On Demand Linux g5.2xlarge Instance Hour", "Hours", "1.212", 1000, "hourly",
        "self_hosted_inference", "sandbox", {}, "Virtual Machines", "instance",
    ),
    Resource(
        "tagger-finetune", "Amazon SageMaker", _ML, "USE1-Train:ml.g5.12xlarge",
        "$7.09 per Training ml.g5.12xlarge hour", "Hours", "7.09", 4000, "activity",
        "training", "data-science", _VISION | {"workload": "tagger-finetune"},
        "Machine Learning", "training-job",
    ),
    Resource(
        "answers-endpoint", "Amazon SageMaker", _ML, "USE1-Host:ml.g5.xlarge",
        "$1.408 per Hosting ml.g5.xlarge hour", "Hours", "1.408", 48000, "flat",
        "self_hosted_inference", "ai-products", _ANSWERS | {"workload": "answers-endpoint"},
        "Machine Learning", "endpoint",
    ),
    Resource(
        "labelling-team", "Amazon SageMaker Ground Truth", _ML, "USE1-GroundTruth:objects",
        "Ground Truth labelled objects", "Objects", "0.08", 210000, "activity",
        "labelling", "data-science", _VISION, "Machine Learning", "labeling-job",
    ),
    Resource(
        "catalogue-etl", "AWS Glue", "Analytics", "USE1-ETL-DPU-Hour",
        "$0.44 per Data Processing Unit-Hour", "DPU-Hours", "0.44", 64000, "activity",
        "data_pipeline", "data-science", _VISION | {"workload": "catalogue-etl"},
        "Data Processing", "job",
    ),
    Resource(
        "s3-training-data", "Amazon Simple Storage Service", "Storage", "TimedStorage-ByteHrs",
        "$0.023 per GB-Month of storage used", "GB-Months", "0.023", 640000, "flat",
        "non_ai", "data-science", _RANKING, "Object Storage", "bucket",
    ),
    Resource(
        "s3-media", "Amazon Simple Storage Service", "Storage", "TimedStorage-ByteHrs",
        "$0.023 per GB-Month of storage used", "GB-Months", "0.023", 420000, "flat",
        "non_ai", "ai-products", _VISION, "Object Storage", "bucket",
    ),
    Resource(
        "data-transfer-out", "AWS Data Transfer", "Networking", "DataTransfer-Out-Bytes",
        "$0.09 per GB data transfer out", "GB", "0.09", 330000, "activity",
        "data_transfer", "ai-products", {}, "Network Infrastructure", "",
    ),
    Resource(
        "data-transfer-region", "AWS Data Transfer", "Networking", "USE1-EUC1-AWS-Out-Bytes",
        "$0.02 per GB inter-region data transfer", "GB", "0.02", 610000, "activity",
        "data_transfer", "data-science", _RANKING, "Network Infrastructure", "",
    ),
    Resource(
        "nat-gateway", "Amazon Virtual Private Cloud", "Networking", "NatGateway-Bytes",
        "$0.045 per GB Data Processed by NAT Gateways", "GB", "0.045", 700000, "activity",
        "data_transfer", "shared-platform", {}, "Network Connectivity", "natgateway",
    ),
    Resource(
        "eks-control-plane", "Amazon Elastic Kubernetes Service", "Compute", "USE1-EKS-Cluster",
        "$0.10 per cluster-hour", "Hours", "0.10", 96000, "flat",
        "non_ai", "shared-platform", {}, "Containers", "cluster",
    ),
    Resource(
        "observability", "AmazonCloudWatch", "Management and Governance", "DataProcessing-Bytes",
        "$0.50 per GB log data ingested", "GB", "0.50", 92000, "activity",
        "non_ai", "shared-platform", {}, "Observability", "",
    ),
    Resource(
        "orders-database", "Amazon Relational Database Service", "Databases",
        "USE1-InstanceUsage:db.r6g.2xl", "$0.90 per RDS db.r6g.2xlarge instance hour", "Hours",
        "0.90", 72000, "flat", "non_ai", "ai-products", _GROWTH, "Relational Databases", "db",
    ),
    Resource(
        "web-fleet", _EC2, "Compute", "USE1-BoxUsage:m6i.2xlarge",
        "$0.384 per On Demand Linux m6i.2xlarge Instance Hour", "Hours", "0.384", 130000,
        "activity", "non_ai", "ai-products", _ANSWERS, "Virtual Machines", "instance",
    ),
    Resource(
        "build-runners", _EC2, "Compute", "USE1-BoxUsage:c6i.4xlarge",
        "$0.68 per On Demand Linux c6i.4xlarge Instance Hour", "Hours", "0.68", 60000, "activity",
        "non_ai", "sandbox", {"team": "platform"}, "Virtual Machines", "instance",
    ),
)  # fmt: skip
"""US dollars. The shared account has no tags: its cost is shared out by rules."""

AZURE_ACCOUNTS = {
    "fernhollow-eu-prod": "/subscriptions/71c0ffee-0000-4000-8000-000000000001",
    "fernhollow-eu-lab": "/subscriptions/71c0ffee-0000-4000-8000-000000000002",
    "fernhollow-latam": "/subscriptions/71c0ffee-0000-4000-8000-000000000003",
}

_AZURE_CARE = {
    "Team": "care", "Product": "helper", "Feature": "ticket_triage",
    "UseCase": "ticket_resolution", "Environment": "prod",
}  # fmt: skip
_AZURE_SEARCH = {
    "Team": "search", "Product": "finder", "Feature": "answers",
    "UseCase": "question_answering", "Environment": "prod",
}  # fmt: skip

AZURE = (
    Resource(
        "care-gpt4o-ptu", "Azure OpenAI", _ML, "Provisioned Managed Global Unit",
        "Azure OpenAI Provisioned Managed Global Unit", "1 Hour", "0.92", 120000, "flat",
        "hosted_inference", "fernhollow-eu-prod", _AZURE_CARE, "", "microsoft.cognitiveservices",
    ),
    Resource(
        "eu-search", "Azure AI Search", _ML, "AISearch-S2-Unit-Hour",
        "Azure AI Search Standard S2 Unit", "1 Hour", "0.905", 48000, "flat",
        "embedding_retrieval", "fernhollow-eu-prod", _AZURE_SEARCH, "",
        "microsoft.search/searchservices",
    ),
    Resource(
        "triage-training", "Azure Machine Learning", _ML, "NC24ads-A100-v4",
        "NC24ads A100 v4 Compute Hours", "1 Hour", "3.40", 6000, "activity",
        "training", "fernhollow-eu-lab", _AZURE_CARE | {"Workload": "triage-training"}, "",
        "microsoft.machinelearningservices/workspaces",
    ),
    Resource(
        "lab-notebooks", "Azure Machine Learning", _ML, "NC6s-v3",
        "NC6s v3 Compute Hours", "1 Hour", "2.80", 5000, "activity",
        "training", "fernhollow-eu-lab", {}, "", "microsoft.machinelearningservices/workspaces",
    ),
    Resource(
        "ticket-archive", "Storage Accounts", "Storage", "BlobHot-LRS",
        "Blob Storage Hot LRS Data Stored", "1 GB/Month", "0.0166", 900000, "flat",
        "non_ai", "fernhollow-eu-prod", _AZURE_CARE, "", "microsoft.storage/storageaccounts",
    ),
    Resource(
        "eu-egress", "Bandwidth", "Networking", "Bandwidth-Std-Out",
        "Standard Data Transfer Out", "1 GB", "0.07", 150000, "activity",
        "data_transfer", "fernhollow-eu-prod", {}, "", "",
    ),
    Resource(
        "crm-database", "SQL Database", "Databases", "SQLDB-GP-vCore",
        "General Purpose vCore", "1 Hour", "0.21", 192000, "flat",
        "non_ai", "fernhollow-eu-prod", {"Team": "care", "Environment": "prod"}, "",
        "microsoft.sql/servers/databases",
    ),
)  # fmt: skip
"""Euros. Tag names differ from those in the first cloud, as they do."""

AZURE_NO_RATE = (
    Resource(
        "latam-support-seats", "Virtual Machines", "Compute", "D8s-v5",
        "D8s v5 Compute Hours", "1 Hour", "2.61", 24000, "flat",
        "non_ai", "fernhollow-latam", {"Team": "care", "Environment": "prod"}, "",
        "microsoft.compute/virtualmachines",
    ),
)  # fmt: skip
"""Brazilian reais, for which no exchange rate is given: their cost is unknown, not zero."""
