// The simulated clock: a mapped file that a tool writes while we read.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "check.h"
#include "core/clock/clock.h"

using gna::Clock;

namespace {

/// A clock file in a temporary place, written the way docs/architecture.md says.
class ClockFile {
 public:
  ClockFile(std::int64_t base, std::int64_t shown, std::int64_t realtimeOffset, double rate) {
    int fd = mkstemp(path_.data());
    unsigned char bytes[64] = {};
    constexpr std::string_view kMagic = "GNSCLK01";
    std::copy(kMagic.begin(), kMagic.end(), bytes);
    std::memcpy(bytes + 16, &base, 8);
    std::memcpy(bytes + 24, &shown, 8);
    std::memcpy(bytes + 32, &realtimeOffset, 8);
    std::memcpy(bytes + 40, &rate, 8);
    if (write(fd, bytes, sizeof bytes) != sizeof bytes) std::abort();
    close(fd);
  }
  ~ClockFile() { unlink(path_.c_str()); }
  std::string path() const { return path_; }

 private:
  std::string path_ = std::filesystem::temp_directory_path() / "gna-clock-XXXXXX";
};

}  // namespace

TEST("the kernel's clocks without a file") {
  Clock clock;
  const auto a = clock.monotonicNs();
  CHECK(clock.monotonicNs() >= a);
  CHECK(clock.realtimeNs() > 1'700'000'000'000'000'000);
  CHECK_EQ(clock.sleepUntilNs(a - 1), 0);
}

TEST("a stopped clock shows exactly what the file says") {
  ClockFile file(Clock::kernelMonotonicNs(), 5'000'000'000, 1'000'000'000'000, 0);
  Clock clock(file.path());
  CHECK(clock.valid());
  CHECK_EQ(clock.monotonicNs(), 5'000'000'000);
  CHECK_EQ(clock.realtimeNs(), 1'005'000'000'000);
  CHECK_EQ(clock.sleepUntilNs(6'000'000'000), Clock::kLongestSleepNs);
  CHECK_EQ(clock.sleepUntilNs(5'000'000'000), 0);
}

TEST("a fast clock runs ahead and shortens sleeps") {
  ClockFile file(Clock::kernelMonotonicNs() - 1'000'000'000, 0, 0, 1440);
  Clock clock(file.path());
  CHECK(clock.monotonicNs() >= 1'440'000'000'000);
  const auto sleep = clock.sleepUntilNs(clock.monotonicNs() + 14'400'000'000);
  CHECK(sleep > 0 && sleep <= 10'000'001);
}

TEST("what is no clock file is refused with words") {
  CHECK(!Clock("/nonexistent/clock").valid());
  CHECK(Clock("/nonexistent/clock").error().find("/nonexistent/clock") != std::string::npos);
  CHECK(Clock("/dev/null").error().find("expected 64 bytes") != std::string::npos);
  ClockFile file(0, 0, 0, 1);
  const int fd = open(file.path().c_str(), O_WRONLY);
  CHECK_EQ(pwrite(fd, "X", 1, 0), 1);
  close(fd);
  CHECK(Clock(file.path()).error().find("GNSCLK01") != std::string::npos);
}

TEST_MAIN("clock")
