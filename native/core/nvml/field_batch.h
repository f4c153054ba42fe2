#pragma once
// One batch for nvmlDeviceGetFieldValues: what to ask, and where each answer is booked.

#include <cstdint>
#include <limits>
#include <vector>

#include "core/nvml/abi.h"
#include "core/nvml/dormant.h"
#include "core/nvml/scale.h"

namespace gna::nvml {

/// How a field's number becomes a value.
enum class FieldForm : std::uint8_t {
  linear,         // scaled to the base unit
  bitErrorRatio,  // mantissa in bits 8-11, negative exponent of ten in bits 0-7 (nvml.md §7)
};

/// Where an answer goes: a value, its status byte, and the flag that puts it to sleep.
struct FieldTarget {
  double* value;
  std::uint8_t* status;
  bool* asleep;
  Scale scale;
  double highest = std::numeric_limits<double>::infinity();  // base units; above is not believed
  FieldForm form = FieldForm::linear;
  bool isIdentity = false;  // asked once an hour
};

/// Fields that are due, of one GPU or of its links. Filled anew in each round; its memory stays.
class FieldBatch {
 public:
  void clear() {
    values_.clear();
    targets_.clear();
  }

  /// Asks for a field. What the target points to must live until book().
  void add(std::uint32_t fieldId, std::uint32_t scopeId, const FieldTarget& target);

  template <typename Id>
  void add(std::uint32_t fieldId, std::uint32_t scopeId, Scale scale, Id reading, Measurements<Id>& into,
           Dormant<Id>& dormant, double highest = std::numeric_limits<double>::infinity(),
           FieldForm form = FieldForm::linear) {
    const std::size_t at = gna::index(reading);
    add(fieldId, scopeId,
        {&into.values[at], &into.status[at], &dormant.asleep[at], scale, highest, form,
         ReadingTable<Id>::cadences[at] == Cadence::identity});
  }

  std::size_t size() const { return values_.size(); }
  FieldValue* at(std::size_t i) { return values_.data() + i; }

  /// Books entries `from` to `to` after the call around them gave `code`. An entry's own code never condemns the GPU.
  /// True when a field that is only asked once an hour came with a passing error.
  bool book(std::size_t from, std::size_t to, Return code);

 private:
  std::vector<FieldValue> values_;
  std::vector<FieldTarget> targets_;
};

}  // namespace gna::nvml
