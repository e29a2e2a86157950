# The bundle with pipelock's program (`pipelock` beside this file), on a Debian that has what that program needs.
ARG BUNDLE_IMAGE
ARG BASE_IMAGE
FROM ${BUNDLE_IMAGE} AS bundle
FROM ${BASE_IMAGE}
WORKDIR /app
COPY --from=bundle /app /app
COPY --from=bundle /usr/local/bin/pipelock /usr/local/bin/pipelock
USER 65534:65534
ENTRYPOINT ["node", "/app/init/main.mjs"]
