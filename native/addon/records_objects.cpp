#include "addon/records_objects.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace gna::addon {

namespace {

/// The record at the front of the copied words; what was not published stays at its initial value.
template <typename Record>
Record front(const Copied& record) {
  static_assert(std::is_trivially_copyable_v<Record>);
  Record out{};
  std::memcpy(static_cast<void*>(&out), record.words.data(), std::min(sizeof out, record.words.size_bytes()));
  return out;
}

template <std::size_t N>
Napi::String fixedText(Napi::Env env, const char (&field)[N]) {
  return Napi::String::New(env, field, strnlen(field, N));
}

Napi::Number number(Napi::Env env, auto value) { return Napi::Number::New(env, static_cast<double>(value)); }

Napi::Object inFlightObject(Napi::Env env, const shm::InFlightCall& call) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("lane", number(env, call.lane));
  o.Set("gpuIndex", number(env, call.gpu_index));
  o.Set("call", number(env, call.call));
  o.Set("verdict", number(env, call.verdict));
  o.Set("sinceMonotonicNs", number(env, call.since_monotonic_ns));
  o.Set("tid", number(env, call.tid));
  o.Set("syscallNumber", number(env, call.syscall_number));
  o.Set("threadState", Napi::String::New(env, &call.thread_state, call.thread_state == 0 ? 0 : 1));
  o.Set("wchan", fixedText(env, call.wchan));
  return o;
}

/// Values and status bytes of one table, as `values` and `status` of the object. One buffer for both arrays: one
/// allocation per GPU or part and read.
template <typename Id>
void setReadings(Napi::Env env, Napi::Object& object, const Measurements<Id>& readings) {
  constexpr std::size_t kCount = Measurements<Id>::kCount;
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, kCount * sizeof(double) + kCount);
  std::memcpy(buffer.Data(), readings.values, kCount * sizeof(double));
  std::memcpy(static_cast<unsigned char*>(buffer.Data()) + kCount * sizeof(double), readings.status, kCount);
  object.Set("values", Napi::Float64Array::New(env, kCount, buffer, 0));
  object.Set("status", Napi::Uint8Array::New(env, kCount, buffer, kCount * sizeof(double)));
}

Napi::Object migObject(Napi::Env env, const shm::MigInstance& mig) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("migIndex", number(env, mig.mig_index));
  o.Set("gpuInstance", number(env, mig.gpu_instance));
  o.Set("computeInstance", number(env, mig.compute_instance));
  o.Set("idsStatus", number(env, mig.ids_status));
  o.Set("profileId", number(env, mig.profile_id));
  o.Set("profileStatus", number(env, mig.profile_status));
  o.Set("uuid", fixedText(env, mig.uuid));
  o.Set("name", fixedText(env, mig.name));
  setReadings(env, o, mig.readings);
  return o;
}

Napi::Object migProfileObject(Napi::Env env, const shm::MigProfile& profile) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("id", number(env, profile.id));
  o.Set("name", fixedText(env, profile.name));
  o.Set("slices", number(env, profile.slices));
  o.Set("multiprocessors", number(env, profile.multiprocessors));
  o.Set("memoryBytes", number(env, profile.memory_bytes));
  o.Set("capacity", number(env, profile.capacity));
  o.Set("available", number(env, profile.available));
  o.Set("availableStatus", number(env, profile.available_status));
  return o;
}

Napi::Object linkObject(Napi::Env env, const shm::NvLink& link) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("link", number(env, link.link));
  o.Set("remotePciBusId", fixedText(env, link.remote_pci_bus_id));
  setReadings(env, o, link.readings);
  return o;
}

Napi::Object c2cLinkObject(Napi::Env env, const shm::C2cLink& link) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("link", number(env, link.link));
  setReadings(env, o, link.readings);
  return o;
}

Napi::Object fanObject(Napi::Env env, const shm::Fan& fan) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("fan", number(env, fan.fan));
  setReadings(env, o, fan.readings);
  return o;
}

Napi::Object peerObject(Napi::Env env, const shm::Peer& peer) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("gpuIndex", number(env, peer.gpu_index));
  o.Set("uuid", fixedText(env, peer.uuid));
  setReadings(env, o, peer.readings);
  return o;
}

Napi::Object processUseObject(Napi::Env env, const shm::ProcessUse& use) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("pid", number(env, use.pid));
  o.Set("sampledUnixSeconds", number(env, static_cast<double>(use.sampled_us) * 1e-6));
  o.Set("smRatio", number(env, use.sm_ratio));
  o.Set("memoryRatio", number(env, use.memory_ratio));
  o.Set("encoderRatio", number(env, use.encoder_ratio));
  o.Set("decoderRatio", number(env, use.decoder_ratio));
  o.Set("jpegRatio", number(env, use.jpeg_ratio));
  o.Set("ofaRatio", number(env, use.ofa_ratio));
  return o;
}

Napi::Object processObject(Napi::Env env, const shm::ProcessEntry& process) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("pid", number(env, process.pid));
  o.Set("type", number(env, process.type));
  const bool known = process.used_memory_bytes != ~std::uint64_t{0};
  o.Set("usedMemoryBytes", known ? number(env, process.used_memory_bytes) : number(env, -1));
  o.Set("gpuInstance", number(env, process.gpu_instance));
  o.Set("computeInstance", number(env, process.compute_instance));
  return o;
}

Napi::Object accountObject(Napi::Env env, const shm::ProcessAccount& account) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("pid", number(env, account.pid));
  o.Set("gpuInstance", number(env, account.gpu_instance));
  o.Set("computeInstance", number(env, account.compute_instance));
  o.Set("memoryKnown", account.memory_unknown == 0);
  o.Set("sinceMonotonicNs", number(env, account.since_monotonic_ns));
  o.Set("presentMonotonicNs", number(env, account.present_monotonic_ns));
  o.Set("busySeconds", number(env, static_cast<double>(account.busy_ns) * 1e-9));
  o.Set("observedSeconds", number(env, static_cast<double>(account.observed_ns) * 1e-9));
  o.Set("memoryByteSeconds", number(env, account.memory_byte_seconds));
  o.Set("energyJoules", number(env, account.energy_joules));
  return o;
}

template <typename Part>
Napi::Array arrayOf(Napi::Env env, const std::vector<Part>& parts, Napi::Object (*convert)(Napi::Env, const Part&)) {
  Napi::Array array = Napi::Array::New(env, parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) array.Set(static_cast<std::uint32_t>(i), convert(env, parts[i]));
  return array;
}

template <typename Part>
bool sameBytes(const std::vector<Part>& a, const std::vector<Part>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Part)) == 0);
}

/// The array of a list: the one of the conversion before while its bytes are the same.
template <typename Part>
Napi::Array kept(Napi::Env env, const std::vector<Part>& now, const std::vector<Part>& before,
                 Napi::Reference<Napi::Array>& array, Napi::Object (*convert)(Napi::Env, const Part&)) {
  if (array.IsEmpty() || !sameBytes(now, before)) array = Napi::Persistent(arrayOf(env, now, convert));
  return array.Value();
}

}  // namespace

Napi::Object driverObject(Napi::Env env, const Copied& record) {
  const auto driver = front<shm::DriverRecord>(record);
  Napi::Object o = Napi::Object::New(env);
  o.Set("published", number(env, record.published));
  o.Set("state", number(env, driver.state));
  o.Set("lastCode", number(env, driver.last_code));
  o.Set("generation", number(env, driver.generation));
  o.Set("initAttempts", number(env, driver.init_attempts));
  o.Set("reinitializations", number(env, driver.reinitializations));
  Napi::Array reinits = Napi::Array::New(env, shm::kResultSlots);
  for (std::uint32_t i = 0; i < shm::kResultSlots; ++i) reinits.Set(i, number(env, driver.reinits_by_code[i]));
  o.Set("reinitsByCode", reinits);
  o.Set("gpuCount", number(env, driver.gpu_count));
  o.Set("symbolsMissing", number(env, driver.symbols_missing));
  o.Set("foreignSymbols", number(env, driver.foreign_symbols));
  o.Set("cudaDriverVersion", number(env, driver.cuda_driver_version));
  o.Set("driverMajor", number(env, driver.driver_major));
  setReadings(env, o, driver.readings);
  o.Set("libraryPath", fixedText(env, driver.library_path));
  o.Set("librarySoname", fixedText(env, driver.library_soname));
  o.Set("libraryVersion", fixedText(env, driver.library_version));
  o.Set("moduleVersion", fixedText(env, driver.module_version));
  o.Set("driverVersion", fixedText(env, driver.driver_version));
  o.Set("nvmlVersion", fixedText(env, driver.nvml_version));
  o.Set("simulator", fixedText(env, driver.simulator));
  o.Set("message", fixedText(env, driver.message));
  return o;
}

Napi::Object watchObject(Napi::Env env, const Copied& record) {
  const auto watch = front<shm::WatchRecord>(record);
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(watch.in_flight_count, shm::kMaxInFlight));
  Napi::Array inFlight = Napi::Array::New(env, count);
  for (std::uint32_t i = 0; i < count; ++i) inFlight.Set(i, inFlightObject(env, watch.in_flight[i]));
  Napi::Object o = Napi::Object::New(env);
  o.Set("published", number(env, record.published));
  o.Set("cycle", number(env, watch.cycle));
  o.Set("tickMonotonicNs", number(env, watch.tick_monotonic_ns));
  o.Set("samplerPid", number(env, watch.sampler_pid));
  o.Set("leaving", watch.leaving != 0);
  o.Set("cyclesSkipped", number(env, watch.cycles_skipped));
  o.Set("inFlight", inFlight);
  return o;
}

Napi::Object gpuObject(Napi::Env env, std::uint32_t index, const Copied& record, ConvertedParts& parts,
                       bool orderIsNone) {
  shm::GpuFixed gpu;
  shm::GpuLists lists;
  if (!shm::parseGpu(record.words, gpu, lists)) return {};
  if (!shm::isPlaceKnown(orderIsNone, gpu)) gpu.uuid[0] = gpu.pci_bus_id[0] = 0;
  Napi::Object o = Napi::Object::New(env);
  o.Set("index", number(env, index));
  o.Set("published", number(env, record.published));
  o.Set("generation", number(env, gpu.generation));
  o.Set("cycle", number(env, gpu.cycle));
  o.Set("gatheredMonotonicNs", number(env, gpu.gathered_monotonic_ns));
  o.Set("gatheredRealtimeNs", number(env, gpu.gathered_realtime_ns));
  o.Set("gatherDurationNs", number(env, gpu.gather_duration_ns));
  o.Set("state", number(env, gpu.state));
  o.Set("stateCode", number(env, gpu.state_code));
  o.Set("identityVersion", number(env, gpu.identity_version));
  o.Set("excludedInDoubt", gpu.excluded_in_doubt != 0);
  setReadings(env, o, gpu.readings);
  o.Set("uuid", fixedText(env, gpu.uuid));
  o.Set("name", fixedText(env, gpu.name));
  o.Set("serial", fixedText(env, gpu.serial));
  o.Set("pciBusId", fixedText(env, gpu.pci_bus_id));
  o.Set("vbiosVersion", fixedText(env, gpu.vbios_version));
  o.Set("boardPartNumber", fixedText(env, gpu.board_part_number));
  o.Set("inforomImageVersion", fixedText(env, gpu.inforom_image_version));
  o.Set("gspFirmwareVersion", fixedText(env, gpu.gsp_firmware_version));
  o.Set("fabricClusterUuid", fixedText(env, gpu.fabric_cluster_uuid));
  o.Set("platformChassisSerial", fixedText(env, gpu.platform_chassis_serial));
  o.Set("processTotal", number(env, gpu.process_total));
  std::size_t at = 0;
  const auto set = [&](const char* name, auto list, auto convert) {
    o.Set(name, kept(env, lists.*list, parts.lists.*list, parts.arrays[at++], convert));
  };
  set("migInstances", &shm::GpuLists::mig, migObject);
  set("migProfiles", &shm::GpuLists::migProfiles, migProfileObject);
  set("links", &shm::GpuLists::links, linkObject);
  set("c2cLinks", &shm::GpuLists::c2cLinks, c2cLinkObject);
  set("fans", &shm::GpuLists::fans, fanObject);
  set("peers", &shm::GpuLists::peers, peerObject);
  set("processes", &shm::GpuLists::processes, processObject);
  set("processUses", &shm::GpuLists::processUses, processUseObject);
  set("accounts", &shm::GpuLists::accounts, accountObject);
  parts.lists = std::move(lists);
  return o;
}

Napi::Object eventObject(Napi::Env env, const shm::Event& event) {
  Napi::Object o = Napi::Object::New(env);
  o.Set("number", number(env, event.number));
  o.Set("realtimeNs", number(env, event.realtime_ns));
  o.Set("type", number(env, event.type));
  o.Set("data", number(env, event.data));
  o.Set("gpuIndex", number(env, event.gpu_index));
  o.Set("gpuInstance", number(env, event.gpu_instance));
  o.Set("computeInstance", number(env, event.compute_instance));
  return o;
}

}  // namespace gna::addon
