"""Probabilistic forecasts of daily cost, issued once and never rewritten."""

from orchestration.forecasting.issue import ForecastResult, issue_forecasts
from orchestration.forecasting.model import Forecast, forecast_series

__all__ = ["Forecast", "ForecastResult", "forecast_series", "issue_forecasts"]
