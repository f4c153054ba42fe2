#include "sampler/once_report.h"

#include <cstdio>
#include <cstring>
#include <vector>

#include "core/readings/readings.h"
#include "sampler/json_writer.h"

namespace gna {

namespace {

struct GpuView {
  shm::GpuFixed fixed;
  shm::GpuLists lists;
};

bool readGpu(const shm::Segment& segment, std::uint32_t i, GpuView& out) {
  std::vector<std::uint64_t> words(shm::kGpuRecordBytes / 8);
  const std::size_t length = segment.gpu(i).read(words.data(), words.size());
  return shm::parseGpu({words.data(), length}, out.fixed, out.lists);
}

template <typename Record>
Record readRecord(const shm::SlotRing& ring) {
  std::vector<std::uint64_t> words(sizeof(Record) / 8);
  Record record;
  const std::size_t bytes = ring.read(words.data(), words.size()) * 8;
  std::memcpy(static_cast<void*>(&record), words.data(), bytes);
  return record;
}

const char* conditionName(shm::GpuState state) {
  constexpr const char* kNames[] = {"attaching", "up", "lost", "failed", "probing", "excluded", "gone"};
  return kNames[static_cast<std::size_t>(state)];
}

const char* driverStateName(shm::DriverState state) {
  constexpr const char* kNames[] = {"starting", "initialized", "library_missing", "not_loaded",
                                    "mismatch", "failed",      "unused"};
  return kNames[static_cast<std::size_t>(state)];
}

/// The readings of a GPU, of one of its parts or of the node, and why the others are not there.
template <typename Id>
void writeReadings(JsonWriter& json, const Measurements<Id>& readings) {
  constexpr auto& kNames = ReadingTable<Id>::names;
  json.key("readings").beginObject();
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (readings.status[i] == reading_status::kPresent) json.member(kNames[i], readings.values[i]);
  json.endObject();
  json.key("absent").beginObject();
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (readings.status[i] != reading_status::kPresent) json.member(kNames[i], unsigned{readings.status[i]});
  json.endObject();
}

void writeDriver(JsonWriter& json, const shm::DriverRecord& d) {
  json.key("driver").beginObject();
  json.member("initialized", d.state == shm::DriverState::initialized);
  json.member("state", driverStateName(d.state)).member("code", d.last_code);
  if (d.message[0]) json.member("message", d.message);
  if (d.library_path[0]) json.member("library_path", d.library_path);
  if (d.library_soname[0]) json.member("library_soname", d.library_soname);
  if (d.library_version[0]) json.member("library_version", d.library_version);
  if (d.module_version[0]) json.member("module_version", d.module_version);
  if (d.driver_version[0]) json.member("driver_version", d.driver_version);
  if (d.nvml_version[0]) json.member("nvml_version", d.nvml_version);
  if (d.cuda_driver_version) json.member("cuda_driver_version", d.cuda_driver_version);
  if (d.simulator[0]) json.member("simulator", d.simulator);
  json.member("gpu_count", d.gpu_count).member("symbols_missing", d.symbols_missing);
  if (d.gpu_count > shm::kMaxGpus) json.member("gpus_unread", d.gpu_count - shm::kMaxGpus);
  json.member("symbols_foreign", d.foreign_symbols);
  writeReadings(json, d.readings);
  json.endObject();
}

void writeMig(JsonWriter& json, const shm::MigInstance& m) {
  json.beginObject();
  json.member("mig_index", m.mig_index).member("uuid", m.uuid).member("name", m.name);
  if (m.ids_status == 0) json.member("gpu_instance", m.gpu_instance).member("compute_instance", m.compute_instance);
  writeReadings(json, m.readings);
  json.endObject();
}

void writeMigProfile(JsonWriter& json, const shm::MigProfile& p) {
  json.beginObject().member("id", p.id).member("name", p.name).member("slices", p.slices);
  json.member("multiprocessors", p.multiprocessors).member("memory_bytes", p.memory_bytes);
  json.member("capacity", p.capacity);
  if (p.available_status == 0) json.member("available", p.available);
  json.endObject();
}

void writeLink(JsonWriter& json, const shm::NvLink& l) {
  json.beginObject().member("link", l.link);
  if (l.remote_pci_bus_id[0]) json.member("remote_pci_bus_id", l.remote_pci_bus_id);
  writeReadings(json, l.readings);
  json.endObject();
}

void writeC2cLink(JsonWriter& json, const shm::C2cLink& l) {
  json.beginObject().member("link", l.link);
  writeReadings(json, l.readings);
  json.endObject();
}

void writeFan(JsonWriter& json, const shm::Fan& f) {
  json.beginObject().member("fan", f.fan);
  writeReadings(json, f.readings);
  json.endObject();
}

void writePeer(JsonWriter& json, const shm::Peer& p) {
  json.beginObject().member("gpu_index", p.gpu_index).member("uuid", p.uuid);
  writeReadings(json, p.readings);
  json.endObject();
}

void writeProcessUse(JsonWriter& json, const shm::ProcessUse& u) {
  json.beginObject().member("pid", u.pid).member("sampled_unix_seconds", static_cast<double>(u.sampled_us) * 1e-6);
  auto ratio = [&](const char* name, double value) {
    if (value >= 0) json.member(name, value);
  };
  ratio("sm_ratio", u.sm_ratio);
  ratio("memory_ratio", u.memory_ratio);
  ratio("encoder_ratio", u.encoder_ratio);
  ratio("decoder_ratio", u.decoder_ratio);
  ratio("jpeg_ratio", u.jpeg_ratio);
  ratio("ofa_ratio", u.ofa_ratio);
  json.endObject();
}

template <typename Part>
void writeList(JsonWriter& json, const char* name, const std::vector<Part>& list,
               void (*write)(JsonWriter&, const Part&)) {
  json.key(name).beginArray();
  for (const Part& part : list) write(json, part);
  json.endArray();
}

void writeProcess(JsonWriter& json, const shm::ProcessEntry& p) {
  constexpr const char* kTypes[] = {"compute", "graphics", "mps"};
  json.beginObject().member("pid", p.pid).member("type", kTypes[static_cast<std::size_t>(p.type)]);
  if (p.used_memory_bytes != ~0ull) json.member("used_memory_bytes", p.used_memory_bytes);
  if (p.gpu_instance != 0xFFFFFFFFu) json.member("gpu_instance", p.gpu_instance);
  if (p.compute_instance != 0xFFFFFFFFu) json.member("compute_instance", p.compute_instance);
  json.endObject();
}

void writeGpu(JsonWriter& json, std::uint32_t index, const GpuView& g) {
  json.beginObject().member("index", index).member("condition", conditionName(g.fixed.state));
  if (g.fixed.state_code) json.member("condition_code", g.fixed.state_code);
  auto text = [&](const char* name, const char* value) {
    if (value[0]) json.member(name, value);
  };
  text("uuid", g.fixed.uuid);
  text("name", g.fixed.name);
  text("serial", g.fixed.serial);
  text("pci_bus_id", g.fixed.pci_bus_id);
  text("vbios_version", g.fixed.vbios_version);
  text("board_part_number", g.fixed.board_part_number);
  text("inforom_image_version", g.fixed.inforom_image_version);
  text("gsp_firmware_version", g.fixed.gsp_firmware_version);
  text("fabric_cluster_uuid", g.fixed.fabric_cluster_uuid);
  text("platform_chassis_serial", g.fixed.platform_chassis_serial);
  json.member("gather_seconds", static_cast<double>(g.fixed.gather_duration_ns) * 1e-9);
  writeReadings(json, g.fixed.readings);
  writeList(json, "mig_instances", g.lists.mig, writeMig);
  writeList(json, "mig_profiles", g.lists.migProfiles, writeMigProfile);
  writeList(json, "nvlinks", g.lists.links, writeLink);
  writeList(json, "c2c_links", g.lists.c2cLinks, writeC2cLink);
  writeList(json, "fans", g.lists.fans, writeFan);
  writeList(json, "peers", g.lists.peers, writePeer);
  writeList(json, "processes", g.lists.processes, writeProcess);
  json.member("process_total", g.fixed.process_total);
  writeList(json, "process_utilization", g.lists.processUses, writeProcessUse);
  json.endObject();
}

void writeInFlight(JsonWriter& json, const shm::WatchRecord& watch) {
  json.key("in_flight").beginArray();
  for (std::uint64_t i = 0; i < watch.in_flight_count && i < shm::kMaxInFlight; ++i) {
    const shm::InFlightCall& c = watch.in_flight[i];
    json.beginObject();
    json.member("function", nvml::kCallSymbols[c.call]);
    if (c.lane == shm::LaneKind::gpu) json.member("gpu_index", c.gpu_index);
    json.member("verdict", c.verdict == shm::Verdict::stuck ? "stuck" : "slow").member("tid", c.tid);
    if (c.thread_state) json.member("thread_state", std::string_view(&c.thread_state, 1));
    if (c.wchan[0]) json.member("wchan", c.wchan);
    json.endObject();
  }
  json.endArray();
}

void writeCalls(JsonWriter& json, const shm::Segment& segment) {
  json.key("calls").beginObject();
  for (std::size_t call = 0; call < nvml::kCallCount; ++call) {
    std::uint64_t total = 0, succeeded = 0, ns = 0;
    for (std::size_t lane = 0; lane < shm::kLaneCount; ++lane) {
      const shm::Word* row = segment.statistics(lane) + call * shm::kWordsPerCall;
      for (std::size_t r = 0; r < shm::kResultSlots; ++r) total += row[r].load(std::memory_order_relaxed);
      succeeded += row[0].load(std::memory_order_relaxed);
      ns += row[shm::kResultSlots + shm::kDurationBuckets].load(std::memory_order_relaxed);
    }
    if (total == 0) continue;
    json.key(nvml::kCallSymbols[call]).beginObject();
    json.member("calls", total).member("succeeded", succeeded).member("seconds", static_cast<double>(ns) * 1e-9);
    json.endObject();
  }
  json.endObject();
}

void printJson(const shm::Segment& segment) {
  const auto driver = readRecord<shm::DriverRecord>(segment.driver());
  JsonWriter json;
  json.beginObject().member("format", "gpu-node-sampler/1");
  writeDriver(json, driver);
  json.key("gpus").beginArray();
  for (std::uint32_t i = 0; i < shm::kMaxGpus; ++i) {
    GpuView gpu;
    if (!readGpu(segment, i, gpu) || gpu.fixed.state == shm::GpuState::gone) continue;
    if (!shm::isPlaceKnown(driver.order_is_none != 0, gpu.fixed)) gpu.fixed.uuid[0] = gpu.fixed.pci_bus_id[0] = 0;
    writeGpu(json, i, gpu);
  }
  json.endArray();
  writeInFlight(json, readRecord<shm::WatchRecord>(segment.watch()));
  writeCalls(json, segment);
  json.endObject();
  std::fwrite(json.text().data(), 1, json.text().size(), stdout);
  std::fputc('\n', stdout);
}

void printTable(const shm::Segment& segment) {
  const auto driver = readRecord<shm::DriverRecord>(segment.driver());
  if (driver.state == shm::DriverState::initialized)
    std::printf("driver %s, %llu GPUs%s%s\n", driver.driver_version, static_cast<unsigned long long>(driver.gpu_count),
                driver.simulator[0] ? ", SIMULATED: " : "", driver.simulator);
  if (driver.gpu_count > shm::kMaxGpus) std::printf("only the first %u GPUs are read\n", shm::kMaxGpus);
  if (driver.state != shm::DriverState::initialized)
    std::printf("no driver: %s (%s)\n", driverStateName(driver.state), driver.message);
  for (std::uint32_t i = 0; i < shm::kMaxGpus; ++i) {
    GpuView g;
    if (!readGpu(segment, i, g) || g.fixed.state == shm::GpuState::gone) continue;
    auto reading = [&](Reading r) -> const double* {
      return g.fixed.readings.has(r) ? &g.fixed.readings.values[index(r)] : nullptr;
    };
    std::printf("%3u  %-9s  %-28s", i, conditionName(g.fixed.state), g.fixed.name);
    if (const double* u = reading(Reading::utilization_ratio)) std::printf("  %3.0f %%", *u * 100);
    const double *used = reading(Reading::memory_used_bytes), *total = reading(Reading::memory_total_bytes);
    if (used && total) std::printf("  %.1f of %.1f GiB", *used / (1 << 30), *total / (1 << 30));
    if (const double* w = reading(Reading::power_watts)) std::printf("  %.0f W", *w);
    if (const double* c = reading(Reading::temperature_celsius)) std::printf("  %.0f °C", *c);
    std::printf("\n");
  }
  const auto watch = readRecord<shm::WatchRecord>(segment.watch());
  for (std::uint64_t i = 0; i < watch.in_flight_count && i < shm::kMaxInFlight; ++i)
    std::printf("%s does not come back\n", nvml::kCallSymbols[watch.in_flight[i].call]);
}

}  // namespace

void printOnce(const shm::Segment& segment, bool json) {
  if (json)
    printJson(segment);
  else
    printTable(segment);
  std::fflush(stdout);
}

}  // namespace gna
