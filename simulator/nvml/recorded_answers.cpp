#include "recorded_answers.h"

#include <algorithm>
#include <tuple>

namespace simulator {
namespace {

constexpr std::size_t kMostArguments = 4;
constexpr std::size_t kMostFilled = 4;
constexpr std::uint64_t kMostNumbers = 7;

std::string keyOf(std::string_view function, RecordedAnswers::Subject subject,
                  const std::vector<std::uint32_t>& arguments) {
  std::string key(function);
  for (const std::int32_t part : {subject.gpu, subject.mig, subject.gpuInstance}) key += '/' + std::to_string(part);
  for (const std::uint32_t argument : arguments) key += ',' + std::to_string(argument);
  return key;
}

template <class Map, class Key>
auto* find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

void RecordedAnswers::add(const Entry& entry) {
  if (entry.kind == EntryKind::RecordedAnswer) {
    addAnswer(entry);
  } else {
    addNumbers(entry);
  }
}

void RecordedAnswers::addAnswer(const Entry& entry) {
  const auto* numbers = entry.numbers;
  const Subject subject{entry.gpu, static_cast<std::int32_t>(numbers[0]) - 1,
                        static_cast<std::int32_t>(numbers[1]) - 1};
  std::vector<std::uint32_t> arguments;
  for (std::size_t i = 0; i < std::min<std::size_t>(numbers[3], kMostArguments); ++i) {
    arguments.push_back(static_cast<std::uint32_t>(numbers[4 + i]));
  }
  RecordedAnswer answer{static_cast<Return>(numbers[2]), {}};
  std::size_t offset = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(numbers[8], kMostFilled); ++i) {
    const std::size_t bytes = std::min<std::size_t>(numbers[9 + i], sizeof entry.text - offset);
    answer.filled.emplace_back(entry.text + offset, bytes);
    offset += bytes;
  }
  answers_[keyOf(entry.name, subject, arguments)] = std::move(answer);
}

void RecordedAnswers::addNumbers(const Entry& entry) {
  const auto gpu = static_cast<std::uint32_t>(entry.gpu);
  for (std::uint64_t i = 0; i < std::min(entry.numbers[1], kMostNumbers); ++i) {
    const std::uint64_t* number = entry.numbers + 2 + 3 * i;
    const auto id = static_cast<std::uint32_t>(number[0]);
    const RecordedNumber recorded{static_cast<Return>(number[1] & 0xFFFFFFFFU),
                                  static_cast<ValueType>(number[1] >> 32U), number[2]};
    if (entry.kind == EntryKind::RecordedFields) {
      fields_[{gpu, id, static_cast<std::uint32_t>(entry.numbers[0])}] = recorded;
    } else {
      metrics_[{gpu, static_cast<std::int32_t>(entry.numbers[0]) - 1, id}] = recorded;
    }
  }
}

const RecordedAnswer* RecordedAnswers::answer(std::string_view function, Subject subject,
                                              const std::vector<std::uint32_t>& arguments) const {
  return find(answers_, keyOf(function, subject, arguments));
}

const RecordedNumber* RecordedAnswers::field(std::uint32_t gpu, std::uint32_t id, std::uint32_t scope) const {
  return find(fields_, std::tuple(gpu, id, scope));
}

const RecordedNumber* RecordedAnswers::metric(std::uint32_t gpu, std::int32_t gpuInstance, std::uint32_t id) const {
  return find(metrics_, std::tuple(gpu, gpuInstance, id));
}

}  // namespace simulator
