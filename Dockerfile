# The 311 program on a Kafka, Redis and Postgres elsewhere: see docker-compose.yml and docs/operations.md.
FROM node:20.20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:20.20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# Sources of the page and the boundaries are read at run time and have no output in dist.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/server/page ./server/page
COPY --from=build /app/cities/sf/boundaries.json ./cities/sf/boundaries.json
# A new volume takes over the owner of the folder that it covers.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
# The name under which others reach the container is given where it is run.
ENV MILLRACE_DATA_DIR=/data MILLRACE_LOG_FORMAT=json MILLRACE_HOST=0.0.0.0 MILLRACE_ALLOW_REMOTE=true MILLRACE_PORT=3110
EXPOSE 3110
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "const { MILLRACE_HOST: host, MILLRACE_PORT: port } = process.env; fetch(`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Not through npm: signals must reach the program.
ENTRYPOINT ["node", "--enable-source-maps", "dist/cities/main.js"]
