module gpu-node-agent/test/clients/go-nvml

go 1.19

require github.com/NVIDIA/go-nvml v0.13.3-1
