# The operator as an image: node and the few files of the operator. Builds with docker, podman and buildah; no line asks for anything that only one of them has.
#
#   docker build -t registry.example.com/acronis-upsell-operator:0.1.0 .
#
# NODE_IMAGE is what it runs on, any base with Node 24 on its PATH: a mirror's, a distroless one, one made at home.
# BUILD_IMAGE makes them and is thrown away; it needs npm too.
ARG NODE_IMAGE=node:24-slim
ARG BUILD_IMAGE=node:24-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No script of any dependency runs.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json LICENSE ./
COPY scripts/build.ts scripts/package-parts.ts scripts/
COPY src src
RUN node scripts/build.ts \
  && mkdir /app \
  && cp -r dist/. LICENSE /app/ \
  && echo '{"type":"module"}' > /app/package.json

FROM ${NODE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="acronis-upsell-operator" \
      org.opencontainers.image.description="Keeps users of Acronis Cyber Protect Cloud marked as buyers, from Kubernetes objects" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
ENV NODE_ENV=production
COPY --from=build /app /app
WORKDIR /app
# A number, so that runAsNonRoot can be checked without a user database.
USER 65532:65532
# Of /metrics, and of /livez and /readyz.
EXPOSE 8080 8081
# No shell in between: SIGTERM reaches node, which is process 1. V8's flags keep its memory small (src/process/v8-flags.ts says what each is for); a limit of the
# heap is given in NODE_OPTIONS, which does not take most of these. The source maps lie beside the files and are read with
# NODE_OPTIONS=--enable-source-maps: always reading it would cost a third of the memory.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--heap-growing-percent=30", "--no-parallel-scavenge", "--max-opt=2", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering", "/app/main.js"]
CMD ["run"]
