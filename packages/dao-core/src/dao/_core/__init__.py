"""Internals: requests, routing, execution, and the synchronous and asynchronous API."""
