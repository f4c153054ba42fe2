"""Calls a driver library for a test: one request a line on stdin, one answer a line on stdout, both JSON.

A request is {"function": name, "arguments": [...]}. An argument is one of
  {"u32": n}, {"u64": n}, {"text": "..."}, {"null": true}, {"handle": name}   passed in
  {"out": "u32" | "i32" | "u64"}, {"outText": bytes}, {"outHandle": name}, {"inOut": hex}   filled by the library
The answer is {"code": n, "out": [...]} with what was filled, in order.
"""

import ctypes
import json
import sys

NUMBERS = {"u32": ctypes.c_uint32, "i32": ctypes.c_int32, "u64": ctypes.c_uint64}


def main():
    library = ctypes.CDLL(sys.argv[1])
    handles = {}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(call(library, handles, request)), flush=True)


def call(library, handles, request):
    try:
        function = getattr(library, request["function"])
    except AttributeError:
        return {"missing": True}
    passed = []
    readers = []
    for argument in request["arguments"]:
        value, reader = convert(argument, handles)
        passed.append(value)
        if reader is not None:
            readers.append(reader)
    if request.get("returnsText"):
        function.restype = ctypes.c_char_p
        return {"text": function(*passed).decode()}
    code = function(*passed)
    return {"code": code, "out": [reader() for reader in readers]}


def convert(argument, handles):
    (kind, value), = argument.items()
    if kind in NUMBERS:
        return NUMBERS[kind](value), None
    if kind == "text":
        return ctypes.c_char_p(value.encode()), None
    if kind == "null":
        return ctypes.c_void_p(None), None
    if kind == "handle":
        return ctypes.c_void_p(handles[value]), None
    if kind == "out":
        number = NUMBERS[value](0)
        return ctypes.byref(number), lambda: str(number.value)
    if kind == "outText":
        text = ctypes.create_string_buffer(value)
        return text, lambda: text.value.decode()
    if kind == "outHandle":
        handle = ctypes.c_void_p()

        def keep():
            handles[value] = handle.value
            return str(handle.value)

        return ctypes.byref(handle), keep
    if kind == "inOut":
        given = bytes.fromhex(value)
        memory = ctypes.create_string_buffer(given, len(given))
        return memory, lambda: memory.raw.hex()
    raise ValueError(f"unknown argument {argument}")


main()
