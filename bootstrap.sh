#!/bin/sh
# Finds a Python that is new enough and has it make .venv: see bootstrap.py.
set -eu
cd "$(dirname "$0")"

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" bootstrap.py "$@"
    fi
done
echo "alertdrill needs Python 3.11 to 3.14 as python3, python3.14, python3.13, python3.12 or python3.11 on PATH," \
    "or in PYTHON: on Debian 12, Ubuntu 24.04 and later: apt-get install python3 python3-venv" >&2
exit 2
