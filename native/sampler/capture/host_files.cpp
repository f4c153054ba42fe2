#include "sampler/capture/host_files.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "core/hami/sweep.h"
#include "core/proc/small_file.h"
#include "sampler/json_writer.h"

namespace gna::capture {

namespace {

constexpr std::size_t kMostFileBytes = std::size_t{512} * 1024;
constexpr std::size_t kMostEntries = 4096;  // of one folder
constexpr int kDeepest = 6;

// What the agent reads of a function, and what tells boards apart. `power/runtime_status` comes first: what follows
// the blank entry would wake a card that sleeps.
constexpr const char* kFunctionFiles[] = {
    "vendor",         "device",         "subsystem_vendor", "subsystem_device", "class",
    "revision",       "numa_node",      "local_cpulist",    "resource",         "sriov_totalvfs",
    "max_link_speed", "max_link_width", "modalias",         "boot_vga",         "power/runtime_status",
    "power/control"};
constexpr const char* kWakingFiles[] = {"current_link_speed", "current_link_width", "aer_dev_correctable",
                                        "aer_dev_nonfatal", "aer_dev_fatal"};
constexpr const char* kPortFiles[] = {"vendor",
                                      "device",
                                      "class",
                                      "max_link_speed",
                                      "max_link_width",
                                      "current_link_speed",
                                      "current_link_width",
                                      "aer_dev_correctable",
                                      "aer_dev_nonfatal",
                                      "aer_dev_fatal"};
constexpr const char* kFunctionLinks[] = {"driver", "iommu_group", "physfn"};
constexpr const char* kModules[] = {"nvidia",         "nvidia_uvm",       "nvidia_modeset", "nvidia_drm",
                                    "nvidia_peermem", "nvidia_vgpu_vfio", "nouveau",        "vfio_pci"};
constexpr const char* kModuleFiles[] = {"version", "srcversion", "refcnt", "initstate", "taint"};

class HostFiles {
 public:
  HostFiles(const EngineOptions& options, const std::vector<proc::PciAddress>& leftOut, nvml::Lane& lane,
            RecordLog& log, const std::atomic<bool>& abandoned)
      : options_(options), leftOut_(leftOut), lane_(lane), log_(log), abandoned_(abandoned) {}

  void record() {
    system();
    below("procfs", options_.procfs, "driver/nvidia", 0);
    below("procfs", options_.procfs, "driver/nvidia-caps", 0);
    for (const char* module : kModules)
      for (const char* name : kModuleFiles) file("sysfs", options_.sysfs, "module/" + std::string(module) + "/" + name);
    functions();
    deviceNodes();
    hamiDirectories();
  }

 private:
  bool over() const { return abandoned_.load(std::memory_order_acquire); }

  void system() {
    utsname names{};
    if (uname(&names) != 0) return;
    JsonWriter json;
    json.beginObject().member("record", "system").member("system", names.sysname).member("release", names.release);
    json.member("version", names.version).member("machine", names.machine).member("host_name", names.nodename);
    const auto release = proc::readSmallFile(options_.rootfs + "/etc/os-release", kMostFileBytes);
    if (release) json.member("os_release", *release);
    write(json);
  }

  void write(JsonWriter& json) {
    if (over()) return;
    json.endObject();
    log_.add(json.text());
  }

  JsonWriter line(const char* root, const std::string& path) const {
    JsonWriter json;
    json.beginObject().member("record", "file").member("root", root).member("path", path);
    return json;
  }

  /// The text of a file, or why there is none. Files that are not there leave no line.
  std::optional<std::string> file(const char* root, const std::string& folder, const std::string& path) {
    if (over()) return std::nullopt;
    std::optional<std::string> text;
    int error = 0;
    // A file of a driver may wait for the driver.
    lane_.run(nvml::Call::DriverGpuInformation, [&]() -> nvml::Return {
      errno = 0;
      text = proc::readSmallFile(folder + "/" + path, kMostFileBytes);
      error = errno;
      return nvml::kSuccess;
    });
    lane_.idle();
    if (!text && (error == ENOENT || error == ENOTDIR)) return text;
    JsonWriter json = line(root, path);
    if (text)
      json.member("text", *text);
    else
      json.member("error_number", error);
    write(json);
    return text;
  }

  void link(const char* root, const std::string& folder, const std::string& path) {
    char target[PATH_MAX];
    const ssize_t length = readlink((folder + "/" + path).c_str(), target, sizeof target);
    if (length <= 0) return;
    JsonWriter json = line(root, path);
    json.member("link", std::string_view(target, static_cast<std::size_t>(length)));
    write(json);
  }

  static std::vector<std::string> namesIn(const std::string& folder) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
    while (directory && names.size() < kMostEntries) {
      const dirent* entry = readdir(directory.get());
      if (!entry) break;
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// A GPU that is to be left alone: reading its files enters the driver.
  bool isLeftOut(const std::string& name) const {
    const auto address = proc::parsePciAddress(name);
    return address && (options_.excludeAll || std::find(leftOut_.begin(), leftOut_.end(), *address) != leftOut_.end());
  }

  /// All regular files below a folder of procfs.
  void below(const char* root, const std::string& folder, const std::string& path, int depth) {
    struct stat status {};
    if (over() || lstat((folder + "/" + path).c_str(), &status) != 0) return;
    if (S_ISREG(status.st_mode)) {
      file(root, folder, path);
    } else if (S_ISDIR(status.st_mode) && depth < kDeepest) {
      for (const std::string& name : namesIn(folder + "/" + path))
        if (!isLeftOut(name)) below(root, folder, path + "/" + name, depth + 1);
    }
  }

  void functions() {
    const std::string devices = "bus/pci/devices";
    for (const std::string& address : namesIn(options_.sysfs + "/" + devices)) {
      const std::string path = devices + "/" + address;
      const auto vendor = proc::readSmallFile(options_.sysfs + "/" + path + "/vendor", kMostFileBytes);
      if (!vendor || vendor->substr(0, 6) != "0x10de") continue;
      link("sysfs", options_.sysfs, path);
      bool asleep = false;
      for (const char* name : kFunctionFiles) {
        const auto text = file("sysfs", options_.sysfs, path + "/" + name);
        if (text && text->substr(0, 9) == "suspended") asleep = true;
      }
      for (const char* name : kFunctionLinks) link("sysfs", options_.sysfs, path + "/" + name);
      for (const std::string& name : namesIn(options_.sysfs + "/" + path))
        if (name.substr(0, 6) == "virtfn") link("sysfs", options_.sysfs, path + "/" + name);
      for (const std::string& name : namesIn(options_.sysfs + "/" + path + "/vfio-dev")) {
        JsonWriter json = line("sysfs", path + "/vfio-dev/" + name);
        json.member("folder", true);
        write(json);
      }
      if (asleep) continue;
      for (const char* name : kWakingFiles) file("sysfs", options_.sysfs, path + "/" + name);
      port(path);
    }
  }

  /// The port above a function, found where the bus's folder really is.
  void port(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(realpath((options_.sysfs + "/" + path).c_str(), nullptr), free);
    if (!real) return;
    std::string above = real.get();
    above.erase(above.rfind('/'));
    const std::string address = above.substr(above.rfind('/') + 1);
    const std::string portPath = "bus/pci/devices/" + address;
    if (address.substr(0, 3) == "pci" || access((options_.sysfs + "/" + portPath).c_str(), F_OK) != 0) return;
    link("sysfs", options_.sysfs, portPath);
    for (const char* name : kPortFiles) file("sysfs", options_.sysfs, portPath + "/" + name);
  }

  void deviceNodes() {
    for (const std::string& name : namesIn(options_.dev))
      if (name.substr(0, 6) == "nvidia") node(name, 0);
    node("vfio", 0);
  }

  void node(const std::string& name, int depth) {
    struct stat status {};
    if (over() || lstat((options_.dev + "/" + name).c_str(), &status) != 0) return;
    if (S_ISDIR(status.st_mode)) {
      if (depth > 1) return;
      for (const std::string& inner : namesIn(options_.dev + "/" + name)) node(name + "/" + inner, depth + 1);
      return;
    }
    JsonWriter json = line("dev", name);
    char mode[8];
    std::snprintf(mode, sizeof mode, "%03o", status.st_mode & 07777U);
    json.member("mode", mode).member("owner", status.st_uid).member("group", status.st_gid);
    if (S_ISCHR(status.st_mode)) json.member("major", major(status.st_rdev)).member("minor", minor(status.st_rdev));
    write(json);
  }

  /// Names and sizes only: what containers write is not for a capture.
  void hamiDirectories() {
    for (const std::string& root : hami::rootsBelow(options_.rootfs, options_.hamiRoots)) {
      for (const std::string& name : namesIn(root)) {
        const std::string folder = root + "/" + name;
        for (const std::string& inner : namesIn(folder)) {
          struct stat status {};
          if (over() || lstat((folder + "/" + inner).c_str(), &status) != 0) continue;
          JsonWriter json = line("hami", name + "/" + inner);
          json.member("size", static_cast<std::int64_t>(status.st_size));
          write(json);
        }
      }
    }
  }

  const EngineOptions& options_;
  const std::vector<proc::PciAddress>& leftOut_;
  nvml::Lane& lane_;
  RecordLog& log_;
  const std::atomic<bool>& abandoned_;
};

}  // namespace

void recordHostFiles(const EngineOptions& options, const std::vector<proc::PciAddress>& leftOut, nvml::Lane& lane,
                     RecordLog& log, const std::atomic<bool>& abandoned) {
  HostFiles(options, leftOut, lane, log, abandoned).record();
}

}  // namespace gna::capture
