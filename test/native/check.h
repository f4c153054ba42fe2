#pragma once
// Native tests: each TEST is one TAP point, a program is one file. The plan is printed first, so a crash half-way is
// seen as missing points. Use:   TEST("a name that states behaviour") { CHECK_EQ(a, b); }   TEST_MAIN("subject")
// A failed CHECK is printed and the test goes on; REQUIRE ends it. SKIP("reason") ends it as skipped.

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gna::test {

struct Case {
  const char* name;
  void (*body)();
};

struct Run {
  std::vector<Case> cases;
  unsigned failedChecks = 0;  // of the running test
};

inline Run& run() {
  static Run r;
  return r;
}

struct Registration {
  Registration(const char* name, void (*body)()) { run().cases.push_back({name, body}); }
};

// Thrown by SKIP and REQUIRE to leave a test.
struct Skipped : std::string {};
struct Abandoned {};

template <typename T>
std::string shown(const T& value) {
  std::ostringstream out;
  out << std::boolalpha;
  if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>) {
    out << "absent";
  } else if constexpr (requires {
                         value.has_value();
                         *value;
                       }) {
    return value ? shown(*value) : "absent";
  } else if constexpr (std::is_enum_v<T>) {
    out << static_cast<long long>(value);
  } else if constexpr (requires { out << value; }) {
    out << value;
  } else {
    out << "(a value)";
  }
  return out.str();
}

inline bool report(bool passed, const char* file, int line, const std::string& text) {
  if (passed) return true;
  ++run().failedChecks;
  std::printf("# %s:%d: %s\n", file, line, text.c_str());
  return false;
}

template <typename A, typename B>
bool reportEqual(const A& actual, const B& expected, const char* file, int line, const char* text) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && !std::is_same_v<A, bool> &&
                !std::is_same_v<B, bool>) {
    if (std::cmp_equal(actual, expected)) return true;
  } else if constexpr (
      requires { actual.value_or(expected); } && !requires { expected.has_value(); } &&
      !std::is_same_v<B, std::nullopt_t>) {
    // An optional against a value: absent is a difference, not something to look into.
    if (actual.has_value()) return reportEqual(*actual, expected, file, line, text);
  } else {
    if (actual == expected) return true;
  }
  return report(false, file, line, std::string(text) + ": expected " + shown(expected) + ", found " + shown(actual));
}

inline int runAll(const char* subject) {
  unsigned number = 0, failed = 0;
  std::printf("1..%zu\n", run().cases.size());
  for (const Case& c : run().cases) {
    run().failedChecks = 0;
    std::string skip;
    try {
      c.body();
    } catch (const Skipped& s) {
      skip = " # SKIP " + s;
    } catch (const Abandoned&) {
    } catch (const std::exception& e) {
      report(false, subject, 0, std::string("exception: ") + e.what());
    }
    const bool ok = run().failedChecks == 0;
    failed += ok ? 0 : 1;
    std::printf("%sok %u - %s: %s%s\n", ok ? "" : "not ", ++number, subject, c.name, ok ? skip.c_str() : "");
    std::fflush(stdout);
  }
  if (number == 0) std::printf("Bail out! %s has no tests\n", subject);
  return failed == 0 && number != 0 ? 0 : 1;
}

}  // namespace gna::test

#define GNA_JOIN2(a, b) a##b
#define GNA_JOIN(a, b) GNA_JOIN2(a, b)
#define TEST(name)                                                                                       \
  static void GNA_JOIN(test_, __LINE__)();                                                               \
  static const gna::test::Registration GNA_JOIN(registered_, __LINE__)(name, GNA_JOIN(test_, __LINE__)); \
  static void GNA_JOIN(test_, __LINE__)()
#define CHECK(condition) gna::test::report(static_cast<bool>(condition), __FILE__, __LINE__, #condition)
#define CHECK_EQ(actual, expected) gna::test::reportEqual(actual, expected, __FILE__, __LINE__, #actual)
#define REQUIRE(condition)                            \
  if (!CHECK(condition)) throw gna::test::Abandoned { \
    }
#define SKIP(why) \
  throw gna::test::Skipped { std::string(why) }
#define TEST_MAIN(subject) \
  int main() { return gna::test::runAll(subject); }
