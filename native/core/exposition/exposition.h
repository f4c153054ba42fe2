#pragma once
// A compiled exposition: metric lines whose text is known beforehand and whose values come at each scrape. It knows
// no metric; what stands in the lines is decided by who compiles it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gna::exposition {

/// Prometheus text format 0.0.4, and OpenMetrics 1.0.0, which ends with `# EOF`.
enum class Format : std::uint8_t { text = 0, openMetrics = 1 };

/// Families rendered elsewhere, to be printed before the compiled family with that position (the number of families
/// = after all). The bytes end with a line feed.
struct Insert {
  std::size_t beforeFamily = 0;
  std::string_view bytes;
};

/// Families in the order in which they are printed. Built once per topology, then only rendered.
class Exposition {
 public:
  /// Starts a family. A header is complete lines, each with its line feed. False, and nothing is added, when all
  /// texts together need more than 4 GiB.
  bool addFamily(std::string_view headerText, std::string_view headerOpenMetrics);

  /// Adds a line to the family started last: everything before the value, and the place of the value in what `render`
  /// gets. An empty prefix means that the line does not exist in that format. False, and nothing is added, when no
  /// family was started or all texts together need more than 4 GiB.
  bool addLine(std::string_view text, std::string_view openMetrics, std::uint32_t slot);

  /// Room that `render` needs at most, in bytes.
  std::size_t bytesMax(Format format, std::span<const Insert> inserts) const noexcept;

  /// Prints every line whose value is there into `out` and returns how many bytes it wrote: a NaN, or a slot beyond
  /// `values`, leaves its line out, and a family without a line its header. `inserts` are sorted by position. Nothing
  /// is written and nothing returned when `out` is smaller than `bytesMax`.
  std::optional<std::size_t> render(std::span<const double> values, Format format, std::span<const Insert> inserts,
                                    std::span<char> out) const noexcept;

  std::size_t lineCount() const noexcept { return lines_.size(); }
  std::size_t familyCount() const noexcept { return families_.size(); }
  /// How many values `render` looks at: the highest slot + 1.
  std::size_t slotCount() const noexcept { return slotCount_; }

 private:
  /// A piece of `bytes_`.
  struct Piece {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };
  struct Line {
    Piece prefix[2];  // by Format
    std::uint32_t slot = 0;
  };
  struct Family {
    Piece header[2];  // by Format
    std::size_t lineEnd = 0;
  };

  bool fits(std::size_t more) const noexcept;
  Piece store(std::string_view bytes);
  std::string_view view(Piece piece) const noexcept { return {bytes_.data() + piece.offset, piece.length}; }

  std::string bytes_;  // all headers and prefixes, one behind the other
  std::vector<Line> lines_;
  std::vector<Family> families_;
  std::size_t slotCount_ = 0;
  std::size_t bytesMax_[2] = {};  // by Format, without inserts
};

}  // namespace gna::exposition
