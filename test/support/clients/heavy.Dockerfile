# The clients that need a compiler or a JDK: 1.5 GB more.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
USER root
# The JDK's package links its manual, whose directory slim images lack.
RUN mkdir -p /usr/share/man/man1 \
  && apt-get update \
  && apt-get install --yes --no-install-recommends cargo-web golang-go maven openjdk-17-jdk-headless \
  && rm -rf /var/lib/apt/lists/*
USER node
