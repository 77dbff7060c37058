"""Writes numpy_headers.json: headers of .npy files, and what numpy.load makes of each.

Run with a NumPy of version 2 on a little-endian 64-bit machine: python numpy_headers.py
"""

import io
import json
import pathlib
import struct
import tokenize
import warnings

import numpy
from numpy.lib import _format_impl

OURS = {"float16", "float32", "float64", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}

# With each of these marks of byte order, and without one.
MARKED = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "p", "P", "e", "f", "d", "g", "F", "D", "S", "U", "V", "O"]
MARKED += ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "S3", "U3", "V2", "M8[s]"]
MARKED += ["f3", "b2", "u", "i3", "d8", "?1", "f04", "f+4", "f 4", "bool", "float32"]
NAMES = """bool bool_ byte ubyte short ushort intc uintc int uint int_ uint_ long ulong longlong ulonglong intp uintp n N
half single double float longdouble float16 float32 float64 float128 int8 int16 int32 int64 uint8 uint16 uint32 uint64
complex complex64 str bytes object bfloat16 float_ bool8 Float32 F32 numpy.float32 !f4 @f4 f4,f4""".split()
NAMES += ["", " f4", "f4 ", "< f4", "(2,)f4", "1f4"]

DESCRIPTORS = [mark + code for mark in ["", "<", ">", "=", "|"] for code in MARKED] + NAMES

TEMPLATE = "{'descr': '<f4', 'fortran_order': False, 'shape': SHAPE, }\n"
SHAPES = """(2L,3L)|(2L, 3L)|(2L,)|(2 L, 3)|(2l, 3)|(6,)|(6)|6|()|(,)|(2, 3)|(2,3,)|( 2 , 3 )|[2, 3]|(2, [3])|(0,)|(3, 0)|(0L, 3L)
|(1, 1, 1, 6)|(0x2, 0b11)|(0o2, 3)|(1_0,)|(02, 3)|(00,)|(+2, 3)|(- -2, 3)|(-0,)|(-1,)|(True, 2)|(False,)|(2.0, 3)|(2, None)|(2, '3')|(2j,)
|((2), (3))|((2, 3))|((2, 3),)|(2, 3|2, 3)|(2 3)|(2, 3))|(2;3)|(2, # rows\n 3)|(\n2,\n3\n)|(2,\t3)|(2, 3L)""".replace("\n|", "|").split("|")
SHAPES = [shape.replace("\\n", "\n") for shape in SHAPES]

FORMS = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + " " * 20 + "\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\r\n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\n\n  \n",
    "  {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "\t{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}\t",
    "\n{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{\n  'descr': '<f4',\n  'fortran_order': False,\n  'shape': (2, 3)\n}\n",
    "{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 ) , }",
    "{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
    '{"descr": "<f4", "fortran_order": false, "shape": (2, 3)}',
    '{"descr": "<f4", "fortran_order": False, "shape": (2, 3)}',
    "{'shape': (2, 3), 'fortran_order': True, 'descr': '<f4'}",
    "{'fortran_order': True, 'shape': (2, 3), 'descr': '>f4'}",
    "{u'descr': u'<f4', u'fortran_order': False, u'shape': (2L, 3L)}",
    "{U'descr': r'<f4', R'fortran_order': False, 'shape': (2, 3)}",
    "{b'descr': b'<f4', b'fortran_order': False, b'shape': (2, 3)}",
    "{'descr': b'<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'''descr''': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'des' 'cr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': ('<f4'), 'fortran_order': (False), 'shape': (2, 3)}",
    "({'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)})",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} # a remark",
    "{'descr': '<f4', # it's a remark\n 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': None, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': 'False', 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': FALSE, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'extra': 1}",
    "{'descr': '<f4', 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': False}",
    "{'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9, 9), 'shape': (2, 3)}",
    "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4',, 'fortran_order': False, 'shape': (2, 3)}",
    "{, 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x",
    "{'descr': [('a', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (2,)}",
    "{'descr': [('é', '<f4')], 'fortran_order': False, 'shape': (2,)}",
    "{'descr': None, 'fortran_order': False, 'shape': (2, 3)}",
    "{'descr': 4, 'fortran_order': False, 'shape': (2, 3)}",
    "['<f4', False, (2, 3)]",
    "{}",
    "",
    "nonsense",
]


def row(header, version=(1, 0)):
    encoded = header.encode("utf8" if version[0] == 3 else "latin1")
    size = struct.pack("<H" if version[0] == 1 else "<I", len(encoded))
    start = b"\x93NUMPY" + bytes(version) + size + encoded
    result = {"version": version[0], "header": header}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Twice: what the header says, and what the values are, of as many as there are.
            file = io.BytesIO(start[8:])
            shape, fortran, dtype = _format_impl._read_array_header(file, version)
            if any(length < 0 for length in shape):
                return dict(result, negative=True)
            result |= {"dtype": dtype.name, "shape": [int(length) for length in shape], "fortran": fortran}
            if dtype.name not in OURS:
                return dict(result, dtype=str(dtype))
            count = int(numpy.prod(shape, dtype=int))
            data = (numpy.arange(1, count + 1) % 100).astype(dtype).tobytes()
            loaded = numpy.load(io.BytesIO(start + data))
            assert loaded.shape == tuple(shape)
            values = loaded.ravel("F" if fortran else "C").astype("float64").tolist()
            return dict(result, data=data.hex(), values=values)
        except Exception as error:
            assert isinstance(error, (ValueError, TypeError, SyntaxError, tokenize.TokenError)), (header, error)
            return {"version": version[0], "header": header, "refused": True}


rows = [row(TEMPLATE.replace("SHAPE", "(2,)").replace("<f4", descriptor)) for descriptor in DESCRIPTORS]
rows += [row(TEMPLATE.replace("SHAPE", shape)) for shape in SHAPES]
rows += [row(form) for form in FORMS]
rows += [row(TEMPLATE.replace("SHAPE", "(2L, 3L)"), (2, 0))]
for version in [(2, 0), (3, 0)]:
    rows += [row(form, version) for form in FORMS if "é" in form or "shape': (2, 3), }" in form]

place = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
place.write_text(f"[\n{lines}\n]\n", encoding="utf8")
print(f"{len(rows)} headers, {sum('refused' in row for row in rows)} refused")
