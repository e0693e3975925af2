# One image for everything of ours: gateway, stub providers, pager, Locust, drills. compose.yaml says which is which.
FROM python:3.13-slim-trixie AS build
RUN python3 -m venv /opt/alertdrill
WORKDIR /src
COPY requirements.txt .
RUN /opt/alertdrill/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY harness harness
COPY scenarios scenarios
COPY stub_providers stub_providers
RUN /opt/alertdrill/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.13-slim-trixie
# The folders are where volumes go: a new volume takes their owner over.
RUN for folder in /config /run/alertdrill /data /data/gateway /data/prometheus /data/alertmanager /out; do \
        mkdir -p "$folder" && chown 65534:65534 "$folder"; \
    done
COPY --from=build /opt/alertdrill /opt/alertdrill
# Scenarios, for Locust, and the stub providers, which are no part of the package; whatever Python's version.
RUN ln -s /opt/alertdrill/lib/python3*/site-packages/alertdrill/shipped /shipped
COPY deploy/compose/enter deploy/compose/healthy /usr/local/bin/
ENV PATH=/opt/alertdrill/bin:$PATH PYTHONPATH=/shipped HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65534:65534
WORKDIR /out
ENTRYPOINT ["enter"]
CMD ["alertdrill", "list"]
