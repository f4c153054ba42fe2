#pragma once
// A directory that is gone when the test is over, also when some of its parts have mode 000.

#include <string>

namespace gna::test {

class TemporaryTree {
 public:
  TemporaryTree();
  ~TemporaryTree();
  TemporaryTree(const TemporaryTree&) = delete;
  TemporaryTree& operator=(const TemporaryTree&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  /// Makes a directory below; returns its path.
  std::string makeDirectory(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace gna::test
