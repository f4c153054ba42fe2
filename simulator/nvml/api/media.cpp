// Sessions of the encoders and of frame buffer capture.
#include <array>

#include "../call.h"

using namespace simulator;

namespace {

using enum Attribute;

constexpr unsigned kWidth = 1920;
constexpr unsigned kHeight = 1080;
/// Captured to system memory.
constexpr unsigned kToSystem = 1;

/// What the sessions of one kind have: how many there are and their means.
struct SessionAttributes {
  Attribute sessions;
  Attribute framesPerSecond;
  Attribute latencyMicroseconds;
};
constexpr SessionAttributes kEncoding = {encoderSessions, encoderAverageFramesPerSecond,
                                         encoderAverageLatencyMicroseconds};
constexpr SessionAttributes kCapture = {captureSessions, captureAverageFramesPerSecond,
                                        captureAverageLatencyMicroseconds};

unsigned numberOf(const Call& call, Attribute attribute) {
  return static_cast<unsigned>(call.gpu.attributes.number(attribute).value_or(0));
}

/// Session n belongs to the n-th process of the GPU, and starts over after the last.
unsigned ownerOf(const Call& call, unsigned session) {
  const auto& processes = call.gpu.processes;
  return processes.empty() ? 0 : processes[session % processes.size()].pid;
}

/// Fills a list in the two steps of the interface: `make(n)` gives session n. Unlike with other lists the question for
/// the number, a count of 0, is answered with success.
template <class Session, class Make>
Return giveSessions(const Call& call, Attribute attribute, unsigned* count, Session* sessions, Make make) {
  if (count == nullptr) return kInvalidArgument;
  const auto there = call.gpu.attributes.number(attribute);
  if (!there) return kNotSupported;
  const unsigned room = *count;
  *count = static_cast<unsigned>(*there);
  if (room == 0) return kSuccess;
  if (sessions == nullptr) return kInvalidArgument;
  if (room < *count) return kInsufficientSize;
  for (unsigned n = 0; n < *count; ++n) sessions[n] = make(n);
  return kSuccess;
}

}  // namespace

NVML_API Return nvmlDeviceGetEncoderCapacity(DeviceHandle device, unsigned codec, unsigned* percent) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    constexpr std::array kCodecs = {encoderCapacityH264Percent, encoderCapacityHevcPercent, encoderCapacityAv1Percent};
    return codec < kCodecs.size() ? call.give(percent, kCodecs[codec]) : kInvalidArgument;
  });
}

NVML_API Return nvmlDeviceGetEncoderStats(DeviceHandle device, unsigned* sessions, unsigned* framesPerSecond,
                                          unsigned* latencyMicroseconds) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (sessions == nullptr || framesPerSecond == nullptr || latencyMicroseconds == nullptr) return kInvalidArgument;
    const Return given = call.give(sessions, kEncoding.sessions);
    if (given != kSuccess) return given;
    *framesPerSecond = numberOf(call, kEncoding.framesPerSecond);
    *latencyMicroseconds = numberOf(call, kEncoding.latencyMicroseconds);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetEncoderSessions(DeviceHandle device, unsigned* count, EncoderSession* sessions) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return giveSessions(call, kEncoding.sessions, count, sessions, [&](unsigned n) {
      return EncoderSession{.sessionId = n + 1,
                            .pid = ownerOf(call, n),
                            .vgpuInstance = 0,
                            .codecType = n % 2,
                            .hResolution = kWidth,
                            .vResolution = kHeight,
                            .averageFps = numberOf(call, kEncoding.framesPerSecond),
                            .averageLatency = numberOf(call, kEncoding.latencyMicroseconds)};
    });
  });
}

NVML_API Return nvmlDeviceGetFBCStats(DeviceHandle device, CaptureStats* stats) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    if (stats == nullptr) return kInvalidArgument;
    const Return given = call.give(&stats->sessionsCount, kCapture.sessions);
    if (given != kSuccess) return given;
    stats->averageFPS = numberOf(call, kCapture.framesPerSecond);
    stats->averageLatency = numberOf(call, kCapture.latencyMicroseconds);
    return kSuccess;
  });
}

NVML_API Return nvmlDeviceGetFBCSessions(DeviceHandle device, unsigned* count, CaptureSession* sessions) {
  return onDevice(__func__, device, Accepts::WholeGpus, [&](const Call& call) {
    return giveSessions(call, kCapture.sessions, count, sessions, [&](unsigned n) {
      return CaptureSession{.sessionId = n + 1,
                            .pid = ownerOf(call, n),
                            .vgpuInstance = 0,
                            .displayOrdinal = n,
                            .sessionType = kToSystem,
                            .sessionFlags = 0,
                            .hMaxResolution = kWidth,
                            .vMaxResolution = kHeight,
                            .hResolution = kWidth,
                            .vResolution = kHeight,
                            .averageFPS = numberOf(call, kCapture.framesPerSecond),
                            .averageLatency = numberOf(call, kCapture.latencyMicroseconds)};
    });
  });
}
