// Answers that a capture of a real host brought along: what the attributes of a scenario cannot say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "abi.h"
#include "journal.h"

namespace simulator {

/// What one call answered.
struct RecordedAnswer {
  Return code = kSuccess;
  /// One for each pointer parameter; empty for a refusal.
  std::vector<std::string_view> filled;
};

/// What one field or one performance metric answered.
struct RecordedNumber {
  Return code = kSuccess;
  ValueType type{};
  std::uint64_t bits = 0;
};

class RecordedAnswers {
 public:
  /// Whom a call is about: -1 for the node, no MIG device, or no GPU instance.
  struct Subject {
    std::int32_t gpu = -1;
    std::int32_t mig = -1;
    std::int32_t gpuInstance = -1;
  };

  void add(const Entry& entry);
  bool empty() const { return answers_.empty() && fields_.empty() && metrics_.empty(); }

  const RecordedAnswer* answer(std::string_view function, Subject subject,
                               const std::vector<std::uint32_t>& arguments) const;
  const RecordedNumber* field(std::uint32_t gpu, std::uint32_t id, std::uint32_t scope) const;
  const RecordedNumber* metric(std::uint32_t gpu, std::int32_t gpuInstance, std::uint32_t id) const;

 private:
  void addAnswer(const Entry& entry);
  void addNumbers(const Entry& entry);

  std::unordered_map<std::string, RecordedAnswer> answers_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, RecordedNumber> fields_;
  std::map<std::tuple<std::uint32_t, std::int32_t, std::uint32_t>, RecordedNumber> metrics_;
};

}  // namespace simulator
