# The bundle's Debian base with mitmproxy.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends mitmproxy \
 && rm -rf /var/lib/apt/lists/*
