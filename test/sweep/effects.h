#pragma once
// What the loss of one answer may take along. A reading names the function, field or metric it comes from in the tables
// of native/core/readings; what more there is was typed by hand, and is all there is.

#include <string>

#include "disturbance.h"

namespace gna::sweep {

enum class Then : std::uint8_t {
  same,   // nothing happens
  gone,   // absent, and the code says why
  quiet,  // absent, without a reason of its own: a text, a part, what follows from another
  may,    // may be another, or absent: what is asked instead is not the same
};

enum class Instead : std::uint8_t {
  nothing,
  ofOlder,        // an older function is asked where this one, or its version, is not there
  ofUnsupported,  // an older function is asked where this one is not supported either
};

enum class Keeps : std::uint8_t {
  nothing,
  passing,         // what was known outlives a passing error
  butUnsupported,  // what was known outlives all but "not supported" and its kin
  butEmptySlot,    // the same, and 6 is the end of what stood there
  always,
};

struct Effect {
  Then then = Then::same;
  Instead instead = Instead::nothing;
  Keeps keeps = Keeps::nothing;
  nvml::Return none[2] = {};  // codes that mean "there are none": a reading of 0, and nothing in the list

  bool isNone(const Answer& answer) const {
    return !answer.missing && answer.code != 0 && (answer.code == none[0] || answer.code == none[1]);
  }
  bool hasInstead(const Answer& answer) const {
    return instead == Instead::ofOlder ? isOlder(answer) : instead == Instead::ofUnsupported && isUnsupported(answer);
  }
  bool isKept(const Answer& answer) const {
    switch (keeps) {
      case Keeps::nothing: return false;
      case Keeps::passing: return isPassing(answer);
      case Keeps::butUnsupported: return !isUnsupported(answer);
      case Keeps::butEmptySlot: return isPassing(answer) && answer.code != 6;
      case Keeps::always: return true;
    }
    return false;
  }
};

/// What a cause does to a path of a snapshot.
Effect effectOn(const std::string& path, const Cause& cause);

/// Whether anything is known to come from the cause: a call of which nobody said so is no call to make.
bool hasEffect(const Cause& cause);

}  // namespace gna::sweep
