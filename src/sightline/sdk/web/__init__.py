"""Requests that a program serves: one span each, for ASGI, WSGI, Flask and Django."""
