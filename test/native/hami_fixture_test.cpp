// Files written by the real library, with what to find in them. They are not part of this repository: the environment
// variable GNA_FIXTURES names the folder that holds hami/<name>/{x.cache,expected.json}; without it a folder
// shared/fixtures beside the checkout is looked for.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "check.h"
#include "core/hami/usage_file.h"
#include "expectation_json.h"

using namespace gna::hami;
using gna::test::Json;
namespace fs = std::filesystem;

namespace {

std::optional<fs::path> fixtureFolder() {
  if (const char* named = std::getenv("GNA_FIXTURES")) return fs::path(named) / "hami";
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (fs::path at = program.parent_path(); at != at.root_path() && !at.empty(); at = at.parent_path()) {
    if (!fs::exists(at / "binding.gyp", ignored)) continue;
    const fs::path beside = at.parent_path() / "shared/fixtures/hami";
    if (fs::is_directory(beside, ignored)) return beside;
  }
  return std::nullopt;
}

std::string contentOf(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

// A flag of the expectation in words, so that a difference is readable.
const char* word(bool value) { return value ? "true" : "false"; }

void compare(const fs::path& folder) {
  std::printf("# %s\n", folder.filename().c_str());
  const Json whole = Json::parse(contentOf(folder / "expected.json"));
  const Json& expected = whole["expected"];
  Scratch scratch;
  FileUsage usage;
  const OwnedFd directory(open(folder.c_str(), O_PATH | O_DIRECTORY));
  const ReadOutcome outcome = read(directory.get(), "x.cache", scratch, usage);
  CHECK_EQ(refusalCode(outcome.refusal), "none");
  CHECK_EQ(layoutById(static_cast<std::uint32_t>(usage.layout))->name, whole["layout"].text());
  CHECK_EQ(std::to_string(usage.slotsTotal), expected["slots_total"].text());
  CHECK_EQ(std::to_string(usage.slotsCounted), expected["slots_counted"].text());
  CHECK_EQ(std::to_string(usage.priority), expected["priority"].text());
  CHECK_EQ(std::to_string(usage.recentKernel), expected["recent_kernel"].text());
  CHECK_EQ(std::to_string(usage.utilizationSwitch), expected["utilization_switch"].text());
  if (usage.lastKernelUnixSeconds) {
    CHECK_EQ(std::to_string(*usage.lastKernelUnixSeconds), expected["last_kernel_time"].text());
  } else {
    CHECK(expected["last_kernel_time"].text() == "null" || expected["last_kernel_time"].text() == "0");
  }
  const std::vector<Json> devices = expected["devices"].items();
  REQUIRE(!devices.empty());
  REQUIRE(usage.devices.size() == devices.size());
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const DeviceUsage& d = usage.devices[i];
    const Json& e = devices[i];
    CHECK_EQ(std::to_string(d.index), e["index"].text());
    CHECK_EQ(d.uuidText(), e["uuid"].text());
    CHECK_EQ(std::to_string(d.usedBytes), e["used_bytes"].text());
    CHECK_EQ(std::to_string(d.contextBytes), e["context_bytes"].text());
    CHECK_EQ(std::to_string(d.moduleBytes), e["module_bytes"].text());
    CHECK_EQ(std::to_string(d.bufferBytes), e["buffer_bytes"].text());
    CHECK_EQ(std::to_string(d.restBytes()), e["rest_bytes"].text());
    CHECK_EQ(std::to_string(d.driverReportedBytes), e["driver_reported_bytes"].text());
    CHECK_EQ(std::to_string(d.limitBytes), e["limit_bytes"].text());
    CHECK_EQ(word(d.memoryLimited()), e["memory_limited"].text());
    CHECK_EQ(d.smUtilPercent ? std::to_string(*d.smUtilPercent) : "null", e["sm_util_percent"].text());
    CHECK_EQ(std::to_string(d.smLimitPercent), e["sm_limit_percent"].text());
    CHECK_EQ(word(d.smLimited()), e["sm_limited"].text());
    CHECK_EQ(word(d.plausible()), e["plausible"].text());
  }
}

}  // namespace

TEST("files of the real library give the values that were recorded with them") {
  const auto folder = fixtureFolder();
  if (!folder) SKIP("no fixtures: set GNA_FIXTURES to the folder that holds hami/");
  unsigned compared = 0;
  for (const auto& entry : fs::directory_iterator(*folder)) {
    if (!fs::exists(entry.path() / "expected.json")) continue;
    compare(entry.path());
    ++compared;
  }
  CHECK(compared > 0);
}

TEST_MAIN("hami fixtures")
