"""The machine room: requests, routing, execution, and the two faces that pipelines use."""
