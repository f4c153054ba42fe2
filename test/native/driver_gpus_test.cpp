// The kernel driver's list of GPUs: addresses, their order, and what an information file says.

#include <sys/stat.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "core/proc/driver_gpus.h"
#include "temporary_tree.h"

using namespace gna::proc;
using gna::test::TemporaryTree;

namespace {

void write(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  std::fputs(text.c_str(), file);
  std::fclose(file);
}

/// A procfs root with a folder for each of the names.
void makeGpus(const TemporaryTree& tree, std::initializer_list<const char*> names) {
  for (const char* folder : {"driver", "driver/nvidia", "driver/nvidia/gpus"}) tree.makeDirectory(folder);
  for (const char* name : names) tree.makeDirectory(std::string("driver/nvidia/gpus/") + name);
}

std::optional<DriverGpuInformation> information(const TemporaryTree& tree, const char* address) {
  return readDriverGpu(tree.path(), parsePciAddress(address).value_or(PciAddress{}));
}

std::string read(const char* text) {
  const auto address = parsePciAddress(text);
  return address ? address->text() : "none";
}

}  // namespace

TEST("addresses are read as sysfs, NVML and the kernel log write them") {
  CHECK_EQ(read("0000:41:00.0"), "0000:41:00.0");
  CHECK_EQ(read("00000000:C1:1f.7"), "0000:c1:1f.7");
  CHECK_EQ(read("10000:01:00.0"), "10000:01:00.0");
}

TEST("what is no address is none") {
  for (const char* text : {"", "3", "41:00.0", "0000:41:00", "0000:41:00.8", "0000:41:20.0", "0000:41:00.0 ",
                           "000:41:00.0", "0000:4g:00.0", "0000:-1:00.0", "GPU-0000:41:00.0"})
    CHECK_EQ(read(text), "none");
}

TEST("the list is in the order of the numbers, not of the texts") {
  const TemporaryTree tree;
  makeGpus(tree, {"10000:01:00.0", "0000:c1:00.0", "0000:05:00.0", "0001:02:00.0", "notes"});
  const auto list = listDriverGpus(tree.path()).value_or(std::vector<PciAddress>{});
  REQUIRE(list.size() == 4);
  CHECK_EQ(list[0].text(), "0000:05:00.0");
  CHECK_EQ(list[1].text(), "0000:c1:00.0");
  CHECK_EQ(list[2].text(), "0001:02:00.0");
  CHECK_EQ(list[3].text(), "10000:01:00.0");
}

TEST("no folder is another thing than an empty one") {
  const TemporaryTree tree;
  CHECK(!listDriverGpus(tree.path()).has_value());
  makeGpus(tree, {});
  CHECK(listDriverGpus(tree.path()).has_value());
  CHECK(listDriverGpus(tree.path()).value_or(std::vector<PciAddress>(1)).empty());
}

TEST("an information file tells UUID and exclusion, and question marks are no UUID") {
  const TemporaryTree tree;
  makeGpus(tree, {"0000:05:00.0", "0000:06:00.0", "0000:07:00.0"});
  write(tree / "driver/nvidia/gpus/0000:05:00.0/information",
        "Model: \t\t NVIDIA A100\nGPU UUID: \t GPU-0a\nVideo BIOS: \t 92.00\nGPU Excluded:\t No\n");
  write(tree / "driver/nvidia/gpus/0000:06:00.0/information",
        "GPU UUID: \t GPU-" + std::string(8, '?') + "\nGPU Excluded:\t Yes\n");
  const auto known = information(tree, "0000:05:00.0").value_or(DriverGpuInformation{});
  CHECK_EQ(known.uuid, "GPU-0a");
  CHECK(!known.excluded);
  const auto unknown = information(tree, "0000:06:00.0").value_or(DriverGpuInformation{"unread", false});
  CHECK_EQ(unknown.uuid, "");
  CHECK(unknown.excluded);
  CHECK(!information(tree, "0000:07:00.0").has_value());
}

TEST_MAIN("GPUs of the kernel driver")
