#pragma once
// One cause with one answer, tried on one GPU: from the first call on, and after a good time.

#include <set>
#include <string>
#include <vector>

#include "subject.h"

namespace gna::sweep {

/// What an undisturbed driver shows at the moments at which a disturbed one is looked at.
struct Undisturbed {
  Undisturbed(const Place& place, const std::vector<Cause>& without);

  Snapshot soon, healed, hourLater, laterCourse;
  std::vector<Cause> reached;
  std::set<Cause> askedLater;  // in the course after a good time, which goes beyond the hour
};

/// What is not as it should be; empty = all well.
using Problems = std::vector<std::string>;

class Trial {
 public:
  Trial(const Place& place, const std::vector<Cause>& without, const Undisturbed& expected, const Cause& cause,
        const Answer& answer)
      : place_(place), without_(without), expected_(expected), cause_(cause), answer_(answer) {}

  Problems run();

 private:
  void fromTheStart();
  void staysUntilTheHour(Subject& subject, std::uint64_t askedBefore);
  void afterAGoodTime();
  void whileTheDriverIsDown();
  void checkLost(const Subject& subject, bool expectUuid);
  void checkStatistics(const Subject& subject);
  void compare(const Snapshot& before, const Snapshot& after, bool wasKnown);
  void compareHealed(const Snapshot& before, const Snapshot& after);
  bool looksUp() const;
  void problem(const std::string& text) { problems_.push_back(when_ + text); }

  const Place& place_;
  const std::vector<Cause>& without_;
  const Undisturbed& expected_;
  const Cause cause_;
  const Answer answer_;
  std::string when_;
  Problems problems_;
};

}  // namespace gna::sweep
