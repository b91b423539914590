# The deployed program: without the embedded Postgres of development.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The dependencies first, in a layer that lasts until they change: they build under an empty program, and without the
# benches and tests that the manifest names, whose files are not here yet.
COPY Cargo.toml Cargo.lock ./
COPY crates/chemistry/Cargo.toml crates/chemistry/
COPY .cargo/config.toml .cargo/
COPY migrations/build.rs migrations/
RUN sed -i '/^\[\[/,/^$/d' Cargo.toml crates/chemistry/Cargo.toml \
    && mkdir src crates/chemistry/src \
    && touch src/lib.rs crates/chemistry/src/lib.rs \
    && echo 'fn main() {}' >src/main.rs \
    && cargo build --release --locked --no-default-features \
    && rm -r src crates/chemistry/src
COPY . .
# The empty program may be younger than the real one: without the touch cargo would keep it.
RUN touch src/lib.rs src/main.rs crates/chemistry/src/lib.rs \
    && cargo build --release --locked --no-default-features

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home chemstock \
    && install -d -o 10001 -g 10001 /var/lib/chemstock
COPY --from=build /build/target/release/chemstock /usr/local/bin/chemstock
# A number, so that a cluster can see that it is not root.
USER 10001
WORKDIR /var/lib/chemstock
ENV HOST=0.0.0.0 \
    PORT=8080 \
    DATA_DIR=/var/lib/chemstock
EXPOSE 8080
# A start migrates first, which may take long on a large database; the first answer ends the period.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30m CMD ["chemstock", "health"]
ENTRYPOINT ["chemstock"]
