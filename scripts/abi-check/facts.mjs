/**
 * The numbers of one header, asked of the compiler: a program is generated that includes the header and prints one
 * `key=value` line for each size, offset, kind and constant.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from '../child.mjs';
import { inRoot } from '../layout.mjs';

/**
 * @typedef {object} Question
 * @property {string} key what it is called in the comparison, the same for every header
 * @property {string} name the name in this header
 * @property {readonly (readonly [key: string, name: string])[]} [members] of a structure; absent for a constant
 */

const prelude = `
#include <cstddef>
#include <cstdio>
#include <type_traits>

// Arrays are told by their element; a structure of one handle, as one of
// the headers has it, is a pointer to the machine.
template <typename T>
const char* kindOf() {
  if constexpr (std::is_array_v<T>) return kindOf<std::remove_all_extents_t<T>>();
  else if constexpr (std::is_enum_v<T>) return "enumeration";
  else if constexpr (std::is_pointer_v<T>) return "pointer";
  else if constexpr (std::is_same_v<T, char>) return "text";
  else if constexpr (std::is_floating_point_v<T>) return "float";
  else if constexpr (std::is_integral_v<T>) return std::is_signed_v<T> ? "signed" : "unsigned";
  else if constexpr (requires(T& t) { t.handle; } && sizeof(T) == sizeof(void*)) return "pointer";
  else return "structure";
}

#define MEMBER(key, member)                                                                       \\
  if constexpr (requires(T& t) { t.member; })                                                     \\
    std::printf(key ".offset=%zu\\n" key ".size=%zu\\n" key ".kind=%s\\n", offsetof(T, member),     \\
                sizeof(T::member), kindOf<decltype(T::member)>());
`;

/**
 * Asks for the facts.
 * @param {string} name of the program, for its folder
 * @param {readonly string[]} includes lines that include the header
 * @param {readonly Question[]} questions
 * @param {readonly string[]} flags for the compiler
 * @returns {Promise<Map<string, string>>} members that a header does not have are absent
 */
export async function askCompiler(name, includes, questions, flags) {
  const functions = questions.map((question, index) => {
    if (question.members === undefined) {
      // Two's complement of the value in 64 bits, so that (-1) and ~0 agree where they are meant to.
      return `void ask${index}() { std::printf("${question.key}=%llu\\n", (unsigned long long)(${question.name})); }`;
    }
    const members = question.members.map(([key, name]) => `  MEMBER("${question.key}.${key}", ${name})`);
    return [
      `template <typename T> void ask${index}() {`,
      `  std::printf("${question.key}.size=%zu\\n", sizeof(T));`,
      ...members,
      '}',
    ].join('\n');
  });
  const calls = questions.map(({ name: type, members }, index) =>
    members === undefined ? `  ask${index}();` : `  ask${index}<${type}>();`,
  );
  const source = [prelude, ...includes, ...functions, 'int main() {', ...calls, '}', ''].join('\n');
  const path = inRoot('out', 'abi', 'programs', `${name}.cpp`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, source);
  const program = join(dirname(path), name);
  await mustRun(`compiling the questions to ${name}`, process.env.CXX ?? 'g++', [
    '-std=c++20',
    '-O0',
    '-fmax-errors=5',
    ...flags,
    path,
    '-o',
    program,
  ]);
  const { stdout } = await mustRun(`asking ${name}`, program, []);
  return new Map(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [key = '', value = ''] = line.split('=');
        return [key, value];
      }),
  );
}
