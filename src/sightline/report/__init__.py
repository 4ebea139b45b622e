"""`sightline report`: what files of telemetry or logs say about requests, latency, tokens and cost."""
