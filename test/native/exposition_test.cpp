// Compiled expositions: what is printed, what is left out, and how numbers look.

#include "core/exposition/exposition.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "core/exposition/number.h"

using namespace gna::exposition;

namespace {

const double kAbsent = std::numeric_limits<double>::quiet_NaN();

std::string number(double value) {
  char text[kNumberBytesMax];
  return {text, writeNumber(text, value)};
}

std::string rendered(const Exposition& exposition, const std::vector<double>& values, Format format,
                     const std::vector<Insert>& inserts = {}) {
  std::vector<char> out(exposition.bytesMax(format, inserts));
  const auto written = exposition.render(values, format, inserts, out);
  return written ? std::string(out.data(), *written) : "(refused)";
}

/// Two families, one line of which only OpenMetrics has.
Exposition twoFamilies() {
  Exposition exposition;
  exposition.addFamily("# TYPE a_total counter\n", "# TYPE a counter\n");
  exposition.addLine("a_total ", "a_total ", 0);
  exposition.addLine("", "a_created ", 1);
  exposition.addFamily("# TYPE b gauge\n", "# TYPE b gauge\n");
  exposition.addLine("b{x=\"1\"} ", "b{x=\"1\"} ", 2);
  exposition.addLine("b{x=\"2\"} ", "b{x=\"2\"} ", 3);
  return exposition;
}

}  // namespace

TEST("whole numbers have no exponent up to 2^53") {
  CHECK_EQ(number(0), "0");
  CHECK_EQ(number(-0.0), "0");
  CHECK_EQ(number(85'899'345'920.0), "85899345920");
  CHECK_EQ(number(1e15), "1000000000000000");
  CHECK_EQ(number(9007199254740992.0), "9007199254740992");
  CHECK_EQ(number(-9007199254740992.0), "-9007199254740992");
}

TEST("fractions are as short as they can be") {
  CHECK_EQ(number(0.1), "0.1");
  CHECK_EQ(number(0.1 + 0.2), "0.30000000000000004");
  CHECK_EQ(number(-1.5), "-1.5");
  CHECK_EQ(number(1e-7), "1e-07");
}

TEST("what is no finite number is spelled as both formats spell it") {
  CHECK_EQ(number(std::numeric_limits<double>::infinity()), "+Inf");
  CHECK_EQ(number(-std::numeric_limits<double>::infinity()), "-Inf");
  CHECK_EQ(number(kAbsent), "NaN");
}

TEST("every number reads back as itself and stays within its room") {
  std::mt19937_64 random(20'260'101);  // NOLINT(cert-msc51-cpp): the same numbers in each run
  std::vector<double> numbers = {std::numeric_limits<double>::max(),
                                 std::numeric_limits<double>::min(),
                                 std::numeric_limits<double>::denorm_min(),
                                 -std::numeric_limits<double>::max(),
                                 -2.2250738585072014e-308,
                                 9007199254740993.0,
                                 1.8446744073709552e19};
  while (numbers.size() < 20'000) {
    const std::uint64_t bits = random();
    double value = 0;
    static_assert(sizeof bits == sizeof value);
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) numbers.push_back(value);
    numbers.push_back(static_cast<double>(bits >> (bits & 63)));
  }
  unsigned wrong = 0;
  for (const double value : numbers) {
    const std::string text = number(value);
    double back = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), back);
    if (error != std::errc{} || end != text.data() + text.size() || back != value || text.size() > kNumberBytesMax)
      ++wrong;
  }
  CHECK_EQ(wrong, 0);
}

TEST("each format has its own header and lines") {
  const Exposition exposition = twoFamilies();
  const std::vector<double> values = {7, 100.5, 1, 2};
  CHECK_EQ(rendered(exposition, values, Format::text),
           "# TYPE a_total counter\na_total 7\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 2\n");
  CHECK_EQ(rendered(exposition, values, Format::openMetrics),
           "# TYPE a counter\na_total 7\na_created 100.5\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 2\n# EOF\n");
}

TEST("an absent value leaves its line out, and a family without lines its header") {
  const Exposition exposition = twoFamilies();
  CHECK_EQ(rendered(exposition, {kAbsent, 100.5, kAbsent, 2}, Format::text), "# TYPE b gauge\nb{x=\"2\"} 2\n");
  CHECK_EQ(rendered(exposition, {kAbsent, kAbsent, kAbsent, kAbsent}, Format::text), "");
  CHECK_EQ(rendered(exposition, {kAbsent, kAbsent, kAbsent, kAbsent}, Format::openMetrics), "# EOF\n");
}

TEST("a slot beyond the values is absent") {
  CHECK_EQ(twoFamilies().slotCount(), 4);
  CHECK_EQ(rendered(twoFamilies(), {7}, Format::text), "# TYPE a_total counter\na_total 7\n");
  CHECK_EQ(rendered(twoFamilies(), {}, Format::text), "");
}

TEST("families rendered elsewhere are put in at their places") {
  const std::vector<Insert> inserts = {{0, "first 1\n"}, {1, "middle 1\n"}, {1, "middle 2\n"}, {2, "last 1\n"}};
  CHECK_EQ(rendered(twoFamilies(), {7, 1, kAbsent, 2}, Format::text, inserts),
           "first 1\n# TYPE a_total counter\na_total 7\nmiddle 1\nmiddle 2\n# TYPE b gauge\nb{x=\"2\"} 2\nlast 1\n");
  CHECK_EQ(rendered(Exposition(), {}, Format::openMetrics, {{9, "only 1\n"}}), "only 1\n# EOF\n");
}

TEST("output that does not fit is refused, not cut off or written beyond the end") {
  const Exposition exposition = twoFamilies();
  const std::vector<double> values = {7, 1, 1, 2};
  std::vector<char> out(exposition.bytesMax(Format::text, {}) - 1, '!');
  CHECK(!exposition.render(values, Format::text, {}, out).has_value());
  CHECK_EQ(std::string(out.begin(), out.end()), std::string(out.size(), '!'));
}

TEST("the longest numbers fit in what bytesMax promises") {
  const double longest = -2.2250738585072014e-308;
  const Exposition exposition = twoFamilies();
  const std::string text = rendered(exposition, {longest, longest, longest, longest}, Format::openMetrics);
  CHECK(text.size() <= exposition.bytesMax(Format::openMetrics, {}));
  CHECK(text.ends_with("b{x=\"2\"} -2.2250738585072014e-308\n# EOF\n"));
}

TEST("a line without a family is refused") {
  Exposition exposition;
  CHECK(!exposition.addLine("a ", "a ", 0));
  CHECK_EQ(exposition.lineCount(), 0);
}

TEST_MAIN("exposition")
