"""The best arrangement of buffers there is, or a bound for it, by constraint programming."""

from __future__ import annotations

from ortools.sat.python import cp_model

from .arrange import Places, Problem
from .lifetimes import ALIGNMENT, Ranges

EFFORT = 2.0  # of the solver, in its own seconds, which do not depend on the machine
MOST_PAIRS = 6000  # of buffers that meet; more take the solver longer than it is worth


def proved(problem: Problem, known: Places) -> tuple[Places, int]:
    """Places of no more bytes than those that are known, which have room, and the fewest bytes that any places may take."""
    if sum(map(len, problem.apart.values())) > 2 * MOST_PAIRS:
        return known, problem.bound
    model = cp_model.CpModel()
    most = [min(size, sum(problem.peaks(known))) // ALIGNMENT for size in problem.sizes]
    at = {item.name: model.new_int_var(0, max(max(most) - item.bytes // ALIGNMENT, 0), item.name) for item in problem.items}
    home = {item.name: [model.new_bool_var("") for _ in most] for item in problem.items}
    peaks = [model.new_int_var(0, size, "") for size in most]
    for item in problem.items:
        model.add_exactly_one(home[item.name])
        for inside, peak in zip(home[item.name], peaks, strict=True):
            model.add(at[item.name] + item.bytes // ALIGNMENT <= peak).only_enforce_if(inside)
        model.add_hint(at[item.name], known[item.name][1] // ALIGNMENT)
        for span, inside in enumerate(home[item.name]):
            model.add_hint(inside, known[item.name][0] == span)
    for one, others in problem.apart.items():
        for other, ranges in others.items():
            if one < other:
                keep_apart(model, at[one] - at[other], [*zip(home[one], home[other], strict=True)], ranges, known[one][1] - known[other][1])
    model.add(sum(peaks) >= -(-problem.bound // ALIGNMENT))
    model.minimize(sum(peaks))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.cp_model_probing_level = 0  # takes longer than it saves
    solver.parameters.max_deterministic_time = EFFORT
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return known, problem.bound
    bound = max(problem.bound, round(solver.best_objective_bound) * ALIGNMENT)
    found = {
        name: (next(span for span, inside in enumerate(home[name]) if solver.boolean_value(inside)), ALIGNMENT * solver.value(x)) for name, x in at.items()
    }
    return min(known, found, key=problem.badness), bound


def keep_apart(
    model: cp_model.CpModel, difference: cp_model.LinearExpr, homes: list[tuple[cp_model.IntVar, cp_model.IntVar]], ranges: Ranges, hint: int
) -> None:
    """In one span, a difference of offsets lies in none of these ranges."""
    edges = [None, *(edge // ALIGNMENT for ends in ranges for edge in ends), None]
    choices = []
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        chosen = model.new_bool_var("")
        if low is not None:
            model.add(difference >= low).only_enforce_if(chosen)
        if high is not None:
            model.add(difference <= high).only_enforce_if(chosen)
        model.add_hint(chosen, (low is None or hint >= low * ALIGNMENT) and (high is None or hint <= high * ALIGNMENT))
        choices.append(chosen)
    for one, other in homes:
        model.add_bool_or([*choices, ~one, ~other])
