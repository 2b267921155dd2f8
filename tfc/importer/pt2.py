"""Read the program of a torch.export archive from its JSON and raw tensors; no torch loader and no pickle is involved."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.types import Shape, f32

from .archive import Archive
from .builder import Constant, name_of
from .program import Call, Foreign, Program, Ref, Value
from .tensors import DTYPES, MOST_ELEMENTS, read_tensor

SCHEMA = 8  # the major version of torch/_export/serde/schema.py; minor versions are compatible
STATIC_AGAIN = "export it again without dynamic_shapes: every size must be a fixed number"
SYMBOLIC = ("as_sym_int", "as_sym_float", "as_sym_bool")
PLAIN = ("as_tensor", "as_int", "as_float", "as_bool", "as_string")
FRAME = re.compile(r'^\s*File "(.+)", line (\d+)', re.MULTILINE)

Json = Mapping[str, Any]


def read_program(archive: Archive) -> Program:
    """The one program of the archive. What is not as torch.export writes it is a Diagnostic."""
    if "byteorder" in archive and archive.read("byteorder") != b"little":
        raise Diagnostic(f"{archive.label} holds big-endian numbers", help="export it on a little-endian machine")
    models = [name.removesuffix(".json") for name in archive.names("models/")]
    model = "model" if "model" in models else models[0]
    if len(models) > 1 and model != "model":
        raise Diagnostic(f"{archive.label} holds several programs ({', '.join(models[:10])}), none of them named 'model'", help="save one program a file")
    try:
        program = json.loads(archive.read(f"models/{model}.json"))
        if (major := program["schema_version"]["major"]) != SCHEMA:
            raise Diagnostic(f"{archive.label} has schema version {major}, this tfc reads {SCHEMA}", help="save it with a torch that this tfc supports")
        return _program(archive, model, program["graph_module"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Diagnostic(f"{archive.label} is damaged: models/{model}.json is not what torch.export writes ({type(error).__name__}: {error})") from error


def _program(archive: Archive, model: str, module: Json) -> Program:
    graph, signature = module["graph"], module["signature"]
    _refuse_dynamic(graph)
    values = {str(name): Value(_shape(meta["sizes"]), DTYPES.get(meta["dtype"], f"type {meta['dtype']}")) for name, meta in graph["tensor_values"].items()}
    inputs, constants = [], {}
    for spec in signature["input_specs"]:
        ((kind, entry),) = spec.items()
        if kind == "constant_input":  # None or a number given to forward: the trace has taken it in already
            continue
        if kind == "user_input":
            if isinstance(value := _argument(entry["arg"]), Ref):
                inputs.append(value.name)
        elif kind in ("parameter", "buffer", "tensor_constant"):
            name = entry[f"{kind}_name"]
            constants[str(entry["arg"]["name"])] = Constant(name_of(name), read_tensor(archive, model, name))
        else:
            raise Diagnostic(f"{archive.label} takes a {kind}, which is no tensor", help="a network for tfc takes and returns tensors")
    return Program(tuple(inputs), constants, tuple(_call(node) for node in graph["nodes"]), _results(archive.label, signature), values)


def _refuse_dynamic(graph: Json) -> None:
    """Sizes are plain numbers; expressions are refused unread, for torch would hand them to a parser that evaluates."""
    for name, meta in graph["tensor_values"].items():
        if any("as_int" not in size for size in meta["sizes"]):
            sizes = ", ".join(str(size.get("as_int", "?")) for size in meta["sizes"])
            raise Diagnostic(f"the program has dynamic shapes: '{name}' is [{sizes}]", help=STATIC_AGAIN)
    if symbols := [name for kind in ("sym_int_values", "sym_float_values", "sym_bool_values") for name in graph.get(kind, ())]:
        raise Diagnostic(f"the program computes with symbolic numbers: {', '.join(symbols[:5])}", help=STATIC_AGAIN)


def _shape(sizes: list[Json]) -> Shape:
    shape = tuple(size["as_int"] for size in sizes)
    if not all(type(n) is int and n >= 0 for n in shape) or f32(*shape).size > MOST_ELEMENTS:
        raise Diagnostic(f"the program has a value of shape {shape}; values have at most {MOST_ELEMENTS} elements")
    return shape


def _results(label: str, signature: Json) -> tuple[str, ...]:
    results: list[str] = []
    for spec in signature["output_specs"]:
        ((kind, entry),) = spec.items()
        if kind == "user_input_mutation":  # an in-place activation on the input: the caller of the compiled network does not see it
            continue
        if kind != "user_output":
            what = entry.get("buffer_name", entry.get("parameter_name", ""))
            raise Diagnostic(
                f"{label} changes its own state on every call ({kind} {what})", help="call model.eval() before the export; batch norm must not train"
            )
        if not isinstance(value := _argument(entry["arg"]), Ref):
            raise Diagnostic(f"result {len(results)} of {label} is not a tensor, but {entry['arg']}", help="return tensors only")
        results.append(value.name)
    return tuple(results)


def _call(node: Json) -> Call:
    arguments = {str(argument["name"]): _argument(argument["arg"]) for argument in node["inputs"]}
    results: list[str] = []
    for output in node["outputs"]:
        value = _argument(output)
        results += [item.name for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, Ref)]
    several = any("as_tensors" in output for output in node["outputs"])
    metadata = node["metadata"]
    path = metadata.get("nn_module_stack", "").split(";")[-1].split(",")
    return Call(str(node["target"]).removeprefix("torch.ops."), arguments, tuple(results), several, name_of(path[1]) if len(path) > 2 else "", _line(metadata))


def _argument(union: Json) -> Any:
    """One argument: a Ref, a number, text, None, or a tuple of these; what only torch understands is Foreign."""
    ((kind, value),) = union.items()
    if kind in PLAIN:
        return _plain(kind, value)
    if kind in SYMBOLIC and "as_name" not in value:
        return _argument(value)
    if kind.endswith("s") and kind[:-1] in (*PLAIN, *SYMBOLIC, "as_optional_tensor"):
        return tuple(_argument({kind[:-1]: item}) for item in value)
    if kind == "as_optional_tensor":
        return _argument(value)
    return None if kind == "as_none" else DTYPES.get(value, f"type {value}") if kind == "as_scalar_type" else Foreign(kind.removeprefix("as_"))


def _plain(kind: str, value: Any) -> Any:
    if kind == "as_tensor":
        return Ref(str(value["name"]))
    if kind == "as_float":
        return float(value)  # infinities are texts
    if not isinstance(value, {"as_int": int, "as_bool": bool, "as_string": str}[kind]):
        raise ValueError(f"{value!r} is no {kind.removeprefix('as_')}")
    return value


def _line(metadata: Json) -> str:
    """`net.py:41`: the innermost frame that is the user's."""
    frames = FRAME.findall(metadata.get("stack_trace", "").replace("\\", "/"))
    own = [frame for frame in frames if "/torch/" not in frame[0]] or frames
    # The name ends up in texts and comments of generated code: only what cannot end one.
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", own[-1][0].rpartition("/")[2]) + f":{own[-1][1]}" if own else ""
