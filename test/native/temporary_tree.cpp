#include "temporary_tree.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace gna::test {

TemporaryTree::TemporaryTree() {
  std::string pattern = (std::filesystem::temp_directory_path() / "gna-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary directory");
  path_ = pattern;
}

TemporaryTree::~TemporaryTree() {
  std::error_code ignored;
  for (auto it = std::filesystem::recursive_directory_iterator(path_, ignored); it != end(it); it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) chmod(it->path().c_str(), 0700);
  }
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryTree::makeDirectory(const std::string& name) const {
  std::string path = *this / name;
  std::filesystem::create_directories(path);
  return path;
}

}  // namespace gna::test
