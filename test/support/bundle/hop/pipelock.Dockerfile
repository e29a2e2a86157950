# The files that the kit takes from pipelock's image, with a fake program.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY pipelock /pipelock
RUN mkdir -p /etc/ssl/certs && touch /etc/ssl/certs/ca-certificates.crt
