"""Pair products and tables: where the plain operations of LLVM are not enough."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .lanes import I16, I32, I64, LANES, Number, lanes, mask

EVEN, ODD = range(0, 2 * LANES, 2), range(1, 2 * LANES, 2)


def pair_product(x: Number, w: Number, native: bool) -> Number:
    """x[2i] · w[2i] + x[2i+1] · w[2i+1] in 32 bits, for 16-bit numbers. x86 has an instruction for it, which LLVM does not find by itself."""
    if not native:
        even, odd = ((x.picked(places).narrow * w.picked(places).narrow) for places in (EVEN, ODD))
        return even + odd
    b, halves = x.b, []
    for first in (0, LANES):
        operands = [number.picked(range(first, first + LANES)).value for number in (x, w)]
        name, type = "llvm.x86.avx2.pmadd.wd", ir.FunctionType(lanes(I32, LANES // 2), [lanes(I16)] * 2)
        halves.append(b.call(b.module.globals.get(name) or ir.Function(b.module, type, name), operands))
    return Number(b, b.shuffle_vector(*halves, mask(tuple(range(LANES)))))


def look_up_function(module: Any) -> Any:
    """Once a module, and not inlined: it is long, and LLVM's time grows with the code."""
    name, vector = "look_up", lanes(I32)
    if name not in module.globals:
        function = ir.Function(module, ir.FunctionType(vector, [ir.PointerType(), vector]), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        table, index = function.args
        b, values = ir.IRBuilder(function.append_basic_block("entry")), ir.Constant(vector, ir.Undefined)
        for lane in range(LANES):
            at = b.sext(b.extract_element(index, I32(lane)), I64)
            values = b.insert_element(values, b.load(b.gep(table, [at], source_etype=I32), typ=I32), I32(lane))
        b.ret(values)
    return module.globals[name]
