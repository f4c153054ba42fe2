// Which index is whose, and which must not be looked up, in every way the sources can agree or not.

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "sampler/enumeration.h"
#include "sampler/missing_gpus.h"

using namespace gna;
using proc::PciAddress;

namespace {

/// GPU `n` of a node: its address and UUID follow from the number.
std::string addressText(int n) { return "0000:" + std::to_string(10 + n) + ":00.0"; }
std::string uuidOf(int n) { return "GPU-" + std::to_string(n); }
PciAddress addressOf(int n) { return proc::parsePciAddress(addressText(n)).value_or(PciAddress{}); }
ExcludedGpu excludedGpu(const char* text) { return parseExcludedGpu(text).value_or(ExcludedGpu{}); }
std::string textOf(const std::optional<PciAddress>& address) { return address ? address->text() : "none"; }

FormerGpu formerGpu(int n, std::optional<std::uint32_t> index, bool withAddress = true) {
  FormerGpu former;
  std::snprintf(former.record.uuid, sizeof former.record.uuid, "%s", uuidOf(n).c_str());
  if (withAddress)
    std::snprintf(former.record.pci_bus_id, sizeof former.record.pci_bus_id, "%s", addressText(n).c_str());
  former.index = index;
  return former;
}

struct Node {
  std::uint32_t count = 0;
  std::optional<std::vector<PciAddress>> listed;
  FormerGpus former;
  std::map<std::string, proc::DriverGpuInformation> information;  // by address
  bool inOrder = true;
  int asked = 0;        // information files that were read
  std::string askedOf;  // at these addresses

  void list(std::initializer_list<int> numbers) {
    listed.emplace();
    for (const int n : numbers) listed->push_back(addressOf(n));
  }

  /// GPUs 0 … n-1 as a predecessor had them at these indexes.
  void knew(int n, bool withAddress = true) {
    for (int i = 0; i < n; ++i) former.gpus.push_back(formerGpu(i, static_cast<std::uint32_t>(i), withAddress));
    former.count = static_cast<std::uint64_t>(n);
  }

  /// One letter per index: `.` looked up, `x` left out, `?` left out in doubt.
  std::string leftOut(std::initializer_list<const char*> items) {
    std::vector<ExcludedGpu> excluded;
    for (const char* item : items) excluded.push_back(excludedGpu(item));
    return letters(enumerateGpus(sources(), excluded));
  }

  EnumerationSources sources() {
    const auto ask = [this](const PciAddress& address) -> std::optional<proc::DriverGpuInformation> {
      ++asked;
      askedOf += address.text() + ' ';
      const auto found = information.find(address.text());
      return found == information.end() ? std::nullopt : std::optional(found->second);
    };
    return {count, listed, former, ask, inOrder};
  }

  static std::string letters(const std::vector<GpuPosition>& positions) {
    std::string text;
    for (const GpuPosition& p : positions) text += !p.named ? '.' : p.inDoubt ? '?' : 'x';
    return text;
  }
};

shm::DriverRecord driverOf(std::uint64_t gpuCount, bool orderIsNone = false) {
  shm::DriverRecord driver;
  driver.gpu_count = gpuCount;
  driver.order_is_none = orderIsNone;
  return driver;
}

/// The records of a sampler, as it publishes them.
class Records {
 public:
  Records() { segment_.initialize(); }
  void publish(std::uint32_t index, int n, shm::GpuState state, bool byOrder = false) {
    shm::GpuFixed record = formerGpu(n, index).record;
    record.state = state;
    record.placed_by_order = byOrder;
    segment_.gpu(index).publish(&record, sizeof record);
  }
  const shm::Segment& segment() const { return segment_; }

 private:
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(shm::kSegmentWords);
  shm::Segment segment_{words_.data()};
};

}  // namespace

TEST("a GPU is named by index, UUID, address, or UUID and address") {
  CHECK_EQ(excludedGpu("7").index.value_or(99), 7u);
  CHECK_EQ(excludedGpu("GPU-a").uuid, "GPU-a");
  CHECK_EQ(textOf(excludedGpu("00000000:C1:00.0").address), "0000:c1:00.0");
  const ExcludedGpu both = excludedGpu("GPU-a@0000:c1:00.0");
  CHECK_EQ(both.uuid, "GPU-a");
  CHECK_EQ(textOf(both.address), "0000:c1:00.0");
  for (const char* text : {"", "first", "-1", "1024", "GPU-", "GPU-a@", "GPU-a@3", "@0000:c1:00.0", "0000:c1:00"})
    CHECK(!parseExcludedGpu(text).has_value());
}

TEST("an address is left out where it stands today") {
  Node node;
  node.count = 4;
  node.list({0, 1, 2, 3});
  CHECK_EQ(node.leftOut({"0000:12:00.0"}), "..x.");
  node.list({0, 2, 3, 4});
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), ".x..");
  CHECK_EQ(node.asked, 0);
}

TEST("a GPU that the driver does not have any more leaves out no other") {
  Node node;
  node.knew(4);
  node.count = 3;
  node.list({0, 1, 3});
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "...");
  CHECK_EQ(node.leftOut({"0000:12:00.0"}), "...");
  CHECK_EQ(node.leftOut({"GPU-2"}), "...");
  // Everybody who is there is known by name: no file of the driver was read for it.
  CHECK_EQ(node.asked, 0);
}

TEST("indexes carry over to the GPUs that stand at the same addresses") {
  Node node;
  node.knew(4);
  node.count = 3;
  node.list({0, 1, 3});
  const auto positions = enumerateGpus(node.sources(), {});
  CHECK_EQ(std::string(positions[2].former->record.uuid), "GPU-3");
  CHECK_EQ(textOf(positions[2].address), addressText(3));
}

TEST("a GPU that came to another address is found by the UUID the driver lists there") {
  Node node;
  node.knew(3);
  node.count = 3;
  node.list({0, 1, 5});
  node.information[addressText(5)] = {"GPU-2", false};
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "..x");
  // A stranger there, named or not, is no reason to leave it out.
  node.information[addressText(5)] = {"GPU-9", false};
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "...");
  node.information[addressText(5)] = {"", false};
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "...");
}

TEST("a UUID nobody has seen is looked for in what the driver lists, and in doubt among the nameless") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2});
  node.information[addressText(0)] = {"GPU-0", false};
  node.information[addressText(1)] = {"GPU-1", false};
  node.information[addressText(2)] = {"", false};
  CHECK_EQ(node.leftOut({"GPU-1"}), ".x.");
  CHECK_EQ(node.leftOut({"GPU-2"}), "..?");
}

TEST("a list longer than the count goes by what the predecessor found, at an equal count") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2, 3, 4});
  for (const int n : {1, 2, 4}) node.former.gpus.push_back(formerGpu(n, static_cast<std::uint32_t>(n / 2)));
  node.former.count = 3;
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), ".x.");
  CHECK_EQ(node.asked, 0);
}

TEST("without an equal count nothing is guessed: what may be the GPU is left out in doubt") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2, 3, 4});
  // Two of the five are not counted, so the third can stand at 0, 1 or 2, the first only at 0.
  CHECK_EQ(node.leftOut({"0000:12:00.0"}), "???");
  CHECK_EQ(node.leftOut({"0000:10:00.0"}), "?..");
  CHECK_EQ(node.leftOut({"0000:14:00.0"}), "..?");
  CHECK_EQ(node.leftOut({"0000:19:00.0"}), "...");
}

TEST("GPUs that a module option excludes are listed and not counted") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2, 3});
  for (int n = 0; n < 4; ++n) node.information[addressText(n)] = {uuidOf(n), n == 1};
  CHECK_EQ(node.leftOut({"0000:12:00.0"}), ".x.");
}

TEST("without any list the predecessor's indexes hold at an equal count, else everything is in doubt") {
  Node node;
  node.count = 3;
  node.knew(3, false);
  CHECK_EQ(node.leftOut({"GPU-1"}), ".x.");
  node.count = 2;
  CHECK_EQ(node.leftOut({"GPU-1"}), "??");
}

TEST("a predecessor's index does not hold when one of its GPUs is not listed any more") {
  Node node;
  node.knew(3);
  node.count = 3;
  node.list({0, 1, 3, 4});
  CHECK_EQ(node.leftOut({"GPU-1@0000:11:00.0"}), "??.");
}

TEST("an index alone means the GPU there, as long as the count is that of the time it was given") {
  Node node;
  node.count = 3;
  CHECK_EQ(node.leftOut({"1"}), ".x.");
  CHECK_EQ(node.leftOut({"5"}), "...");
  // Of GPUs that were all attached before, none is the one that only its index is known of.
  node.knew(3);
  CHECK_EQ(node.leftOut({"1"}), ".x.");
  node.former.gpus.erase(node.former.gpus.begin() + 1);
  node.list({0, 1, 2, 3});
  node.count = 4;
  CHECK_EQ(node.leftOut({"1"}), ".?.?");
}

TEST("what was seen about the very GPUs of the list goes before the order of their addresses") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2});
  for (const int n : {2, 0, 1}) node.former.gpus.push_back(formerGpu(n, static_cast<std::uint32_t>((n + 1) % 3)));
  node.former.count = 3;
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "x..");
  CHECK_EQ(node.leftOut({"0000:10:00.0"}), ".x.");
  // Of other GPUs it says nothing.
  node.list({0, 1, 3});
  CHECK_EQ(node.leftOut({"0000:11:00.0"}), ".x.");
}

TEST("where the order was seen not to hold, a list of the same length places nobody") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2});
  node.inOrder = false;
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "???");
  // Neither does it say at which indexes somebody cannot be.
  node.list({0, 1, 2, 3});
  CHECK_EQ(node.leftOut({"0000:10:00.0"}), "???");
  CHECK_EQ(node.asked, 0);
  node.knew(3);
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), "..x");
}

TEST("after a GPU was found at another's index, what was only thought of the others is forgotten") {
  // 1 was expected at 0 and left out there; it was looked up at 1.
  Records records;
  records.publish(0, 1, shm::GpuState::excluded);
  records.publish(1, 1, shm::GpuState::attaching);
  records.publish(2, 2, shm::GpuState::excluded);
  FormerGpus former;
  former.add(records.segment(), driverOf(3), true, true);
  REQUIRE(former.gpus.size() == 2);
  CHECK_EQ(std::string(former.gpus[0].record.uuid), "GPU-1");
  CHECK_EQ(former.gpus[0].index.value_or(99), 1u);
  CHECK(!former.gpus[1].index.has_value());

  Node node;
  node.count = 3;
  node.list({0, 1, 2});
  node.inOrder = false;
  node.former = former;
  CHECK_EQ(node.leftOut({"GPU-1@0000:11:00.0", "GPU-2@0000:12:00.0"}), "?x?");
}

TEST("the file of a GPU that is to be left alone is never read") {
  const std::string own = "0000:12:00.0 ";
  Node node;
  node.count = 3;
  node.list({0, 1, 2, 3});
  for (int n = 0; n < 4; ++n) node.information[addressText(n)] = {uuidOf(n), n == 1};
  CHECK_EQ(node.leftOut({"0000:12:00.0"}), ".x.");
  CHECK_EQ(node.leftOut({"GPU-2@0000:12:00.0"}), ".x.");
  CHECK_EQ(node.leftOut({"0000:12:00.0", "GPU-unseen"}), ".x.");
  CHECK(node.askedOf.find(own) == std::string::npos);
  // Named by its UUID alone, and seen there before.
  node.former.gpus.push_back(formerGpu(2, std::nullopt));
  CHECK_EQ(node.leftOut({"GPU-2"}), ".x.");
  CHECK(node.askedOf.find(own) == std::string::npos);
  CHECK(node.askedOf.find("0000:11:00.0 ") != std::string::npos);
}

TEST("while only the index of a GPU that is to be left alone is known, no file is read") {
  Node node;
  node.count = 3;
  node.list({0, 1, 2, 3});
  for (int n = 0; n < 4; ++n) node.information[addressText(n)] = {uuidOf(n), n == 1};
  CHECK_EQ(node.leftOut({"2"}), "..x");
  CHECK_EQ(node.asked, 0);
  // Where its address is known, only that one is not read.
  node.list({0, 1, 2});
  node.information[addressText(1)] = {uuidOf(1), false};
  CHECK_EQ(node.leftOut({"2", "GPU-1"}), ".xx");
  CHECK(node.askedOf.find("0000:12:00.0 ") == std::string::npos);
}

TEST("what is named twice is left out once, and certainty wins") {
  Node node;
  node.count = 2;
  node.list({0, 1});
  node.information[addressText(0)] = {"", false};
  node.information[addressText(1)] = {"GPU-1", false};
  CHECK_EQ(node.leftOut({"GPU-7", "0000:10:00.0"}), "x.");
  CHECK_EQ(node.leftOut({"0000:10:00.0", "GPU-7"}), "x.");
}

TEST_MAIN("enumeration of GPUs")

TEST("what followed from an order that does not hold is no knowledge of anybody") {
  // 1 was expected at 0, where somebody hangs who never said who it is; 1 said that it is at 1.
  Records records;
  records.publish(0, 1, shm::GpuState::attaching, true);
  records.publish(1, 1, shm::GpuState::up);
  FormerGpus believed;
  believed.add(records.segment(), driverOf(2), true);
  CHECK_EQ(believed.gpus.size(), 1u);
  CHECK_EQ(believed.gpus.at(0).index.value_or(99), 0u);
  FormerGpus former;
  former.add(records.segment(), driverOf(2, true), true);
  REQUIRE(former.gpus.size() == 1);
  CHECK_EQ(former.gpus[0].index.value_or(99), 1u);

  // Of the one that hangs only the index is known, and that is enough.
  Node node;
  node.count = 2;
  node.list({0, 1});
  node.inOrder = false;
  node.former = former;
  CHECK_EQ(node.leftOut({"0"}), "x.");
}

TEST("only what follows from the order of the indexes is marked so") {
  Node node;
  node.count = 2;
  node.list({0, 1});
  for (const GpuPosition& position : enumerateGpus(node.sources(), {})) CHECK(position.byOrder);
  node.knew(2);
  for (const GpuPosition& position : enumerateGpus(node.sources(), {})) CHECK(!position.byOrder);
}

TEST("lost GPUs that the driver gave up are told from GPUs that were taken away, and from new ones") {
  const auto of = [](std::initializer_list<int> numbers) {
    std::vector<PciAddress> addresses;
    for (const int n : numbers) addresses.push_back(addressOf(n));
    return addresses;
  };
  const auto all = of({0, 1, 2, 3});
  CHECK(onlyLostOnesLeft(all, of({0, 2, 3}), of({1})));
  CHECK(onlyLostOnesLeft(all, of({0, 3}), of({1, 2})));
  CHECK(onlyLostOnesLeft(all, all, of({1})));
  CHECK(!onlyLostOnesLeft(all, of({0, 2, 3}), {}));
  CHECK(!onlyLostOnesLeft(all, of({0, 3}), of({1})));
  CHECK(!onlyLostOnesLeft(all, of({0, 2, 3, 4}), of({1})));
  CHECK(!onlyLostOnesLeft(all, of({0, 1, 2, 3, 4}), of({1})));
}
