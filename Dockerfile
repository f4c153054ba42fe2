# Two stages: everything is built in the first, the second has Node, the agent's tree and nothing else.
#   docker build -t gpu-node-agent .
#   docker run --rm --pid=host --network=host --gpus=all -v /sys:/host/sys:ro -v /proc:/host/proc:ro \
#     -v /usr/local/vgpu:/host/usr/local/vgpu:ro gpu-node-agent \
#     --path.rootfs=/host --path.sysfs=/host/sys --path.procfs=/host/proc
# The driver's library and device nodes come from the container runtime (--gpus or the NVIDIA runtime class).
ARG NODE_MAJOR=24

FROM node:${NODE_MAJOR}-bookworm AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY . .
RUN node scripts/install-tree.mjs /gpu-node-agent

FROM node:${NODE_MAJOR}-bookworm-slim
LABEL org.opencontainers.image.title="gpu-node-agent" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /gpu-node-agent /usr/lib/gpu-node-agent
RUN ln -s /usr/lib/gpu-node-agent/dist/gpu-node-agent.mjs /usr/bin/gpu-node-agent \
 && install -d -o node -g node /run/gpu-node-agent /var/lib/gpu-node-agent
# Which of the driver's parts the container runtime brings in: the management library is enough.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=utility \
    NODE_ENV=production
# Open handles of other users' processes can only be named as root or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.
USER node
# Reachable from outside the container only when a listen address says so or the host's network is used.
EXPOSE 9837
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9837/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=1", "--max-old-space-size=96", "--v8-pool-size=1", "--single-threaded-gc", "--incremental-marking-hard-trigger=40", "/usr/lib/gpu-node-agent/dist/gpu-node-agent.mjs", "serve"]
