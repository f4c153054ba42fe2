#include "sampler/capture/output_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gna::capture {

namespace {

bool fail(std::string& error, const std::string& what) {
  error = what + ": " + std::strerror(errno);
  return false;
}

}  // namespace

OutputFile::~OutputFile() {
  if (descriptor_ > STDERR_FILENO) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

bool OutputFile::open(std::string& error) {
  if (path_ == "-") {
    descriptor_ = STDOUT_FILENO;
    return true;
  }
  if (access(path_.c_str(), F_OK) == 0) {
    error = path_ + " is there already; name a new file, or remove it";
    return false;
  }
  std::string name = path_ + ".XXXXXX";  // mkostemp makes it readable to its owner alone
  descriptor_ = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) return fail(error, path_);
  temporary_ = std::move(name);
  return true;
}

bool OutputFile::write(std::string_view text, std::string& error) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(error, path_);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool OutputFile::finish(std::string& error) {
  if (path_ == "-") return true;
  if (fsync(descriptor_) != 0) return fail(error, path_);
  // A link and not a renaming: that would replace a file somebody made meanwhile.
  if (link(temporary_.c_str(), path_.c_str()) != 0) return fail(error, path_);
  unlink(std::exchange(temporary_, {}).c_str());
  return true;
}

}  // namespace gna::capture
