"""How fast the gateway is beside its peers; `python -m benchmarks.gateway` writes its document."""
