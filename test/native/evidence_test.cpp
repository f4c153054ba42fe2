// What the kernel says about our own threads, and texts that try to confuse the parser.

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string_view>
#include <thread>

#include "check.h"
#include "core/proc/thread_evidence.h"
#include "sampler/doorbell.h"
#include "sampler/json_writer.h"

using namespace gna;

TEST("the state is the letter after the last bracket, whatever the name holds") {
  auto state = [](std::string_view text) { return proc::stateFromStat(text.data(), text.size()); };
  CHECK(state("12 (gpu 3) D 1 1") == 'D');
  CHECK(state("12 (a) S (b) R) Z 1 1") == 'Z');
  CHECK(state("12 (cut") == 0);
  CHECK(state("12 (cut)") == 0);
  CHECK(state("") == 0);
}

TEST("a thread that sleeps in a futex is seen sleeping there") {
  Doorbell bell;
  std::atomic<std::uint32_t> tid{0};
  std::thread sleeper([&] {
    const std::uint32_t seen = bell.rings();
    tid.store(static_cast<std::uint32_t>(gettid()));
    while (bell.rings() == seen) bell.wait(seen, -1);
  });
  proc::ThreadEvidence evidence;
  for (int i = 0; i < 500 && evidence.state != 'S'; ++i) {
    usleep(2000);
    if (tid.load() != 0) evidence = proc::readThreadEvidence(tid.load());
  }
  bell.ring();
  sleeper.join();
  CHECK(evidence.state == 'S');
  // Both need no privilege for an own thread, but a kernel may be built without them: then they are absent.
  CHECK(evidence.syscallNumber == SYS_futex || evidence.syscallNumber == -1);
  CHECK(evidence.wchan[0] == 0 || std::strstr(evidence.wchan, "futex") != nullptr);
}

TEST("a thread that does not exist leaves everything absent") {
  const proc::ThreadEvidence evidence = proc::readThreadEvidence(0x3FFFFFFF);
  CHECK(evidence.state == 0);
  CHECK_EQ(evidence.syscallNumber, -1);
  CHECK(evidence.wchan[0] == 0);
}

TEST("a ring before the wait is not lost") {
  Doorbell bell;
  const std::uint32_t seen = bell.rings();
  bell.ring();
  bell.wait(seen, -1);
  CHECK(bell.rings() != seen);
}

TEST("driver texts cannot break the JSON") {
  JsonWriter json;
  json.beginObject().member("a\"b", "x\n\\\"\xff").member("n", 0.5).member("t", true).key("l").beginArray();
  json.value(1).value(2).endArray().endObject();
  CHECK_EQ(json.text(), "{\"a\\\"b\":\"x\\u000a\\\\\\\"\\u00ff\",\"n\":0.5,\"t\":true,\"l\":[1,2]}");
}

TEST_MAIN("sampler evidence")
