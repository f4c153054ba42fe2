import { describe, expect, test } from 'vitest';
import { plainName, readOwnDeclarations, readRealNames } from '../../scripts/abi-check/declarations.mjs';

describe('reading our own ABI headers', () => {
  test('structures, unions, constants and enumerators, without comments', () => {
    const { structs, values } = readOwnDeclarations(`
      /* struct Not { int a; }; */
      struct Pair { int first, second; char text[4]; };  // struct Neither { int b; };
      union Either { double d; unsigned long long u; };
      inline constexpr std::uint32_t kOne = 1;
      enum class Kind : std::uint32_t { Big, Small = 7 };
      enum { Loose = 3 };`);
    expect([...structs]).toEqual([
      ['Pair', ['first', 'second', 'text']],
      ['Either', ['d', 'u']],
    ]);
    expect(values).toEqual(['kOne', 'Kind::Big', 'Kind::Small', 'Loose']);
  });

  test('what it cannot read is refused, not passed over', () => {
    expect(() => readOwnDeclarations('struct A { struct { int x; } inner; }; inline constexpr int kX = 1;')).toThrow(
      /flat ones only/,
    );
    expect(() => readOwnDeclarations('namespace empty {}')).toThrow(/no structures/);
  });
});

test('names meet across conventions', () => {
  expect(plainName('kErrorGpuIsLost')).toBe(plainName('NVML_ERROR_GPU_IS_LOST'));
  expect(plainName('Memory_v2')).toBe(plainName('nvmlMemory_v2_t'));
  expect(plainName('ValueType::Double')).toBe(plainName('NVML_VALUE_TYPE_DOUBLE'));
  expect(plainName('kEventTypeXidCriticalError')).toBe(plainName('nvmlEventTypeXidCriticalError'));
});

test('names of a real header: types, macros, enumerators, aliases', () => {
  const { types, values } = readRealNames(`
    #define NVML_SIZE 4
    typedef struct nvmlThing_st { unsigned int a; } nvmlThing_v1_t;
    typedef nvmlThing_v1_t nvmlThing_t;
    typedef enum nvmlColour_enum { NVML_COLOUR_RED = 0, NVML_COLOUR_BLUE = 5 } nvmlColour_t;`);
  expect(types.get('thingv1')).toBe('nvmlThing_v1_t');
  expect(types.get('thing')).toBe('nvmlThing_t');
  expect([...values.values()]).toEqual(['NVML_SIZE', 'NVML_COLOUR_RED', 'NVML_COLOUR_BLUE']);
});
