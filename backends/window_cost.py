"""What convolutions without strips cost: depthwise, of few channels, in groups."""

from __future__ import annotations

from math import prod

from tfc.ir.int_rules import Call

from .cost import Cost, added, cost, direct_endings, endings, of, weighted_flash
from .shapes import band_scratch, column_bands, depthwise_scratch, few_scratch, few_steps, fours, row_bands
from .target import Target


def grouped_cost(call: Call, target: Target, macs: int) -> Cost:
    """One product at a time."""
    return cost(target, of("grouped", mac=macs, result=call.node.type.size), flash=weighted_flash(call, "dense"))


def depthwise_cost(call: Call, target: Target) -> Cost:
    """Rows of four results."""
    _, out_h, out_w, c = call.node.type.shape
    _, kernel_h, kernel_w, _ = call.operands[1].shape
    results, stride = c * out_h * fours(out_w), call.attr("stride", (1, 1))[1]
    work = added(
        of("depthwise", result=results, row=results * kernel_h, widened=call.operands[0].size, channel=c),
        of(f"depthwise.s{stride}", mac=results * kernel_h * fours(kernel_w)),
        endings(call, "depthwise", results, c * out_h),
    )
    return cost(target, work, scratch=depthwise_scratch(call), flash=weighted_flash(call, "dense"))


def band_cost(call: Call, target: Target) -> Cost:
    """A depthwise convolution by blocks of two by two results. Odd rows and columns have calls of their own."""
    _, out_h, out_w, c = call.node.type.shape
    size, stride = call.operands[1].shape[1], call.attr("stride", (1, 1))[0]
    taps, planes, calls = size * size, c * row_bands(call) * column_bands(call), (1 + out_h % 2) * (1 + out_w % 2)
    results, columns = c * (out_h + out_h % 2) * (out_w + out_w % 2), planes * (1 + out_h % 2) * -(-out_w // 2)
    work = added(
        {"plane": planes, "plane.call": planes * calls, "plane.weight": planes * taps},
        of(f"depthwise{size}x{size}s{stride}", mac=results * taps, result=results, widened=call.operands[0].size, column=columns),
        direct_endings(call, "plane", results, planes * out_h),
    )
    return cost(target, work, scratch=band_scratch(call), flash=weighted_flash(call, "dense"))


def few_cost(call: Call, target: Target) -> Cost:
    """Panels of four windows; those of three rows of constant length are copied without loops. The sums of an odd number of channels are stored."""
    _, out_h, out_w, out = call.node.type.shape
    kernel_h, run = call.operands[1].shape[1], prod(call.operands[1].shape[2:])
    whole, steps = -(-out_h * out_w // 4) * 4, few_steps(call)
    panels, results = whole // 4, whole * (out + out % 2)
    straight = kernel_h == 3 and run in (3, 9) and out_w % 4 == 0
    copied = of("few", step=panels * steps) if straight else of("few", loose=panels, loose_step=panels * steps, loose_row=panels * kernel_h)
    ended = direct_endings(call, "few", results, panels) if out % 2 == 0 else of("few", sum=results) | endings(call, "few", results, panels)
    work = added(of("few", mac=2 * steps * results, result=results, widened=call.operands[0].size, panel=panels, weight=call.operands[1].size), copied, ended)
    return cost(target, work, scratch=few_scratch(call), flash=weighted_flash(call, "dense"))
