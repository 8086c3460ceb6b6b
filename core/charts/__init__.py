"""Estimates and tables as Plotly figures."""
