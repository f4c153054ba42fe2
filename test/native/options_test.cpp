// The sampler's command line says what was expected and what came.

#include <string>
#include <vector>

#include "check.h"
#include "sampler/options.h"

using namespace gna;

namespace {

std::string errorOf(std::vector<std::string> arguments) {
  EngineOptions options;
  std::string error;
  return parseOptions(arguments, options, error) ? "" : error;
}

}  // namespace

TEST("values come after a blank or an equals sign") {
  EngineOptions o;
  std::string error;
  const std::vector<std::string> arguments = {
      "--interval-ms", "250", "--deadline-fast-ms=40", "--exclude=1,GPU-ab@0000:41:00.0,0000:c1:00.0", "--hami.root=/a",
      "--hami.root",   "/b"};
  CHECK(parseOptions(arguments, o, error));
  CHECK_EQ(o.intervalNs, 250'000'000);
  CHECK_EQ(o.deadlines.fastNs, 40'000'000);
  CHECK_EQ(o.excluded.size(), 3u);
  CHECK_EQ(o.hamiRoots.size(), 2u);
  CHECK(!o.excludeAll);
}

TEST("the root of the host may end in slashes") {
  const auto rootfs = [](const std::string& folder) {
    EngineOptions o;
    std::string error;
    const std::vector<std::string> arguments = {"--path.rootfs=" + folder};
    CHECK(parseOptions(arguments, o, error));
    return o.rootfs;
  };
  CHECK_EQ(rootfs("/"), "");
  CHECK_EQ(rootfs("/host"), "/host");
  CHECK_EQ(rootfs("/host//"), "/host");
  CHECK(!errorOf({"--path.rootfs="}).empty());
}

TEST("exclude=all touches no driver") {
  EngineOptions o;
  std::string error;
  const std::vector<std::string> arguments = {"--exclude=all"};
  CHECK(parseOptions(arguments, o, error));
  CHECK(o.excludeAll);
}

TEST("each refusal names the flag, what it expects and what came") {
  CHECK_EQ(errorOf({"--interval-ms=soon"}),
           "--interval-ms expects a whole number of milliseconds up to one day, but came with \"soon\"");
  CHECK_EQ(errorOf({"--interval-ms"}),
           "--interval-ms expects a whole number of milliseconds up to one day, but nothing follows");
  CHECK_EQ(errorOf({"--once=yes"}), "--once takes no value, but came as --once=yes");
  CHECK_EQ(errorOf({"--exclude=first"}),
           "--exclude expects all, or GPU indexes, GPU-… UUIDs and PCI addresses separated by commas, but came with "
           "\"first\"");
  CHECK_EQ(errorOf({"--colour"}), "unknown argument --colour; see --help for the ones there are");
  CHECK_EQ(errorOf({"--json"}), "--json prints one reading and needs --once");
}

TEST("numbers outside their range are refused") {
  CHECK(!errorOf({"--interval-ms=1"}).empty());
  CHECK(!errorOf({"--interval-ms=-5"}).empty());
  CHECK(!errorOf({"--interval-ms=99999999999999999999"}).empty());
  CHECK(!errorOf({"--interval-ms=10x"}).empty());
  CHECK(!errorOf({"--parent-pid=0"}).empty());
}

TEST_MAIN("sampler options")
