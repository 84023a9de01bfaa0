"""The sample company: a made-up firm whose files look like real vendors' files.

`write_sample` writes them with `ground_truth.json`, which says what every mart must show.
"""

from orchestration.sample.write import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
