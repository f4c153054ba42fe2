// Functions with recorded answers are written as any other, but under a name of their own: the function that callers
// see first looks whether there is a recorded answer, and asks the written one where there is none. Included by every
// file that writes functions, so that the names agree.
#pragma once

#include "abi.h"

namespace simulator {

#define RECORDED1(name, A) extern "C" Return name(A) __asm__("simulated_" #name);
#define RECORDED2(name, A, B) extern "C" Return name(A, B) __asm__("simulated_" #name);
#define RECORDED3(name, A, B, C) extern "C" Return name(A, B, C) __asm__("simulated_" #name);
#define RECORDED4(name, A, B, C, D) extern "C" Return name(A, B, C, D) __asm__("simulated_" #name);
#define RECORDED5(name, A, B, C, D, E) extern "C" Return name(A, B, C, D, E) __asm__("simulated_" #name);
#define REFUSED2 RECORDED2
#define REFUSED3 RECORDED3
#define REFUSED4 RECORDED4
#define REFUSED6(name, A, B, C, D, E, F) extern "C" Return name(A, B, C, D, E, F) __asm__("simulated_" #name);
#include "recorded.def"
#undef RECORDED1
#undef RECORDED2
#undef RECORDED3
#undef RECORDED4
#undef RECORDED5
#undef REFUSED2
#undef REFUSED3
#undef REFUSED4
#undef REFUSED6

}  // namespace simulator
