#pragma once
// One batch for nvmlDeviceGetFieldValues: what to ask, and where each answer is booked.

#include <cstdint>
#include <limits>
#include <vector>

#include "core/nvml/abi.h"
#include "core/nvml/dormant.h"
#include "core/nvml/scale.h"

namespace gna::nvml {

/// Fields of one GPU that are due, of the GPU itself and of its links. Filled anew in each round; its memory stays.
class FieldBatch {
 public:
  void clear() {
    values_.clear();
    targets_.clear();
  }

  /// Asks for a field. `into` and `dormant` must live until book(). Answers above `highest` base units are not
  /// believed.
  template <typename Id>
  void add(std::uint32_t fieldId, std::uint32_t scopeId, Scale scale, Id reading, Measurements<Id>& into,
           Dormant<Id>& dormant, double highest = std::numeric_limits<double>::infinity()) {
    FieldValue value{};
    value.fieldId = fieldId;
    value.scopeId = scopeId;
    value.nvmlReturn = kErrorUnknown;
    values_.push_back(value);
    const std::size_t at = gna::index(reading);
    targets_.push_back({&into.values[at], &into.status[at], &dormant.asleep[at], scale, highest});
  }

  std::size_t size() const { return values_.size(); }
  FieldValue* at(std::size_t i) { return values_.data() + i; }

  /// Books entries `from` to `to` after the call around them gave `code`. An entry's own code never condemns the GPU.
  void book(std::size_t from, std::size_t to, Return code);

 private:
  struct Target {
    double* value;
    std::uint8_t* status;
    bool* asleep;
    Scale scale;
    double highest;
  };
  std::vector<FieldValue> values_;
  std::vector<Target> targets_;
};

}  // namespace gna::nvml
