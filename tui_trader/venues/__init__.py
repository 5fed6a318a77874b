"""Dialects: what each venue says, translated both ways. Pure: no asyncio, no sockets, no state of the application."""
