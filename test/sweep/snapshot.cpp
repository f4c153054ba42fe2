#include "snapshot.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

namespace gna::sweep {

namespace {

#define READING(id, unit, cadence, origin) std::string_view{origin},
constexpr std::array<std::string_view, ReadingTable<Reading>::count> kGpuOrigins = {
#include "core/readings/readings.def"
};
constexpr std::array<std::string_view, ReadingTable<MigReading>::count> kMigOrigins = {
#include "core/readings/mig_readings.def"
};
constexpr std::array<std::string_view, ReadingTable<LinkReading>::count> kLinkOrigins = {
#include "core/readings/link_readings.def"
};
constexpr std::array<std::string_view, ReadingTable<C2cLinkReading>::count> kC2cLinkOrigins = {
#include "core/readings/c2c_link_readings.def"
};
constexpr std::array<std::string_view, ReadingTable<FanReading>::count> kFanOrigins = {
#include "core/readings/fan_readings.def"
};
#undef READING

template <typename Id>
void addReadings(Snapshot& to, const std::string& prefix, const Measurements<Id>& readings) {
  for (std::size_t i = 0; i < ReadingTable<Id>::count; ++i)
    to[prefix + std::string(ReadingTable<Id>::names[i])] = {readings.status[i], readings.values[i], {}};
}

void addText(Snapshot& to, const std::string& path, const char* text) {
  if (text[0] != 0) to[path] = {reading_status::kPresent, 0, text};
}

void addPart(Snapshot& to, const std::string& path) { to[path] = {reading_status::kPresent, 0, {}}; }

void addMig(Snapshot& to, const shm::GpuLists& lists) {
  for (const shm::MigInstance& mig : lists.mig) {
    const std::string path = std::string("mig/") + mig.uuid;
    addPart(to, path);
    addText(to, path + "/text/name", mig.name);
    to[path + "/ids"] = {mig.ids_status, mig.gpu_instance * 100.0 + mig.compute_instance, {}};
    to[path + "/profile_id"] = {mig.profile_status, static_cast<double>(mig.profile_id), {}};
    addReadings(to, path + "/", mig.readings);
  }
  for (const shm::MigProfile& profile : lists.migProfiles) {
    const std::string path = "profile/" + std::to_string(profile.id);
    to[path] = {reading_status::kPresent, static_cast<double>(profile.memory_bytes), {}};
    addText(to, path + "/text/name", profile.name);
    to[path + "/available"] = {profile.available_status, static_cast<double>(profile.available), {}};
  }
}

void addProcesses(Snapshot& to, const shm::GpuLists& lists) {
  constexpr std::array kKinds = {"compute", "graphics", "mps"};
  for (const shm::ProcessEntry& process : lists.processes) {
    const std::string path =
        std::string("process/") + kKinds[static_cast<std::size_t>(process.type)] + "/" + std::to_string(process.pid);
    // A process may hold several instances.
    Item& item = to[path];
    item.value += static_cast<double>(process.used_memory_bytes);
    item.text += std::to_string(process.gpu_instance) + ' ';
  }
  for (const shm::ProcessUse& use : lists.processUses)
    to["use/" + std::to_string(use.pid)] = {reading_status::kPresent, use.sm_ratio, std::to_string(use.memory_ratio)};
}

/// Where the name of a reading begins in a path of a part: behind the second slash.
std::size_t nameAt(const std::string& path) {
  const std::size_t first = path.find('/');
  const std::size_t second = first == std::string::npos ? first : path.find('/', first + 1);
  return second == std::string::npos ? second : second + 1;
}

template <typename Id, std::size_t N>
void addOrigins(std::unordered_map<std::string, std::string>& to, const std::string& prefix,
                const std::array<std::string_view, N>& origins) {
  static_assert(N == ReadingTable<Id>::count);
  for (std::size_t i = 0; i < N; ++i) to[prefix + std::string(ReadingTable<Id>::names[i])] = origins[i];
}

using Origins = std::unordered_map<std::string, std::string>;

Origins collectOrigins() {
  Origins all;
  addOrigins<Reading>(all, "", kGpuOrigins);
  addOrigins<MigReading>(all, "mig/*/", kMigOrigins);
  addOrigins<LinkReading>(all, "link/*/", kLinkOrigins);
  addOrigins<C2cLinkReading>(all, "c2c/*/", kC2cLinkOrigins);
  addOrigins<FanReading>(all, "fan/*/", kFanOrigins);
  return all;
}

const Origins& allOrigins() {
  static const Origins origins = collectOrigins();
  return origins;
}

}  // namespace

Snapshot snapshotOf(const nvml::GpuReader& reader) {
  Snapshot all;
  const shm::GpuFixed& fixed = reader.record();
  const shm::GpuLists& lists = reader.lists();
  addReadings(all, "", fixed.readings);
  addText(all, "text/uuid", fixed.uuid);
  addText(all, "text/name", fixed.name);
  addText(all, "text/serial", fixed.serial);
  addText(all, "text/pci_bus_id", fixed.pci_bus_id);
  addText(all, "text/vbios_version", fixed.vbios_version);
  addText(all, "text/board_part_number", fixed.board_part_number);
  addText(all, "text/inforom_image_version", fixed.inforom_image_version);
  addText(all, "text/gsp_firmware_version", fixed.gsp_firmware_version);
  addText(all, "text/fabric_cluster_uuid", fixed.fabric_cluster_uuid);
  addText(all, "text/platform_chassis_serial", fixed.platform_chassis_serial);
  addMig(all, lists);
  addProcesses(all, lists);
  for (const shm::NvLink& link : lists.links) {
    const std::string path = "link/" + std::to_string(link.link);
    addPart(all, path);
    addText(all, path + "/text/remote_pci_bus_id", link.remote_pci_bus_id);
    addReadings(all, path + "/", link.readings);
  }
  for (const shm::C2cLink& link : lists.c2cLinks) {
    const std::string path = "c2c/" + std::to_string(link.link);
    addPart(all, path);
    addReadings(all, path + "/", link.readings);
  }
  for (const shm::Fan& fan : lists.fans) {
    const std::string path = "fan/" + std::to_string(fan.fan);
    addPart(all, path);
    addReadings(all, path + "/", fan.readings);
  }
  return all;
}

std::string kindOf(const std::string& path) {
  const std::size_t first = path.find('/');
  if (first == std::string::npos || path.starts_with("text/")) return path;
  const std::size_t name = nameAt(path);
  if (path.starts_with("process/")) return path.substr(0, name - 1) + "/*";
  return path.substr(0, first) + "/*" + (name == std::string::npos ? "" : "/" + path.substr(name));
}

std::string originOf(const std::string& path) {
  const auto found = allOrigins().find(kindOf(path));
  return found == allOrigins().end() ? std::string() : found->second;
}

bool isOrigin(const std::function<bool(const std::string&)>& test) {
  return std::ranges::any_of(allOrigins(), [&](const auto& entry) { return test(entry.second); });
}

}  // namespace gna::sweep
