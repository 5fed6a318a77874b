"""Paradex: perpetual futures settled in USDC, orders signed on the Stark curve, market data as SBE."""
