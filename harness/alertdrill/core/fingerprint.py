"""An alert's fingerprint, by which Alertmanager names it. Pure.

64-bit FNV-1a over the labels in the order of their names, each name and value followed by a byte 255
(`LabelSet.Fingerprint` of Prometheus's Go library `common/model`).
"""

from __future__ import annotations

from alertdrill.core.rule import Labels

FNV_OFFSET = 14695981039346656037
FNV_PRIME = 1099511628211
MASK = 2**64 - 1


def fingerprint(labels: Labels) -> str:
    """Return the fingerprint of a label set, which has `alertname`, as 16 hexadecimal digits."""
    digest = FNV_OFFSET
    for name in sorted(labels):
        for byte in (*name.encode(), 255, *labels[name].encode(), 255):
            digest = ((digest ^ byte) * FNV_PRIME) & MASK
    return f"{digest:016x}"
