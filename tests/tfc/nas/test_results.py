"""The front as JSON, picture and page."""

import json
import re
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from tfc.ir.diagnostic import Diagnostic
from tfc.nas import worker
from tfc.nas.candidates import Limits
from tfc.nas.front import Found, all_found, front, rows
from tfc.nas.front_chart import described, draw
from tfc.nas.genome import Candidate
from tfc.nas.results import candidate_of, read_results, write_results
from tfc.nas.search import open_study

from . import synthetic

FOUND = Found(7, Candidate({"stem.width": 8}, {"a": ((2, 4), 0.8), "b": ((2, 4), 0.5), "c": ((1, 1), 0.8)}), 91.5, 2.0, 4096, 50_000)


def test_results_tell_what_was_found_and_are_read_back(tmp_path: Path) -> None:
    search = synthetic.search(30)
    study = open_study(optuna.storages.InMemoryStorage(), "s", search)
    worker.work(study, search)
    results = write_results(study, search, tmp_path, "stm32f746")
    best = front(all_found(study))
    read = read_results(tmp_path)
    assert read == json.loads(json.dumps(results.json))
    assert read["limits"] == {"ram_bytes": 100_000, "flash_bytes": 400_000, "ms": 120.0}
    assert sum(read["trials"].values()) == 30
    assert candidate_of(read) == (best[0].number, best[0].candidate)
    assert candidate_of(read, best[-1].number) == (best[-1].number, best[-1].candidate)
    with pytest.raises(Diagnostic, match="the front has no candidate 9999"):
        candidate_of(read, 9999)
    page = (tmp_path / "front.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link)[^>]+(src|href)=", page), "the page needs nothing else"
    for one in best:
        assert f"candidate {one.number}\\u003c" in page
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_that_fits_is_told(tmp_path: Path) -> None:
    search = replace(synthetic.search(5), limits=Limits(1, 1, 1.0))
    study = open_study(optuna.storages.InMemoryStorage(), "s", search)
    worker.work(study, search)
    with pytest.raises(Diagnostic, match="none of 5 candidates keeps the limits"):
        write_results(study, search, tmp_path, "stm32f746")
    with pytest.raises(Diagnostic, match=r"front.json is missing"):
        read_results(tmp_path)


def test_a_candidate_is_described() -> None:
    assert FOUND.zeros == "50-80 % in 2x4, 1x1"
    assert replace(FOUND, candidate=Candidate({}, {})).zeros == "none"
    assert described(FOUND).split("<br>") == [
        "<b>candidate 7</b>: 91.50 %, 2.00 ms, RAM 4,096, flash 50,000 bytes",
        "stem.width=8",
        "zeros: a 2x4 80 %, b 2x4 50 %, c 1x1 80 %",
    ]


def test_a_table_has_of_paths_what_differs() -> None:
    other = replace(FOUND, number=8, candidate=Candidate({"stem.width": 16, "head.width": 4}, {}))
    one = replace(FOUND, candidate=Candidate({"stem.width": 8, "head.width": 4}, {}))
    assert [row["path"] for row in rows([one, other])] == ["stem.width=8", "stem.width=16"]
    assert rows([one])[0] == {"name": 7, "accuracy": "91.50", "ms": "2.00", "ram": 4096, "flash": 50_000, "zeros": "none", "path": ""}
    assert rows([]) == []


def test_equal_candidates_give_equal_pictures(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw([FOUND], [FOUND], tmp_path / name, "one")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
