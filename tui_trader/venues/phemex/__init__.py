"""Phemex: the client side of its USDⓈ-M and COIN-M protocols."""
