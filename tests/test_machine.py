"""What is told to the C library, XLA and JAX before the first array."""

import os
import subprocess
import sys
import threading

import jax
import pytest

from tricera import machine

FLAG = "--xla_cpu_experimental_ynn_fusion_type"
SHOW = """
import os, threading, time, jax
from tricera import machine
start = time.perf_counter()
machine.prepare()
took = time.perf_counter() - start
for thread in threading.enumerate():
    if thread.name == "tricera-trim":
        thread.join()
from jax._src import xla_bridge
print(xla_bridge.backends_are_initialized(), os.environ.get("XLA_FLAGS"), jax.config.jax_compilation_cache_dir, took)
"""


def prepared(**settings):
    """Backend started, XLA's flags, the cache's folder, seconds; in a process of its own."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("TRICERA_", "JAX_COMPILATION", "XLA_"))}
    run = subprocess.run(
        [sys.executable, "-c", SHOW], env={**kept, **settings}, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_prepare_is_quick_and_starts_no_backend(tmp_path):
    started, _, folder, took = prepared(TRICERA_CACHE_DIR=str(tmp_path))
    assert started == "False"
    assert folder.startswith(str(tmp_path))
    assert float(took) < 0.05


def test_switches_and_the_users_own_settings_win(tmp_path):
    assert prepared(TRICERA_CACHE="0", TRICERA_XLA_FLAGS="0", TRICERA_MALLOC="0")[1:3] == ["None", "None"]
    own = f"{FLAG}=all"
    assert prepared(XLA_FLAGS=own, JAX_COMPILATION_CACHE_DIR=str(tmp_path))[1:3] == [own, str(tmp_path)]


@pytest.mark.parametrize(
    "version, wanted", [((0, 10, 1), False), ((0, 10, 2), True), ((0, 11, 0), True), ((0, 12, 0), False)]
)
def test_the_flag_is_set_only_where_it_is_known(monkeypatch, version, wanted):
    monkeypatch.setattr(machine.jaxlib.version, "__version_info__", version)
    monkeypatch.setenv("XLA_FLAGS", "--xla_one=1")
    machine._add_xla_flags()
    assert os.environ["XLA_FLAGS"] == "--xla_one=1" + f" {FLAG}=-individual_convolution" * wanted


def test_a_folder_that_cannot_be_written_leaves_the_cache_off(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TRICERA_CACHE_DIR", str(tmp_path / "file" / "below"))
    monkeypatch.delenv("TRICERA_CACHE", raising=False)
    monkeypatch.setattr(jax.config, "update", lambda *a: pytest.fail("the cache was set"))
    machine._cache_programs()


def test_another_processor_has_its_own_programs(monkeypatch):
    here = machine._processor()
    assert here == machine._processor()
    monkeypatch.setattr(machine, "_first_lines", lambda *a: "flags : none")
    assert machine._processor() != here


def test_the_memory_budget_is_a_share_of_what_is_free(monkeypatch):
    monkeypatch.setattr(machine, "_kernel_available", lambda: 8 << 30)
    monkeypatch.setattr(machine, "_container_available", lambda: 4 << 30)
    assert machine.memory_budget_bytes() == 1 << 30
    monkeypatch.setattr(machine, "_container_available", lambda: None)
    assert machine.memory_budget_bytes() == 2 << 30
    assert machine.platform() == jax.default_backend()


def test_the_programs_on_disk_stay_within_their_limit(tmp_path):
    for age, name in enumerate(("new", "read", "old", "older")):
        folder = tmp_path / ("one", "other")[age % 2]
        folder.mkdir(exist_ok=True)
        (folder / f"{name}-cache").write_bytes(bytes(100))
        os.utime(folder / f"{name}-cache", (1000 - age, 900 - age))
    os.utime(tmp_path / "other" / "read-cache", (2000, 1))  # written first, and used last
    (tmp_path / "library.so").write_bytes(bytes(1000))
    threads = [threading.Thread(target=machine.trim, args=(tmp_path, 250)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in tmp_path.rglob("*-cache")) == ["new-cache", "read-cache"]
    assert (tmp_path / "library.so").exists()
    machine.trim(tmp_path / "nowhere", 0)


def test_a_process_trims_when_it_starts(tmp_path):
    (tmp_path / "some-cache").write_bytes(bytes(100))
    prepared(TRICERA_CACHE_DIR=str(tmp_path), TRICERA_CACHE_LIMIT="50")
    assert not list(tmp_path.glob("*-cache"))
