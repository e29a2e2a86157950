# The bundle with pipelock's program in it, for bottles that ask for pipelock. PIPELOCK_IMAGE has /pipelock, static, and
# the roots that it verifies origins by, where Go programs look for them.
ARG BUNDLE_IMAGE
ARG PIPELOCK_IMAGE
FROM ${PIPELOCK_IMAGE} AS pipelock
FROM ${BUNDLE_IMAGE}
COPY --from=pipelock /pipelock /usr/local/bin/pipelock
COPY --from=pipelock /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
