#pragma once
// What the sampler publishes, as plain structures whose size is a multiple of eight bytes. They are copied word by
// word through SlotRing (slot_ring.h), so a reader never sees half of one.

#include <cstdint>

#include "core/readings/readings.h"

namespace gna::shm {

inline constexpr std::uint64_t kMagic = 0x3130415341474e47ull;  // "GNGASA01"
inline constexpr std::uint32_t kLayoutVersion = 10;
inline constexpr std::uint32_t kMaxGpus = 64;
inline constexpr std::uint32_t kMaxMigPerGpu = 16;
inline constexpr std::uint32_t kMaxMigProfilesPerGpu = 32;
inline constexpr std::uint32_t kMaxLinksPerGpu = 36;     // NVML_NVLINK_MAX_LINKS of header 13.3
inline constexpr std::uint32_t kMaxC2cLinksPerGpu = 14;  // GPM numbers them 0…13
inline constexpr std::uint32_t kMaxFansPerGpu = 8;
inline constexpr std::uint32_t kMaxPeersPerGpu = kMaxGpus - 1;
inline constexpr std::uint32_t kMaxProcessesPerGpu = 256;
inline constexpr std::uint32_t kMaxAccountsPerGpu = 512;  // those that run and those that ended a moment ago
inline constexpr std::uint32_t kMaxInFlight = kMaxGpus + 3;
inline constexpr std::uint32_t kEventCapacity = 256;
inline constexpr std::uint64_t kHamiBlobBytes = 2u << 20;

/// Call statistics of one lane: counts per call and result, durations per call.
inline constexpr std::uint32_t kResultSlots = 33;     // codes 0…30, 31 = 999, 32 = any other
inline constexpr std::uint32_t kDurationBuckets = 8;  // ≤10 µs, 100 µs, 1 ms, 10 ms, 100 ms, 1 s, 10 s, above

/// State of one GPU as its thread sees it.
enum class GpuState : std::uint64_t {
  attaching = 0,  // handle look-up not finished
  up = 1,         // last cycle answered
  lost = 2,       // NVML code 15: off the bus; probed slowly
  failed = 3,     // another device-fatal code (8, 11, 16) or no permission on the handle
  probing = 4,    // after XID 79/119/120: only a slow probe
  excluded = 5,   // never looked up: released, or stuck in an older sampler
  gone = 6,       // not counted by the driver any more: kept behind the counted ones, so that its totals go on
};

/// State of the driver as the control thread sees it.
enum class DriverState : std::uint64_t {
  starting = 0,         // no attempt has ended yet
  initialized = 1,      // nvmlInit answered 0
  library_missing = 2,  // no libnvidia-ml.so.1 found
  not_loaded = 3,       // code 9
  mismatch = 4,         // code 18: library and kernel module differ; needs a new process
  failed = 5,           // another code, see last_code
  unused = 6,           // started with --exclude=all: driver is not touched
};

/// How many entries of each list follow a GPU's fixed part, in the order of GpuLists (gpu_record.h).
inline constexpr std::size_t kGpuListCount = 9;

/// Numbers and texts of one GPU. Lists of its parts follow, see gpu_record.h.
struct GpuFixed {
  std::uint64_t generation = 0;  // counts successful inits of this process
  std::uint64_t cycle = 0;       // tick this record belongs to
  std::int64_t gathered_monotonic_ns = 0;
  std::int64_t gathered_realtime_ns = 0;
  std::int64_t gather_duration_ns = 0;  // whole cycle of this GPU
  GpuState state = GpuState::attaching;
  std::uint64_t state_code = 0;         // NVML code that led to the state, 0 if none
  std::uint64_t identity_version = 0;   // grows when texts or identity readings were read anew
  std::uint64_t excluded_in_doubt = 0;  // 1 = excluded because it may be the GPU that is to be left alone
  std::uint64_t placed_by_order = 0;    // 1 = that it stands here follows from the order alone, it has not said so yet
  // Integrator state: a successor goes on from here.
  std::uint64_t samples_last_seen_us = 0;
  std::uint64_t busy_ns = 0;
  std::uint64_t observed_ns = 0;
  std::int64_t realtime_minus_monotonic_ns = 0;
  // State of the count of MIG reconfigurations (nvml/mig_layout.h): the same.
  std::uint64_t mig_layout_settled = 0;
  std::uint64_t mig_layout_seen = 0;
  std::int64_t mig_layout_since_ns = 0;
  std::uint64_t mig_layout_changes = 0;
  Measurements<Reading> readings;
  char uuid[96] = {};
  char name[96] = {};
  char serial[32] = {};
  char pci_bus_id[32] = {};
  char vbios_version[32] = {};
  char board_part_number[80] = {};
  char inforom_image_version[16] = {};
  char gsp_firmware_version[64] = {};
  char fabric_cluster_uuid[40] = {};
  char platform_chassis_serial[24] = {};
  std::uint64_t list_counts[kGpuListCount] = {};
  std::uint64_t process_total = 0;         // entries the driver has; more than those that follow = cut off
  std::uint64_t process_stride_bytes = 0;  // 0 = undecided, else 16, 24 or 32
};
static_assert(sizeof(GpuFixed) % 8 == 0);

/// One MIG instance (GPU instance + compute instance).
struct MigInstance {
  std::uint32_t mig_index = 0;
  std::uint32_t gpu_instance = 0;
  std::uint32_t compute_instance = 0;
  std::uint32_t profile_id = 0;                             // of the GPU instance, as MigProfile::id
  std::uint8_t ids_status = reading_status::kNotAsked;      // gpu_instance, compute_instance
  std::uint8_t profile_status = reading_status::kNotAsked;  // profile_id
  std::uint8_t reserved[6] = {};
  char uuid[96] = {};
  char name[96] = {};
  Measurements<MigReading> readings;
};
static_assert(sizeof(MigInstance) % 8 == 0);

/// One GPU instance profile this GPU offers (nvml.md §5.12). Counts are of the whole GPU.
struct MigProfile {
  std::uint32_t id = 0;
  std::uint32_t slices = 0;
  std::uint32_t multiprocessors = 0;
  std::uint32_t capacity = 0;   // instances that fit on an empty GPU
  std::uint32_t available = 0;  // instances that fit now
  std::uint8_t available_status = reading_status::kNotAsked;
  std::uint8_t reserved[3] = {};
  std::uint64_t memory_bytes = 0;
  char name[96] = {};  // "MIG 1g.10gb"; empty where the driver does not name it
};
static_assert(sizeof(MigProfile) % 8 == 0);

/// One NVLink of the GPU.
struct NvLink {
  std::uint32_t link = 0;
  std::uint32_t reserved = 0;
  char remote_pci_bus_id[32] = {};  // sysfs form, empty when not known
  Measurements<LinkReading> readings;
};
static_assert(sizeof(NvLink) % 8 == 0);

/// One chip-to-chip link of the GPU (superchips).
struct C2cLink {
  std::uint32_t link = 0;
  std::uint32_t reserved = 0;
  Measurements<C2cLinkReading> readings;
};
static_assert(sizeof(C2cLink) % 8 == 0);

/// One fan of the GPU.
struct Fan {
  std::uint32_t fan = 0;
  std::uint32_t reserved = 0;
  Measurements<FanReading> readings;
};
static_assert(sizeof(Fan) % 8 == 0);

/// Another GPU of the node, as seen from this one.
struct Peer {
  std::uint32_t gpu_index = 0;
  std::uint32_t reserved = 0;
  char uuid[96] = {};
  Measurements<PeerReading> readings;
};
static_assert(sizeof(Peer) % 8 == 0);

enum class ProcessType : std::uint32_t { compute = 0, graphics = 1, mps = 2 };

/// One entry of a driver process list. Ids 0xFFFFFFFF = not applicable, memory ~0 = unknown (nvml.md §3).
struct ProcessEntry {
  std::uint32_t pid = 0;
  ProcessType type = ProcessType::compute;
  std::uint64_t used_memory_bytes = 0;
  std::uint32_t gpu_instance = 0xFFFFFFFFu;
  std::uint32_t compute_instance = 0xFFFFFFFFu;
};
static_assert(sizeof(ProcessEntry) == 24);

/// What one process used of a GPU's engines in the driver's newest sample of it, ratios 0–1; -1 = not known.
struct ProcessUse {
  std::uint32_t pid = 0;
  std::uint32_t reserved = 0;
  std::uint64_t sampled_us = 0;  // CLOCK_REALTIME, microseconds
  double sm_ratio = -1;
  double memory_ratio = -1;
  double encoder_ratio = -1;
  double decoder_ratio = -1;
  double jpeg_ratio = -1;
  double ofa_ratio = -1;
};
static_assert(sizeof(ProcessUse) == 64);

/// What one process used of the GPU since this sampler first saw it there (nvml/process_accounts.h).
struct ProcessAccount {
  std::uint32_t pid = 0;
  std::uint32_t gpu_instance = 0xFFFFFFFFu;
  std::uint32_t compute_instance = 0xFFFFFFFFu;
  std::uint32_t memory_unknown = 0;       // 1 = for some of the time the driver did not know its memory
  std::int64_t since_monotonic_ns = 0;    // first seen: another value, another process or another stay
  std::int64_t present_monotonic_ns = 0;  // seen last
  std::uint64_t busy_ns = 0;
  std::uint64_t observed_ns = 0;  // time for which its use was sampled
  double memory_byte_seconds = 0;
  double energy_joules = 0;
};
static_assert(sizeof(ProcessAccount) == 64);

/// What the control thread knows of library and driver.
struct DriverRecord {
  DriverState state = DriverState::starting;
  std::uint64_t last_code = 0;   // NVML code of the last init attempt
  std::uint64_t generation = 0;  // successful inits
  std::uint64_t init_attempts = 0;
  std::uint64_t reinitializations = 0;
  std::uint64_t reinits_by_code[kResultSlots] = {};  // by the NVML code that asked for them, in slots like results
  std::uint64_t gpu_count = 0;                       // as GetCount_v2 says
  std::uint64_t symbols_missing = 0;                 // of the call table
  std::uint64_t cuda_driver_version = 0;             // 1000·major + 10·minor, 0 = unknown
  std::uint64_t driver_major = 0;
  std::uint64_t order_is_none = 0;    // 1 = indexes were seen not to be in the order of the PCI addresses
  std::uint64_t foreign_symbols = 0;  // resolved into another library: an interposer (LD_PRELOAD)
  Measurements<NodeReading> readings;
  char library_path[256] = {};    // realpath of what was loaded
  char library_soname[64] = {};   // the name it gives itself
  char library_version[80] = {};  // of that file, by its name
  char module_version[80] = {};   // of the loaded kernel module, from sysfs; empty = none is loaded
  char driver_version[80] = {};   // as the driver tells it once it is initialized
  char nvml_version[80] = {};
  char simulator[128] = {};  // text of gpuNodeSimulatorInfo, empty on a real driver
  char message[256] = {};    // what was tried and what came, when not initialized
};
static_assert(sizeof(DriverRecord) % 8 == 0);

/// Whether a record's UUID and PCI address are of the GPU at its index, as far as anybody knows: what followed from the
/// order of the indexes is worth nothing where that order was seen not to hold.
inline bool isPlaceKnown(bool orderIsNone, const GpuFixed& gpu) { return !orderIsNone || gpu.placed_by_order == 0; }

enum class LaneKind : std::uint32_t { control = 0, events = 1, hami = 2, gpu = 3 };
enum class Verdict : std::uint32_t { in_flight = 0, slow = 1, stuck = 2 };

/// A call that did not come back yet and is at least slow, with evidence from the real /proc/self/task.
struct InFlightCall {
  LaneKind lane = LaneKind::control;
  std::uint32_t gpu_index = 0;  // only for LaneKind::gpu
  std::uint32_t call = 0;       // index into the call table (nvml/calls.def)
  Verdict verdict = Verdict::in_flight;
  std::int64_t since_monotonic_ns = 0;
  std::uint32_t tid = 0;
  std::int32_t syscall_number = -1;  // -1 = running in user mode or not readable
  char thread_state = 0;             // of /proc/self/task/<tid>/stat: R, S, D …
  char wchan[47] = {};               // kernel function the thread sleeps in, empty if not readable
};
static_assert(sizeof(InFlightCall) % 8 == 0);

/// What the main thread says once per cycle and whenever a verdict changes.
struct WatchRecord {
  std::uint64_t cycle = 0;
  std::int64_t tick_monotonic_ns = 0;
  std::uint64_t sampler_pid = 0;
  std::uint64_t leaving = 0;         // 1 after `x`: no call is started any more
  std::uint64_t cycles_skipped = 0;  // cycles that a GPU was not given because it was still in an older one, all GPUs
  std::uint64_t pairs_stuck = 0;     // 1 = a call about two GPUs did not come back, here or in a predecessor
  std::uint64_t in_flight_count = 0;
  InFlightCall in_flight[kMaxInFlight] = {};
};
static_assert(sizeof(WatchRecord) % 8 == 0);

/// One NVML event as the events thread got it.
struct Event {
  std::uint64_t number = 0;  // 1, 2, 3 … of this process; 0 = empty
  std::int64_t realtime_ns = 0;
  std::uint64_t type = 0;  // event type bit, nvml.md §5.16
  std::uint64_t data = 0;  // XID number for type 0x8
  std::uint32_t gpu_index = 0xFFFFFFFFu;
  std::uint32_t gpu_instance = 0xFFFFFFFFu;
  std::uint32_t compute_instance = 0xFFFFFFFFu;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(Event) % 8 == 0);

}  // namespace gna::shm
