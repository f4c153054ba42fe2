#pragma once
// One thing that goes wrong: a function of the driver, or one field or metric of a function that answers many, and what
// it answers instead.

#include <cstdint>
#include <string>
#include <vector>

#include "core/nvml/call_table.h"
#include "core/nvml/library.h"

namespace gna::sweep {

/// Whose answer it is.
struct Cause {
  nvml::Call call;
  std::uint32_t entry = 0;  // field of nvmlDeviceGetFieldValues, metric of nvmlGpmMetricsGet; 0 = the call itself

  /// The function, or `FI 91`, `GPM 2`, as origins of readings are written.
  std::string name() const;
  auto operator<=>(const Cause&) const = default;
};

/// What it answers: a return code, or nothing because the library has no such function.
struct Answer {
  nvml::Return code = 0;
  bool missing = false;

  std::string name() const { return missing ? "no such symbol" : std::to_string(code); }
};

/// Every return code of nvml.md §4 but success, codes nobody knows yet, and the missing symbol.
std::vector<Answer> allAnswers();
/// One of each class; fewer for an entry of a batch, which never speaks for the GPU or the driver.
std::vector<Answer> representativeAnswers(bool ofEntry);

/// What an answer means, typed from nvml.md §4 and not from the core's own table.
bool isUnsupported(const Answer& answer);  // not asked again until the next identity round
bool isOlder(const Answer& answer);        // an older function, or version of it, is asked instead
bool isPassing(const Answer& answer);      // may be gone at the next question
bool takesGpu(const Answer& answer);       // this GPU cannot be read
bool asksDriver(const Answer& answer);     // could mean the whole driver, which is asked
/// The status of a reading that is absent because of it.
std::uint8_t statusFor(const Answer& answer);
/// Where call statistics count it.
std::size_t slotFor(const Answer& answer);

/// The driver's functions with causes put in their place. At most one object at a time has its functions called.
class DisturbedDriver {
 public:
  explicit DisturbedDriver(const nvml::Library& driver);

  const nvml::Library& library() const { return library_; }

  void set(const Cause& cause, const Answer& answer);
  void clear(const Cause& cause);

  /// Fields and metrics that were asked for, with how often.
  std::uint64_t entryAsked(const Cause& cause) const;
  std::vector<Cause> entriesAsked() const;

 private:
  const nvml::Library& driver_;
  nvml::Library library_;
};

}  // namespace gna::sweep
