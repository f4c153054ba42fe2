#include "trial.h"

#include <algorithm>
#include <map>

#include "effects.h"

namespace gna::sweep {

namespace {

using nvml::Call;

// Seconds at which a GPU is read. Minute and medium rounds come by in each stretch, and a second sample of activity.
// An error that passed at second 140 is asked about again by second 230 (5, 10, 20, 40, 80 s after one another).
constexpr std::initializer_list<double> kFirst = {0, 1, 12};
constexpr std::initializer_list<double> kSoon = {75, 140};
constexpr std::initializer_list<double> kAsleep = {141};
constexpr std::initializer_list<double> kHealed = {230, 231, 242};
constexpr std::initializer_list<double> kHourLater = {3700, 3701, 3712};
constexpr std::initializer_list<double> kLaterCourse = {13, 25, 75, 140, 3700, 3701, 3712};

std::string shown(const Item* item) {
  if (!item) return "nothing";
  if (!item->isPresent()) return "absent (" + std::to_string(item->status) + ")";
  return item->text.empty() ? std::to_string(item->value) : "\"" + item->text + "\"";
}

bool isPresent(const Item* item) { return item && item->isPresent(); }
bool isSame(const Item* a, const Item* b) { return a && b ? *a == *b : isPresent(a) == isPresent(b); }

/// Calls `visit(path, before, after)` for every path of either.
template <typename Visit>
void forBoth(const Snapshot& before, const Snapshot& after, Visit visit) {
  auto b = before.begin();
  auto a = after.begin();
  while (b != before.end() || a != after.end()) {
    const bool onlyBefore = a == after.end() || (b != before.end() && b->first < a->first);
    const bool onlyAfter = b == before.end() || (a != after.end() && a->first < b->first);
    visit(onlyAfter ? a->first : b->first, onlyAfter ? nullptr : &b->second, onlyBefore ? nullptr : &a->second);
    if (!onlyAfter) ++b;
    if (!onlyBefore) ++a;
  }
}

}  // namespace

Undisturbed::Undisturbed(const Place& place, const std::vector<Cause>& without) {
  Subject subject(place, without);
  subject.readAt(kFirst);
  subject.readAt(kSoon);
  soon = subject.snapshot();
  subject.readAt(kAsleep);
  subject.readAt(kHealed);
  healed = subject.snapshot();
  subject.readAt(kHourLater);
  hourLater = subject.snapshot();
  subject.leave();
  reached = subject.reached();
  Subject other(place, without);
  other.readAt(kFirst);
  std::map<Cause, std::uint64_t> before;
  for (const Cause& cause : other.reached()) before[cause] = other.asked(cause);
  other.readAt(kLaterCourse);
  for (const Cause& cause : other.reached())
    if (other.asked(cause) > before[cause]) askedLater.insert(cause);
  laterCourse = other.snapshot();
}

Problems Trial::run() {
  fromTheStart();
  afterAGoodTime();
  if (cause_.entry == 0 && asksDriver(answer_)) whileTheDriverIsDown();
  return std::move(problems_);
}

bool Trial::looksUp() const {
  return cause_.call == Call::DeviceGetHandleByIndex_v2 || cause_.call == Call::DeviceGetHandleByIndex;
}

void Trial::fromTheStart() {
  when_ = "from the start: ";
  Subject subject(place_, without_);
  subject.disturb(cause_, answer_);
  subject.readAt(kFirst);
  const std::uint64_t askedFirst = subject.asked(cause_);
  if (cause_.entry == 0) checkStatistics(subject);
  const bool olderHandle = cause_.call == Call::DeviceGetHandleByIndex_v2 && isOlder(answer_);
  if ((cause_.entry == 0 && takesGpu(answer_) && askedFirst > 0) || (looksUp() && !olderHandle)) {
    checkLost(subject, false);
    subject.heal(cause_);
    subject.readAt(kHealed);
    compareHealed(expected_.healed, subject.snapshot());
    return;
  }
  subject.readAt(kSoon);
  if (!subject.isReadable()) return problem("the GPU is not readable any more");
  compare(expected_.soon, subject.snapshot(), false);
  staysUntilTheHour(subject, askedFirst);
}

/// What is not supported is not asked again before the next identity round, what may pass is; both are there again.
void Trial::staysUntilTheHour(Subject& subject, std::uint64_t askedBefore) {
  const std::uint64_t asked = subject.asked(cause_);
  if (isPassing(answer_) && asked == askedBefore && askedBefore > 0)
    problem("a passing error was not asked about again");
  subject.heal(cause_);
  subject.readAt(kAsleep);
  subject.readAt(kHealed);
  if (isPassing(answer_)) return compareHealed(expected_.healed, subject.snapshot());
  if (isUnsupported(answer_) && !answer_.missing && subject.asked(cause_) != askedBefore)
    problem("asked " + std::to_string(subject.asked(cause_) - askedBefore) + " times more before the hour was over");
  subject.readAt(kHourLater);
  if (isUnsupported(answer_) && expected_.askedLater.contains(cause_) && !answer_.missing &&
      subject.asked(cause_) == askedBefore)
    problem("was not asked again after the hour");
  compareHealed(expected_.hourLater, subject.snapshot());
}

void Trial::afterAGoodTime() {
  when_ = "after a good time: ";
  Subject subject(place_, without_);
  subject.readAt(kFirst);
  const std::uint64_t askedBefore = subject.asked(cause_);
  const Snapshot known = subject.snapshot();
  subject.disturb(cause_, answer_);
  subject.readAt(kLaterCourse);
  const bool asked = answer_.missing ? expected_.askedLater.contains(cause_) : subject.asked(cause_) > askedBefore;
  if (asked && cause_.entry == 0 && takesGpu(answer_)) return checkLost(subject, known.contains("text/uuid"));
  if (!subject.isReadable()) return problem("the GPU is not readable any more");
  // Nobody asked: nothing may be different.
  if (!asked || looksUp()) return compareHealed(expected_.laterCourse, subject.snapshot());
  compare(expected_.laterCourse, subject.snapshot(), true);
}

/// The same answer of the count: then it is the driver's.
void Trial::whileTheDriverIsDown() {
  when_ = "while the driver is down: ";
  Subject subject(place_, without_);
  for (const Cause& cause : {cause_, Cause{Call::DeviceGetCount_v2}, Cause{Call::DeviceGetCount}})
    subject.disturb(cause, answer_);
  subject.readAt(kFirst);
  if (subject.asked(cause_) == 0) return;
  if (subject.isReadable()) problem("the GPU is still read");
  if (subject.reader().driverCode() != answer_.code)
    problem("no new init is asked for, but " + std::to_string(subject.reader().driverCode()));
}

void Trial::checkLost(const Subject& subject, bool expectUuid) {
  if (subject.isReadable()) return problem("the GPU is still read");
  const shm::GpuFixed& record = subject.reader().record();
  const auto state = !answer_.missing && answer_.code == 15 ? shm::GpuState::lost : shm::GpuState::failed;
  if (record.state != state) problem("the GPU's state is " + std::to_string(static_cast<int>(record.state)));
  const nvml::Return code = answer_.missing ? 13 : answer_.code;
  if (record.state_code != code) problem("the state's code is " + std::to_string(record.state_code));
  for (const auto& [path, item] : subject.snapshot())
    if (item.isPresent() && !path.starts_with("text/")) problem(path + " is still " + shown(&item));
  // It has to be known which GPU it is that was lost.
  if (expectUuid && record.uuid[0] == 0) problem("the GPU's UUID is forgotten");
}

void Trial::checkStatistics(const Subject& subject) {
  const Call call = cause_.call;
  const std::uint64_t all = subject.asked(cause_);
  if (answer_.missing && all > 0) problem("a function that is not there was counted");
  if (!answer_.missing && subject.counted(call, slotFor(answer_)) != all)
    problem("call statistics do not show the code");
}

void Trial::compare(const Snapshot& before, const Snapshot& after, bool wasKnown) {
  forBoth(before, after, [&](const std::string& path, const Item* b, const Item* a) {
    const Effect effect = effectOn(path, cause_);
    const auto wrong = [&](const char* what) { problem(path + " " + what + ": " + shown(b) + ", then " + shown(a)); };
    if (effect.then == Then::may) return;
    if (effect.then == Then::same) {
      if (!isSame(b, a)) wrong("is another");
      return;
    }
    if (!isPresent(b)) {
      if (isPresent(a) && !effect.isNone(answer_)) wrong("has come");
    } else if (effect.hasInstead(answer_) || effect.isNone(answer_)) {
      if (!isPresent(a)) wrong("is absent although something else says it");
    } else if (wasKnown && effect.isKept(answer_)) {
      if (!isSame(b, a)) wrong("was not kept");
    } else if (isPresent(a)) {
      wrong("is still there");
    } else if (effect.then == Then::gone && a && a->status != statusFor(answer_)) {
      wrong("is absent for another reason");
    }
  });
}

void Trial::compareHealed(const Snapshot& before, const Snapshot& after) {
  when_ += "healed: ";
  forBoth(before, after, [&](const std::string& path, const Item* b, const Item* a) {
    // Totals that we integrate have no part of the time in which nobody could look; a division that was told
    // otherwise for a while was another one.
    const bool isTotal =
        path == "busy_seconds_total" || path == "observed_seconds_total" || path == "mig_reconfigurations_total";
    if (isTotal ? isPresent(a) != isPresent(b) : !isSame(b, a))
      problem(path + " is not as it was: " + shown(b) + ", then " + shown(a));
  });
}

}  // namespace gna::sweep
