{
  # The addon is made of the same sources as the sampler, all but the sampler's main.
  "targets": [
    {
      "target_name": "gpu_node_agent",
      "sources": [
        "<!@(find native/addon native/core native/sampler -name '*.cpp' ! -path native/sampler/main.cpp | LC_ALL=C sort)"
      ],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all"],
      "include_dirs": ["native"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        # No abort when a worker is being terminated while a call returns with an error.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-fexceptions", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wshadow", "-Werror",
        # Other people's headers are read as system headers: our warnings are for our code.
        "-isystem", "<!(node -p \"require('node:path').dirname(require.resolve('node-addon-api'))\")"],
      # Threads of ours may still be asleep in the driver when the environment goes: the code must stay mapped.
      "ldflags": ["-Wl,-z,nodelete"]
    }
  ]
}
