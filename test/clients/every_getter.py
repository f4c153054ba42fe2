"""Calls every getter of nvidia-ml-py on the library that the dynamic linker finds, and tells what came back.

One JSON object a line, opened before the call and closed after it: a line without end names the call that ended the
process. {"function", "arguments", and one of: "value": ..., "code": NVML's number, "raised": text}. A function or
parameter that this program has no arguments for is {"unknown": text}: nothing is passed over in silence.
"""

import ctypes
import inspect
import itertools
import json
import re
import sys

import pynvml

import getter_arguments as arguments

# Words that tell what a function does, behind the prefix of what it does it to.
SUBJECT = r"nvml(System|Unit|Device|VgpuType|VgpuInstance|GpuInstance|ComputeInstance|Gpm|EventSet)?"
GETTER = re.compile(SUBJECT + r"(PowerSmoothing|WorkloadPowerProfile|PerfMetrics|Metrics|Sample|MigSample)?(Get|Is|On|Query|Read(?!Write)|Validate)")
CHANGE = re.compile(
    SUBJECT + r"(Event|Gpm|PowerSmoothing|WorkloadPowerProfile|Sample)?"
    r"(Set(?!Get|Wait)|Clear|Reset|Create|Destroy|Register|Freeze|Modify|Remove|Discover|Update|Activate|ReadWrite|Alloc|Free|ForceGsp|VgpuForceGsp)"
)
# Waits are getters here: they end by their own time limit.
WAIT = re.compile(r"nvml(System)?EventSet(Wait|GetContext|GetGpuOperational)")
# Parts of the module that call nothing, and the two ends of everything.
NO_CALLS = {"nvmlExceptionClass", "nvmlStructToFriendlyObject", "nvmlFriendlyObjectToStruct", "nvmlInit", "nvmlInitWithFlags", "nvmlShutdown"}


def plain(value):
    """What JSON can hold: structures by member, handles as true or false, texts without their trailing zeros."""
    if isinstance(value, (ctypes.Structure, ctypes.Union)):
        return {field[0]: plain(getattr(value, field[0])) for field in value._fields_}
    if isinstance(value, ctypes._Pointer):
        return bool(value)
    if isinstance(value, ctypes.Array) and value._type_ is ctypes.c_char:
        return value.value.decode(errors="replace")
    if isinstance(value, (list, tuple, ctypes.Array)):
        return [plain(entry) for entry in value]
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, ctypes._SimpleCData):
        return plain(value.value)
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    members = value if isinstance(value, dict) else vars(value)
    return {name: plain(entry) for name, entry in members.items()}


def call(function, values):
    out = sys.stdout
    names = [str(value) for value in values]
    out.write(json.dumps({"function": function.__name__, "arguments": names})[:-1] + ", ")
    out.flush()
    try:
        result = function(*[value.get() for value in values])
        filled = [plain(value.filled()) for value in values if value.is_filled]
        told = {"value": filled[0] if filled else plain(result)}
        # Some wrappers hand the code of the driver back as their value.
        if filled and isinstance(result, int) and result != 0:
            told = {"code": result}
    except pynvml.NVMLError as error:
        told = {"code": error.value}
    except Exception as error:  # a defect of the client, or of what it was given
        told = {"raised": f"{type(error).__name__}: {error}"}
    out.write(json.dumps(told)[1:] + "\n")


def combinations(function, subjects):
    """Every list of arguments for a function; raises LookupError where a parameter has none."""
    choices = []
    for name, parameter in inspect.signature(function).parameters.items():
        chosen = arguments.of(function.__name__, name, subjects)
        if chosen is None:
            if parameter.default is not inspect.Parameter.empty:
                continue
            raise LookupError(f"no arguments for parameter {name} of {function.__name__}")
        choices.append(chosen)
    return itertools.product(*choices)


def main():
    pynvml.nvmlInit()
    subjects = arguments.Subjects()
    print(json.dumps({"subjects": subjects.counts(), "version": arguments.client_version()}))
    for name, function in inspect.getmembers(pynvml, inspect.isfunction):
        if not name.startswith("nvml") or name in NO_CALLS or CHANGE.match(name) and not WAIT.match(name):
            continue
        if not GETTER.match(name) and not WAIT.match(name) and name != "nvmlErrorString":
            print(json.dumps({"unknown": f"{name} is neither a getter nor a change"}))
            continue
        try:
            for values in combinations(function, subjects):
                call(function, values)
        except LookupError as error:
            print(json.dumps({"unknown": str(error)}))
    pynvml.nvmlShutdown()
    print(json.dumps({"end": True}))


main()
