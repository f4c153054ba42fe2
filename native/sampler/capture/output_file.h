#pragma once
// The file a capture is written to: it appears under its name when it is whole, and never replaces another.

#include <string>
#include <string_view>

namespace gna::capture {

class OutputFile {
 public:
  /// `-` is the standard output.
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Opens a new file beside `path`, for its owner alone. False, and why, when there is one of that name already or
  /// none can be made.
  bool open(std::string& error);
  bool write(std::string_view text, std::string& error);
  /// Gives the file its name, after its content has reached the disk.
  bool finish(std::string& error);

 private:
  const std::string path_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace gna::capture
