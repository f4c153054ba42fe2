/**
 * A library that stands before another one of the same functions and counts each call before it passes it on, whatever
 * its arguments are: what the driver was asked, as the driver sees it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const COUNTER_BYTES = 8;

/**
 * @param {string} library in whose place it is loaded
 * @param {string} place where it and the file of its counters are made
 * @returns {{ path: string, read: () => Map<string, number> }} `read`: calls of each function so far, over all processes
 */
export function countingLibrary(library, place) {
  if (process.arch !== 'x64') throw new Error('calls can only be counted on x86-64');
  const functions = execFileSync('nm', ['-D', '--defined-only', library], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => /^\w+ T (\w+)$/.exec(line)?.[1] ?? []);
  const counters = `${place}.counts`;
  writeFileSync(counters, Buffer.alloc(functions.length * COUNTER_BYTES));
  writeFileSync(`${place}.c`, source(library, counters, functions));
  execFileSync('gcc', [
    ...['-O2', '-shared', '-fPIC', '-Wl,-soname,libnvidia-ml.so.1', '-o', `${place}.so`, `${place}.c`, '-ldl'],
  ]);
  return {
    path: `${place}.so`,
    read() {
      const bytes = readFileSync(counters);
      return new Map(functions.map((name, i) => [name, Number(bytes.readBigUInt64LE(i * COUNTER_BYTES))]));
    },
  };
}

/**
 * Each function is three instructions: no argument is looked at.
 * @param {string} library
 * @param {string} counters
 * @param {readonly string[]} functions
 */
function source(library, counters, functions) {
  return `#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
__attribute__((visibility("hidden"))) void* targets[${functions.length}];
__attribute__((visibility("hidden"))) unsigned long* counters;
static const char* const names[] = {${functions.map((name) => `"${name}"`).join(', ')}};
__attribute__((constructor)) static void open_library(void) {
  void* library = dlopen(${JSON.stringify(library)}, RTLD_NOW | RTLD_LOCAL);
  int file = open(${JSON.stringify(counters)}, O_RDWR | O_CLOEXEC);
  if (!library || file < 0) abort();
  counters = mmap(0, sizeof targets, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  for (int i = 0; i < ${functions.length}; ++i) targets[i] = dlsym(library, names[i]);
}
#define FORWARD(name, i) __asm__( \\
  ".globl " #name "\\n.type " #name ", @function\\n" #name ":\\n" \\
  "movq counters(%rip), %r11\\nlock incq 8*" #i "(%r11)\\njmpq *targets+8*" #i "(%rip)\\n");
${functions.map((name, i) => `FORWARD(${name}, ${i})`).join('\n')}
`;
}
