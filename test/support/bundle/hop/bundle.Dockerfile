# The bundle with the fake pipelock (`pipelock` beside this file), on a Debian image with its dependencies.
ARG BUNDLE_IMAGE
ARG BASE_IMAGE
FROM ${BUNDLE_IMAGE} AS bundle
FROM ${BASE_IMAGE}
WORKDIR /app
COPY --from=bundle /app /app
COPY --from=bundle /usr/local/bin/pipelock /usr/local/bin/pipelock
USER 65534:65534
ENTRYPOINT ["node", "/app/init/main.mjs"]
