"""What each Thumb instruction does with its operands, by position: capstone's own lists of registers are wrong for too many.

Armv7-M ARM chapter A7 for the operands; docs' cycle model §1.1 for when they are read and for what cannot be paired.
A word stands for each operand: `w` is written; `l` is read by the late ALU, or early where it is shifted; `r` by the late ALU even
if rotated; `e` early; `m` as a multiplicand; `a` as an accumulator; `s` to be stored; `b` is the base of several registers; `-` is
none of these. A last `*` repeats the word before it.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["early_alu", "alu", "multiply", "load", "load_narrow", "store", "multiple", "divide", "vfp", "vfp_divide", "branch", "it", "other"]
Unit = Literal["multiply", "store", "load", "shifter", "vfp", "branch", "alone"]  # what two instructions may contend for


@dataclass(frozen=True)
class Signature:
    """`units` are those that the instruction always takes; shifts and writes to pc add to them."""

    kind: Kind
    units: tuple[Unit, ...]
    roles: tuple[str, ...]


def named(kind: Kind, units: str, roles: str, names: str) -> dict[str, Signature]:
    """One signature for several mnemonics; a name with `{a,b}` stands for two, an empty part for none."""
    signature = Signature(kind, tuple(units.split()), tuple(roles.split()))  # type: ignore[arg-type]
    return {name: signature for word in names.split() for name in spelled(word)}


def spelled(word: str) -> list[str]:
    """`sm{ul,la}{b,t}` is smulb, smult, smlab and smlat."""
    head, brace, rest = word.partition("{")
    if not brace:
        return [word]
    choices, _, tail = rest.partition("}")
    return [head + choice + end for choice in choices.split(",") for end in spelled(tail)]


SIGNATURES: dict[str, Signature] = {
    **named("early_alu", "", "w l l", "add sub rsb lsl lsr asr ror"),
    **named("early_alu", "", "w l", "mov adr"),
    **named("alu", "", "w l l", "adc sbc and orr orn eor bic"),
    **named("alu", "", "w l", "mvn rrx"),
    **named("alu", "", "wl", "movt"),
    **named("alu", "", "l l", "cmp cmn tst teq"),
    **named("alu", "", "w", "mrs"),
    **named("alu", "", "- l", "msr"),
    **named("alu", "shifter", "w e", "ubfx sbfx rev rev16 revsh rbit"),
    **named("alu", "shifter", "w r", "{u,s}xt{b,h,b16} clz"),
    **named("alu", "shifter", "w l e", "{u,s}xta{b,h,b16} pkhbt"),
    **named("alu", "shifter", "w e e", "pkhtb"),
    **named("alu", "shifter", "wl e", "bfi"),
    **named("alu", "shifter", "wl", "bfc"),
    **named("alu", "shifter", "w - l", "{u,s}sat{,16}"),
    **named("alu", "shifter", "w l l", "{s,u,q,sh,uh,uq}{add8,add16,sub8,sub16,asx,sax} q{,d}{add,sub} sel"),
    **named("multiply", "multiply", "w m m", "mul smmul{,r} smu{ad,sd}{,x} smul{bb,bt,tb,tt,wb,wt} usad8"),
    **named("multiply", "multiply", "w m m a", "mla mls smml{a,s}{,r} sml{ad,sd}{,x} smla{bb,bt,tb,tt,wb,wt} usada8"),
    **named("multiply", "multiply", "w w m m", "{u,s}mull"),
    **named("multiply", "multiply", "wa wa m m", "{u,s}mlal umaal smlal{bb,bt,tb,tt} sml{ald,sld}{,x}"),
    **named("divide", "alone", "w l l", "{u,s}div"),
    **named("load", "load", "w", "ldr{,t,ex} pld pli"),
    **named("load_narrow", "load", "w", "ldr{b,h,sb,sh}{,t} ldrex{b,h}"),
    **named("store", "store", "s", "str{,b,h}{,t}"),
    **named("store", "store", "w s", "strex{,b,h}"),
    **named("multiple", "alone", "w w", "ldrd"),
    **named("multiple", "alone", "s s", "strd"),
    **named("multiple", "alone", "b w *", "ldm{,db}"),
    **named("multiple", "alone", "b s *", "stm{,db}"),
    **named("multiple", "alone", "w *", "pop"),
    **named("multiple", "alone", "s *", "push"),
    **named("branch", "branch", "", "b bl svc"),
    **named("branch", "branch", "l", "bx blx cbz cbnz"),
    **named("branch", "branch load", "", "tbb tbh"),
    **named("it", "", "", "it"),
    **named("vfp", "vfp", "l l", "vcmp vcmpe"),
    **named("vfp", "vfp", "wl l l", "v{mla,mls,nmla,nmls,fma,fms,fnma,fnms}"),
    **named("vfp", "vfp load", "w", "vldr"),
    **named("vfp", "vfp store", "s", "vstr"),
    **named("multiple", "alone vfp", "b w *", "vldm{ia,db}"),
    **named("multiple", "alone vfp", "b s *", "vstm{ia,db}"),
    **named("multiple", "alone vfp", "w *", "vpop"),
    **named("multiple", "alone vfp", "s *", "vpush"),
    **named("vfp", "vfp", "w", "vmrs fmstat"),
    **named("vfp_divide", "vfp alone", "w l l", "vdiv vsqrt"),
}
VFP = Signature("vfp", ("vfp",), ("w", "l", "l"))  # every other mnemonic in v
OTHER = Signature("other", (), ())  # nop, barriers, hints, what capstone does not know
SETS_FLAGS = frozenset({"cmp", "cmn", "tst", "teq", "msr", "vmrs", "fmstat"})
READS_FLAGS = frozenset({"adc", "sbc", "rrx", "mrs"})


def signature_of(name: str) -> Signature:
    """Of a mnemonic without condition, width and `s`."""
    return SIGNATURES.get(name) or (VFP if name.startswith("v") else OTHER)
