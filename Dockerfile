# The image of the bridge: no shell, no package manager, not root.
#
#   docker build -t emqx-kafka-bridge .
#   docker run --rm --read-only --tmpfs /tmp emqx-kafka-bridge --version
#
# `make image-test` builds it without a container engine, on base images of its own. Where these cannot be reached, name
# yours: --build-arg BUILD_IMAGE=… --build-arg RUNTIME_IMAGE=…
ARG BUILD_IMAGE=node:22-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs22-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="emqx-kafka-bridge" \
      org.opencontainers.image.description="A bridge between EMQX (MQTT 5) and Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY LICENSE ./
USER 65532:65532
# Health and metrics; the HTTP interface of things.
EXPOSE 9464 8080
# SIGTERM finishes what is in flight; the process handles it itself and has no children, so no init is needed.
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/main.js"]
CMD ["--help"]
