#include "sampler/options.h"

#include <charconv>
#include <functional>
#include <optional>

namespace gna {

namespace {

constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kLongestMs = 24ll * 3600 * 1000;

std::optional<std::int64_t> wholeNumber(const std::string& text, std::int64_t lowest, std::int64_t highest) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < lowest || value > highest) return std::nullopt;
  return value;
}

struct Flag {
  const char* name;
  const char* expected;  // null = takes no value
  std::function<bool(EngineOptions&, const std::string&)> apply;
};

Flag milliseconds(const char* name, std::int64_t lowest, const std::function<std::int64_t&(EngineOptions&)>& field) {
  return {name, "a whole number of milliseconds up to one day",
          [lowest, field](EngineOptions& o, const std::string& v) {
            const auto ms = wholeNumber(v, lowest, kLongestMs);
            if (ms) field(o) = *ms * kMillisecondNs;
            return ms.has_value();
          }};
}

bool splitExclusions(EngineOptions& o, const std::string& list) {
  std::size_t at = 0;
  while (at <= list.size()) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const std::string item = list.substr(at, comma - at);
    if (item.empty()) return false;
    if (item == "all")
      o.excludeAll = true;
    else if (const auto gpu = parseExcludedGpu(item))
      o.excluded.push_back(*gpu);
    else
      return false;
    at = comma + 1;
  }
  return true;
}

const std::vector<Flag>& flags() {
  static const std::vector<Flag> all = {
      {"--nvml.library", "a path",
       [](EngineOptions& o, const std::string& v) {
         o.nvmlLibrary = v;
         return !v.empty();
       }},
      {"--nvml.driver-root", "a folder",
       [](EngineOptions& o, const std::string& v) {
         o.driverRoots.push_back(v.substr(0, v.find_last_not_of('/') + 1));
         return !v.empty();
       }},
      {"--exclude", "all, or GPU indexes, GPU-… UUIDs and PCI addresses separated by commas", splitExclusions},
      {"--nvlink-links", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.nvlinkLinks = true;
         return true;
       }},
      {"--topology", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.topology = true;
         return true;
       }},
      {"--path.procfs", "a folder",
       [](EngineOptions& o, const std::string& v) {
         o.procfs = v;
         return !v.empty();
       }},
      milliseconds("--interval-ms", 10, [](EngineOptions& o) -> std::int64_t& { return o.intervalNs; }),
      milliseconds("--deadline-attach-ms", 1, [](EngineOptions& o) -> std::int64_t& { return o.deadlines.attachNs; }),
      milliseconds("--deadline-fast-ms", 1, [](EngineOptions& o) -> std::int64_t& { return o.deadlines.fastNs; }),
      milliseconds("--deadline-slow-ms", 1, [](EngineOptions& o) -> std::int64_t& { return o.deadlines.slowNs; }),
      {"--no-hami", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.hami = false;
         return true;
       }},
      {"--path.sysfs", "a folder",
       [](EngineOptions& o, const std::string& v) {
         o.sysfs = v;
         return !v.empty();
       }},
      {"--path.dev", "a folder",
       [](EngineOptions& o, const std::string& v) {
         o.dev = v;
         return !v.empty();
       }},
      {"--path.rootfs", "a folder",
       [](EngineOptions& o, const std::string& v) {
         o.rootfs = v.substr(0, v.find_last_not_of('/') + 1);
         return !v.empty();
       }},
      {"--hami.root", "a folder",
       [](EngineOptions& o, const std::string& v) {
         o.hamiRoots.push_back(v);
         return !v.empty();
       }},
      {"--clock.file", "a path",
       [](EngineOptions& o, const std::string& v) {
         o.clockFile = v;
         return !v.empty();
       }},
      {"--parent-pid", "a process id",
       [](EngineOptions& o, const std::string& v) {
         const auto pid = wholeNumber(v, 1, 1 << 30);
         if (pid) o.parentPid = static_cast<std::int32_t>(*pid);
         return pid.has_value();
       }},
      {"--once", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.once = true;
         return true;
       }},
      {"--json", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.json = true;
         return true;
       }},
      {"--capture", "a file that is not there yet, or -",
       [](EngineOptions& o, const std::string& v) {
         o.captureFile = v;
         return !v.empty();
       }},
      {"--deadline", "a whole number of milliseconds up to one day",
       [](EngineOptions& o, const std::string& v) {
         const auto ms = wholeNumber(v, 1, kLongestMs);
         if (ms) o.onceDeadlineNs = o.captureDeadlineNs = *ms * kMillisecondNs;
         return ms.has_value();
       }},
      {"--help", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.help = true;
         return true;
       }},
      {"--version", nullptr,
       [](EngineOptions& o, const std::string&) {
         o.version = true;
         return true;
       }},
  };
  return all;
}

}  // namespace

bool parseOptions(std::span<const std::string> arguments, EngineOptions& options, std::string& error) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag* flag = nullptr;
    for (const Flag& f : flags())
      if (name == f.name) flag = &f;
    if (!flag) {
      error = "unknown argument " + argument + "; see --help for the ones there are";
      return false;
    }
    std::string value;
    if (!flag->expected) {
      if (equals != std::string::npos) {
        error = name + " takes no value, but came as " + argument;
        return false;
      }
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      error = name + " expects " + flag->expected + ", but nothing follows";
      return false;
    }
    if (!flag->apply(options, value)) {
      error = name + " expects " + (flag->expected ? flag->expected : "no value") + ", but came with \"" + value + "\"";
      return false;
    }
  }
  if (options.json && !options.once) {
    error = "--json prints one reading and needs --once";
    return false;
  }
  if (!options.captureFile.empty() && options.once) {
    error = "--capture records more than one reading: it goes without --once";
    return false;
  }
  return true;
}

const char* optionsHelp() {
  return "gpu-node-sampler: reads the GPUs of this host through libnvidia-ml.so.1\n"
         "\n"
         "  --once [--json]           read once, print a summary or JSON, exit\n"
         "  --capture FILE            record all that driver and host answer; - is the standard output\n"
         "  --deadline MS             --once gives up after this long (5000), --capture ends with what it has "
         "(120000)\n"
         "  --nvml.library PATH       the library to load; nothing else is tried\n"
         "  --nvml.driver-root DIR    look below this folder before the usual places (repeatable)\n"
         "  --exclude LIST            GPUs never to touch: indexes, UUIDs, PCI addresses, UUID@address; or all\n"
         "  --path.procfs DIR         where driver/nvidia/gpus is looked for (/proc)\n"
         "  --nvlink-links            read the counters of each NVLink, not only their sum\n"
         "  --topology                read how near each pair of GPUs is and what they can do with each other's "
         "memory\n"
         "  --interval-ms MS          cycle (1000)\n"
         "  --deadline-attach-ms MS   a call that attaches is stuck after this (60000)\n"
         "  --deadline-fast-ms MS     a fast call is stuck after this (2000)\n"
         "  --deadline-slow-ms MS     any other call is stuck after this (10000)\n"
         "  --path.sysfs DIR          where sysfs is mounted (/sys)\n"
         "  --path.dev DIR            where device nodes are, for --capture (/dev)\n"
         "  --path.rootfs DIR         where the host's / is mounted: the usual HAMi folders are below it (/)\n"
         "  --hami.root DIR           folder of HAMi usage directories beside the usual ones (repeatable)\n"
         "  --no-hami                 do not read HAMi usage files\n"
         "  --clock.file PATH         clock of a simulated node\n"
         "  --parent-pid PID          end when this is not the parent any more\n"
         "  --version, --help\n"
         "\n"
         "Without --once or --capture it is started by gpu-node-agent: file descriptor 3 is a socket, 4 the shared "
         "memory.\n";
}

}  // namespace gna
