# The gateway: docker build -f deploy/gateway.Dockerfile .
FROM node:24-slim
WORKDIR /gateway
COPY gateway/package.json gateway/package-lock.json gateway/.npmrc ./
RUN npm ci --omit=dev
COPY gateway/*.mjs gateway/supergraph.graphql ./
ENV NODE_ENV=production
USER node
EXPOSE 4000
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["node", "-e", \
  "fetch('http://127.0.0.1:4000/readiness').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server.mjs"]
