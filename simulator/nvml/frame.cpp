#include "frame.h"

#include <cstring>

namespace simulator {

Return giveText(char* out, std::uint32_t length, std::string_view text) {
  if (out == nullptr) return kInvalidArgument;
  if (length <= text.size()) return kInsufficientSize;
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = '\0';
  return kSuccess;
}

Return giveText(char* out, std::uint32_t length, const Call& call, Attribute attribute) {
  if (out == nullptr) return kInvalidArgument;
  const char* text = call.gpu.attributes.text(attribute);
  return text == nullptr ? kNotSupported : giveText(out, length, text);
}

}  // namespace simulator

/// What generated functions answer that are exported but not simulated.
extern "C" simulator::Return gpuNodeSimulatorNotSimulated(const char* function) {
  return simulator::onNode(function, [](const simulator::View&) { return simulator::kNotSupported; });
}
