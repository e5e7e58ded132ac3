"""The server's log, reduced to why it failed."""

from semblant_triton.log import error_lines, port_was_taken, read_tail

STAMP = "1123 16:51:08.405848 5966"
LOG = f"""\
W{STAMP} pinned_memory_manager.cc:273] "Unable to allocate pinned system memory: CUDA driver"
I{STAMP} cuda_memory_manager.cc:117] "CUDA memory pool disabled"
E{STAMP} server.cc:241] "CudaDriverHelper has not been initialized."
I{STAMP} pb_stub.cc:366]  Failed to initialize Python stub: ValueError: no

At:
  /tmp/backends/onnxruntime/model.py(20): <module>

E{STAMP} model_lifecycle.cc:642] "failed to load 'mesh' version 1: Internal: ValueError: no"
+-------+---------+
| Model | Version |
+-------+---------+
Error: Failed to initialize NVML
E{STAMP} model_lifecycle.cc:642] "failed to load 'mesh' version 1: Internal: ValueError: no"
error: creating server: Internal - failed to load all models
"""


def test_what_matters_is_kept_once_and_in_order():
    lines = error_lines(LOG).splitlines()
    assert lines[0] == "Failed to initialize Python stub: ValueError: no"
    assert lines[-2:] == [
        "failed to load 'mesh' version 1: Internal: ValueError: no",
        "error: creating server: Internal - failed to load all models",
    ]
    assert sum("failed to load 'mesh'" in line for line in lines) == 1


def test_a_missing_gpu_is_no_reason():
    text = error_lines(LOG)
    assert not [word for word in ("CUDA", "NVML", "CudaDriver", "| Model") if word in text]


def test_a_missing_library_is_told():
    words = "tritonserver: error while loading shared libraries: libdcgm.so.3: cannot open"
    assert error_lines(words) == words


def test_without_errors_the_end_of_the_log_is_told():
    assert error_lines("one\ntwo\n") == "one\ntwo"
    assert error_lines("") == ""


def test_long_logs_are_cut_at_the_front():
    text = "\n".join(f"E{STAMP} a.cc:1] line {i}" for i in range(50))
    assert error_lines(text).splitlines() == [f"line {i}" for i in range(38, 50)]


def test_a_taken_port_is_recognised():
    assert port_was_taken(
        "failed to start HTTP service: Unavailable - Socket '127.0.0.1:1' already in use"
    )
    assert not port_was_taken(LOG)


def test_a_missing_log_reads_as_empty(tmp_path):
    assert read_tail(tmp_path / "none") == ""
