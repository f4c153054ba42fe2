// Sessions of the video engines and of frame buffer capture.

#include "core/nvml/gather.h"

namespace gna::nvml {

void Gather::media() {
  if (due(Reading::encoder_sessions)) {
    auto sessions = unwritten<std::uint32_t>(), framesPerSecond = sessions, latencyUs = sessions;
    const Return code = call(Call::DeviceGetEncoderStats, g.handle_, &sessions, &framesPerSecond, &latencyUs);
    store(Reading::encoder_sessions, code, sessions);
    // The means of no sessions are nothing, not 0.
    const Return means = code == kSuccess && sessions == 0 ? kNoSessions : code;
    store(Reading::encoder_average_frames_per_second, means, framesPerSecond);
    store(Reading::encoder_average_latency_seconds, means, kMicroseconds(latencyUs));
  }
  if (due(Reading::framebuffer_capture_sessions)) {
    auto stats = unwritten<FBCStats>();
    const Return code = call(Call::DeviceGetFBCStats, g.handle_, &stats);
    store(Reading::framebuffer_capture_sessions, code, stats.sessionsCount);
    const Return means = code == kSuccess && stats.sessionsCount == 0 ? kNoSessions : code;
    store(Reading::framebuffer_capture_average_frames_per_second, means, stats.averageFPS);
    store(Reading::framebuffer_capture_average_latency_seconds, means, kMicroseconds(stats.averageLatency));
  }
}

}  // namespace gna::nvml
