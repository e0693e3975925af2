#!/bin/sh
# Holds drills, and shows their metrics to a textfile collector: drill.sh OUT TEXTFILES [OPTION of alertdrill run]…
# The collector sees the old file or the new one, never half of it. A run that broke leaves the old one, which ages.
set -u
out=$1 textfiles=$2
shift 2
alertdrill run --out "$out" "$@"
code=$?
if [ -f "$out/metrics.prom" ]; then
    cp "$out/metrics.prom" "$textfiles/.alertdrill.$$" && mv "$textfiles/.alertdrill.$$" "$textfiles/alertdrill.prom"
fi
exit "$code"
