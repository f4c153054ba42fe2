// What every file of api/ includes: the frame of a function, and the names under which those are written that may have
// recorded answers.
#pragma once

#include "frame.h"
#include "recorded.h"
