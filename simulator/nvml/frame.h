// The frame of every exported function: is the library initialised, is the handle good, is the GPU there, does a fault
// strike. A body then only answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "abi.h"
#include "fault_gate.h"
#include "handles.h"
#include "library.h"

namespace simulator {

/// What a function answers about: others get kNotSupported.
enum class Accepts : std::uint8_t { WholeGpus, MigInstances, Both };

/// A call about one GPU or MIG instance.
struct Call {
  Library& library;
  const View& view;
  const Gpu& gpu;
  std::uint32_t gpuIndex;
  /// nullptr: the whole GPU.
  const MigInstance* mig;
  /// The view, for who keeps it longer than the call.
  const std::shared_ptr<const View>& sharedView;

  Instant now() const { return library.clock().now(); }
  std::int64_t monotonic() const { return now().monotonicNanoseconds; }
  bool migEnabled() const { return gpu.attributes.number(Attribute::migMode) == 1; }
  /// Some calls are for root alone.
  bool permitted() const { return view.node.number(Attribute::unprivileged) != 1; }
  DeviceHandle handle(std::uint32_t migCreation) const {
    return encodeHandle({gpuIndex, migCreation, library.generation()});
  }

  /// Answers with a number attribute; kInvalidArgument for NULL, kNotSupported where the GPU has none.
  template <class Out>
  Return give(Out* out, Attribute attribute) const {
    return give(out, gpu.attributes.number(attribute));
  }
  /// Answers with a value that may be absent.
  template <class Out, class Value>
  static Return give(Out* out, std::optional<Value> value) {
    if (out == nullptr) return kInvalidArgument;
    if (!value) return kNotSupported;
    *out = static_cast<Out>(*value);
    return kSuccess;
  }
};

/// Copies a text with its NUL; kInsufficientSize when the caller's buffer is too short.
Return giveText(char* out, std::uint32_t length, std::string_view text);
/// A text attribute; kNotSupported where the GPU has none.
Return giveText(char* out, std::uint32_t length, const Call& call, Attribute attribute);

/// Runs `body(view)` for a call without a device that is about one GPU all the same: its faults strike. gpu -1: none.
template <class Body>
Return onNodeForGpu(const char* function, std::int32_t gpu, Body body) {
  Library& library = Library::instance();
  const Library::CallInFlight inFlight(library);
  if (!library.hasNode()) return kUninitialized;
  auto view = library.view();
  const Return outcome = sufferFaults(library, function, gpu, view);
  if (outcome != kSuccess) return outcome;
  const Return ready = library.readiness(*view);
  return ready == kSuccess ? body(*view) : ready;
}

/// Runs `body(view)` for a call about the node.
template <class Body>
Return onNode(const char* function, Body body) {
  return onNodeForGpu(function, -1, body);
}

/// Runs `body(call)` for a call about what a handle stands for; `known`: it was one of ours once.
template <class Body>
Return onHandle(const char* function, bool known, HandleParts parts, Accepts accepts, Body body) {
  Library& library = Library::instance();
  const Library::CallInFlight inFlight(library);
  if (!library.hasNode()) return kUninitialized;
  auto view = library.view();
  const Return outcome = sufferFaults(library, function, known ? static_cast<std::int32_t>(parts.gpu) : -1, view);
  if (outcome != kSuccess) return outcome;
  const Return ready = library.readiness(*view);
  if (ready != kSuccess) return ready;
  if (!known || parts.gpu >= view->gpus.size() || parts.generation != (library.generation() & 0xFFFFU)) {
    return kInvalidArgument;
  }
  const Gpu& gpu = view->gpus[parts.gpu];
  if (gpu.lost || !gpu.bound) return kGpuIsLost;
  const MigInstance* mig = nullptr;
  if (parts.migCreation != 0) {
    for (const auto& slot : gpu.migInstances) {
      if (slot && (slot->creation & 0xFFFFU) == parts.migCreation) mig = &*slot;
    }
    if (mig == nullptr) return kInvalidArgument;
  }
  if (accepts != Accepts::Both && (accepts == Accepts::MigInstances) != (mig != nullptr)) return kNotSupported;
  return body(Call{library, *view, gpu, parts.gpu, mig, view});
}

/// Runs `body(call)` for a call about the device behind `handle`.
template <class Body>
Return onDevice(const char* function, DeviceHandle handle, Accepts accepts, Body body) {
  HandleParts parts{};
  const bool known = decodeHandle(handle, parts);
  return onHandle(function, known, parts, accepts, body);
}

/// The same for a GPU instance or compute instance; `call.mig` is the MIG device by which it was found.
template <class Body>
Return onInstance(const char* function, InstanceKind kind, InstanceHandle handle, Body body) {
  HandleParts parts{};
  const bool known = decodeInstance(kind, handle, parts);
  return onHandle(function, known, parts, Accepts::MigInstances, body);
}

}  // namespace simulator
