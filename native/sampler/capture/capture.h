#pragma once
// `gpu-node-sampler --capture`: records what the driver and the host's files answer (docs/captures.md).

#include <string>

#include "sampler/engine.h"
#include "sampler/options.h"

namespace gna::capture {

/// Records to `options.captureFile` (`-` = standard output) and returns how it ended: `left` when everything was
/// asked, `noDriver` when no driver answered, `deadline` when a call did not come back; what there was is recorded all
/// the same. `usage` with a `message` when the file could not be written. Threads that hang stay behind: end the
/// process with _exit.
EngineEnd run(const EngineOptions& options, std::string& message);

}  // namespace gna::capture
