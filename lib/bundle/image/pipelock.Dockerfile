# The bundle with pipelock's program, for bottles that use pipelock. PIPELOCK_IMAGE has /pipelock, a static
# binary, and the CA roots that it verifies origins with, where Go programs look for them.
ARG BUNDLE_IMAGE
ARG PIPELOCK_IMAGE
FROM ${PIPELOCK_IMAGE} AS pipelock
FROM ${BUNDLE_IMAGE}
COPY --from=pipelock /pipelock /usr/local/bin/pipelock
COPY --from=pipelock /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
