# The dependencies ask for Swift 6.2 or newer.
ARG SWIFT_VERSION=6.2

FROM swift:${SWIFT_VERSION}-bookworm AS builder
RUN apt-get update \
    && apt-get install --yes --no-install-recommends librabbitmq-dev libpq-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /weir
# The dependencies come first: they are fetched again only when the list of them changes.
COPY Package.swift ./
COPY Package.resolve[d] ./
RUN swift package resolve
COPY Topology Topology
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product weir --static-swift-stdlib \
    && install -m 755 "$(swift build -c release --show-bin-path)/weir" /usr/local/bin/weir

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends librabbitmq4 libpq5 zlib1g ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin weir
COPY --from=builder /usr/local/bin/weir /usr/local/bin/weir
USER weir
ENV WEIR_HTTP_HOST=0.0.0.0 WEIR_HTTP_PORT=8080
EXPOSE 8080
# Weir drains on SIGTERM: requests are answered, batches finish.
STOPSIGNAL SIGTERM
ENTRYPOINT ["weir"]
