"""Twinledger's side of the benchmark, one process a measurement.

    python -m bench.product SETTINGS [--full]

Without --full: what the daily totals need (landing with its gate, prices, token_usage_daily and
its tests). With it: the whole run to the published marts.
"""

from __future__ import annotations

import sys

from orchestration.settings import load_settings


def main() -> None:
    settings = load_settings(sys.argv[1])
    if "--full" in sys.argv:
        from orchestration.pipeline import run

        run(settings)
        return
    from orchestration.build import build
    from orchestration.landing.land import land
    from orchestration.pricing import ensure_price_snapshot

    land(settings)
    ensure_price_snapshot(settings)
    # Tests of models further on read the same landing tables: those of `charges` are left out.
    build(settings, select=["+token_usage_daily"], exclude=["charges"])


if __name__ == "__main__":
    main()
