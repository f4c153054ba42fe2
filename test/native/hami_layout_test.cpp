#include <array>
#include <cstring>

#include "check.h"
#include "core/hami/container_name.h"
#include "core/hami/layout.h"
#include "core/hami/uuid_text.h"
#include "hami_generator.h"

using namespace gna::hami;
using gna::test::generatedUuid;
using gna::test::kGenerations;
using gna::test::nameOf;
using gna::test::offsetsOf;

namespace {

Recognition recognizeWords(std::uint64_t size, std::uint32_t magic, std::uint32_t major, std::uint32_t minor) {
  const std::array<std::uint32_t, 3> words = {magic, major, minor};
  std::array<std::byte, kRecognitionBytes> bytes;
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return recognize(size, bytes.data());
}

}  // namespace

TEST("file sizes are those of the releases") {
  const std::array<std::uint64_t, 5> expected = {804681, 1197897, 2008953, 2008985, 2008953};
  REQUIRE(layouts().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK_EQ(layouts()[i].fileBytes, expected[i]);
}

TEST("offset tables agree with a walk through the C declarations") {
  REQUIRE(layouts().size() == kGenerations.size());
  for (std::size_t i = 0; i < kGenerations.size(); ++i) {
    const Layout& l = layouts()[i];
    const auto walked = offsetsOf(kGenerations[i]);
    CHECK_EQ(l.name, nameOf(kGenerations[i]));
    CHECK_EQ(l.fileBytes, walked.fileBytes);
    CHECK_EQ(l.deviceNumAt, walked.deviceNum);
    CHECK_EQ(l.uuidsAt, walked.uuids);
    CHECK_EQ(l.limitAt, walked.limit);
    CHECK_EQ(l.procsAt, walked.procs);
    CHECK_EQ(l.slotBytes, walked.slotBytes);
    CHECK_EQ(l.procNumAt, walked.procNum);
    CHECK_EQ(l.slotSeqlockAt.has_value(), walked.seqlockInSlot.has_value());
    if (l.slotSeqlockAt && walked.seqlockInSlot) CHECK_EQ(*l.slotSeqlockAt, *walked.seqlockInSlot);
  }
}

TEST("size tells 1.1 from shifted 1.1, version tells 1.1 from 1.2") {
  CHECK(recognizeWords(2008953, kRegionMagic, 1, 1).layout->id == LayoutId::v1_1);
  CHECK(recognizeWords(2008985, kRegionMagic, 1, 1).layout->id == LayoutId::v1_1Shifted);
  CHECK(recognizeWords(2008953, kRegionMagic, 1, 2).layout->id == LayoutId::v1_2);
  CHECK(!recognizeWords(2008953, kRegionMagic, 1, 2).assumed);
}

TEST("layouts before 1.0 are told by size alone") {
  CHECK(recognizeWords(804681, kRegionMagic, 0, 0).layout->id == LayoutId::preV0);
  CHECK(recognizeWords(1197897, kRegionMagic, 0, 123).layout->id == LayoutId::v0);
}

TEST("a 1.x file cut to the size of an older layout is not taken for one") {
  CHECK_EQ(recognizeWords(1197897, kRegionMagic, 1, 1).refusal, Refusal::sizeUnknown);
  CHECK_EQ(recognizeWords(1197897, kRegionMagic, 1, 2).refusal, Refusal::sizeUnknown);
  CHECK_EQ(recognizeWords(804681, kRegionMagic, 1, 2).refusal, Refusal::sizeUnknown);
}

TEST("an unknown 1.x is assumed to be 1.2, another major is refused") {
  const Recognition next = recognizeWords(2010000, kRegionMagic, 1, 3);
  REQUIRE(next.layout != nullptr);
  CHECK(next.assumed);
  CHECK(next.layout->id == LayoutId::v1_2);
  CHECK(recognizeWords(2008953, kRegionMagic, 1, 9).assumed);
  CHECK_EQ(recognizeWords(2008953, kRegionMagic, 2, 0).refusal, Refusal::versionUnknown);
  CHECK_EQ(recognizeWords(2008953, kRegionMagic, 0, 0).refusal, Refusal::versionUnknown);
}

TEST("sizes one byte off are refused, a missing magic is told from a wrong one") {
  for (const std::uint64_t size : {804680, 804682, 1197896, 1197898, 2008952}) {
    CHECK_EQ(recognizeWords(size, kRegionMagic, 1, 2).refusal, Refusal::sizeUnknown);
  }
  CHECK_EQ(recognizeWords(2008953, 0, 1, 2).refusal, Refusal::notReady);
  CHECK_EQ(recognizeWords(2008953, kRegionMagic + 1, 1, 2).refusal, Refusal::badMagic);
}

/// Empty where the number stands for no refusal.
static std::string_view codeOf(std::uint32_t number) {
  const auto refusal = refusalFromNumber(number);
  return refusal ? refusalCode(*refusal) : std::string_view{};
}

TEST("refusal codes are distinct, lower case and complete") {
  for (std::uint32_t i = 0; i < kRefusalCount; ++i) {
    const auto code = codeOf(i);
    CHECK(!code.empty());
    CHECK(code.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    for (std::uint32_t k = 0; k < i; ++k) CHECK(code != codeOf(k));
  }
  CHECK(!refusalFromNumber(kRefusalCount));
  CHECK_EQ(refusalCode(Refusal::notReadable), "not_readable");
  CHECK_EQ(refusalCode(Refusal::tooManyLinks), "too_many_links");
  CHECK_EQ(refusalCode(Refusal::implausibleCounts), "implausible_counts");
}

TEST("UUID text is GPU- or MIG- and 36 hexadecimal digits and dashes, nothing else") {
  CHECK(isUuidText(generatedUuid(1)));
  CHECK(isUuidText("MIG-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1"));
  CHECK(isUuidText("GPU-0F9B6C1E-3D55-4A8E-8B1F-6C7D8E9FA0B1"));
  CHECK(!isUuidText("gpu-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1"));
  CHECK(!isUuidText("GPU-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b"));
  CHECK(!isUuidText("GPU-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1x"));
  CHECK(!isUuidText("GPU-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0\n1"));
  CHECK(!isUuidText("GPU-0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa\"b1"));
  CHECK(!isUuidText(""));
}

TEST("directory names split at the first underscore") {
  const ContainerName name = splitName("0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1_train_2");
  CHECK(name.kind == NameKind::container);
  CHECK_EQ(name.podUid, "0f9b6c1e-3d55-4a8e-8b1f-6c7d8e9fa0b1");
  CHECK_EQ(name.container, "train_2");
  CHECK(splitName("no-underscore").kind == NameKind::other);
  CHECK(splitName("_container").kind == NameKind::other);
  CHECK(splitName("uid_").kind == NameKind::other);
  CHECK(splitName("uid_a\nb").kind == NameKind::bad);
  CHECK(splitName("uid_\xff\xfe").kind == NameKind::bad);
  CHECK(splitName("uid_" + std::string(63, 'a')).kind == NameKind::container);
  CHECK(splitName("uid_" + std::string(64, 'a')).kind == NameKind::bad);
}

TEST("refused names are shown in printable ASCII and bounded") {
  CHECK_EQ(shownName("uid_a\nb\x7f\\\xc3"), "uid_a\\x0ab\\x7f\\x5c\\xc3");
  const std::string longest = shownName(std::string(255, '\n'));
  CHECK(longest.size() <= kMaxShownNameBytes);
  CHECK(longest.ends_with("..."));
}

TEST_MAIN("hami layout")
