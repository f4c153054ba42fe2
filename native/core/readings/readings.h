#pragma once
// Ids of readings, generated from the tables beside this file. A reading is one number in base units, of a GPU, of
// one of its parts (a MIG instance, an NVLink, a fan …) or of the node: one table per kind.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gna {

/// How often a reading is asked of the driver: once per init and hourly, every minute, every ten seconds, each cycle.
enum class Cadence : std::uint8_t { identity, minute, medium, cycle };

/// What is known of a table: `names`, `cadences` and `count`, by index. Index and names are those of one build; names
/// are stable across builds.
template <typename Id>
struct ReadingTable;

#define GNA_TABLE Reading
#define GNA_TABLE_FILE "core/readings/readings.def"
#include "core/readings/declare_table.inc"

#define GNA_TABLE MigReading
#define GNA_TABLE_FILE "core/readings/mig_readings.def"
#include "core/readings/declare_table.inc"

#define GNA_TABLE LinkReading
#define GNA_TABLE_FILE "core/readings/link_readings.def"
#include "core/readings/declare_table.inc"

#define GNA_TABLE C2cLinkReading
#define GNA_TABLE_FILE "core/readings/c2c_link_readings.def"
#include "core/readings/declare_table.inc"

#define GNA_TABLE FanReading
#define GNA_TABLE_FILE "core/readings/fan_readings.def"
#include "core/readings/declare_table.inc"

#define GNA_TABLE PeerReading
#define GNA_TABLE_FILE "core/readings/peer_readings.def"
#include "core/readings/declare_table.inc"

#define GNA_TABLE NodeReading
#define GNA_TABLE_FILE "core/readings/node_readings.def"
#include "core/readings/declare_table.inc"

inline constexpr auto& kReadingNames = ReadingTable<Reading>::names;
inline constexpr std::size_t kReadingCount = ReadingTable<Reading>::count;

/// Position of a reading in its table.
template <typename Id>
  requires requires { ReadingTable<Id>::count; }
constexpr std::size_t index(Id id) {
  return static_cast<std::size_t>(id);
}

/// Why a reading has a value or has none: an NVML return code (0 = value present) folded into a byte, or one of these.
namespace reading_status {
inline constexpr std::uint8_t kPresent = 0;
inline constexpr std::uint8_t kMigOff = 246;           // only asked of a GPU in MIG mode
inline constexpr std::uint8_t kConfidentialOff = 247;  // without confidential computing there is no such memory
inline constexpr std::uint8_t kNoSessions = 248;       // a mean over sessions of which there are none
inline constexpr std::uint8_t kNoOwnMemory = 249;      // the GPU shares the system's memory
inline constexpr std::uint8_t kBranchUnknown = 250;    // which number a field has depends on a branch nobody told
inline constexpr std::uint8_t kBranchTooOld = 251;     // this driver branch does not have the field or metric
inline constexpr std::uint8_t kUnknownError = 252;     // NVML code outside 0..200, e.g. 999
inline constexpr std::uint8_t kImplausible = 253;      // the driver answered, the value cannot be true
inline constexpr std::uint8_t kSymbolMissing = 254;    // the library does not have the function
inline constexpr std::uint8_t kNotAsked = 255;         // not asked yet, or nobody reads the GPU
}  // namespace reading_status

/// All numbers of one table: `values[i]` is a value only where `status[i]` is kPresent.
template <typename Id>
struct Measurements {
  static constexpr std::size_t kCount = ReadingTable<Id>::count;
  double values[kCount] = {};
  std::uint8_t status[(kCount + 7) / 8 * 8];

  Measurements() { forget(reading_status::kNotAsked); }

  void set(Id id, double value) {
    values[index(id)] = value;
    status[index(id)] = reading_status::kPresent;
  }
  void absent(Id id, std::uint8_t why) { status[index(id)] = why; }
  bool has(Id id) const { return status[index(id)] == reading_status::kPresent; }
  /// The value; meaningless unless has().
  double operator[](Id id) const { return values[index(id)]; }
  void forget(std::uint8_t why) {
    for (std::uint8_t& one : status) one = why;
  }
};

}  // namespace gna
