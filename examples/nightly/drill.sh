#!/bin/sh
# Holds drills, and shows their metrics to a textfile collector: drill.sh OUT TEXTFILES [OPTION of alertdrill run]…
# The collector sees the old file or the new one, never half of it. A run that broke leaves the old one, which ages.
set -u
out=${1:?where to put the reports: drill.sh OUT TEXTFILES [OPTION]…}
textfiles=${2:?where the textfile collector looks: drill.sh OUT TEXTFILES [OPTION]…}
shift 2
alertdrill run --out "$out" "$@"
code=$?
if [ -f "$out/metrics.prom" ]; then
    # Drills that nobody hears of are none: exit code 2 where the collector cannot be shown the metrics.
    if ! { cp "$out/metrics.prom" "$textfiles/.alertdrill.$$" &&
        mv "$textfiles/.alertdrill.$$" "$textfiles/alertdrill.prom"; }; then
        [ "$code" -ne 0 ] || code=2
    fi
fi
exit "$code"
