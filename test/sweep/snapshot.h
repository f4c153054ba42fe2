#pragma once
// Everything that is known of one GPU at one moment, by name, so that two moments can be compared.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/nvml/gpu_reader.h"

namespace gna::sweep {

/// A reading, a text, or that a part or a list's entry is there.
struct Item {
  std::uint8_t status = 0;  // of reading_status; a text or a part that is not there has no item
  double value = 0;
  std::string text;

  bool isPresent() const { return status == reading_status::kPresent; }
  bool operator==(const Item& other) const {
    if (status != other.status) return false;
    return !isPresent() || (value == other.value && text == other.text);
  }
};

/// By path: `power_watts` is a reading of the GPU, `text/uuid` a text, `fan/0` a part, `fan/0/speed_ratio` a reading of
/// it. MIG instances go by their UUID, process entries by kind and pid.
using Snapshot = std::map<std::string, Item>;

Snapshot snapshotOf(const nvml::GpuReader& reader);

/// The path without the numbers and names of parts: `fan/*/speed_ratio`.
std::string kindOf(const std::string& path);

/// What the table of readings says a path comes from, empty for what is no reading.
std::string originOf(const std::string& path);

/// Whether any reading has such an origin.
bool isOrigin(const std::function<bool(const std::string&)>& test);

}  // namespace gna::sweep
