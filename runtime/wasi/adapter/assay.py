"""Lets the runner of the wasi-testsuite drive `assay`: put this file into its folder of adapters.

`ASSAY` names the command, with options if wanted: ASSAY="target/release/assay run --engine interp".
"""

import os
import shlex
import subprocess

ASSAY = shlex.split(os.getenv("ASSAY", "assay"))


def get_name():
    return "assay"


def get_version():
    output = subprocess.run([ASSAY[0], "--version"], capture_output=True, check=True, encoding="utf-8").stdout
    return output.split()[-1]


def get_wasi_versions():
    return ["wasm32-wasip1"]


def get_wasi_worlds():
    return ["wasi:cli/command"]


def compute_argv(test_path, args_env_root, proposals, wasi_world, wasi_version):
    args, env, root = args_env_root
    command = ASSAY if "run" in ASSAY else ASSAY + ["run"]
    variables = [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
    directory = ["--dir", f"{root}::/"] if root else []
    return command + variables + directory + [test_path] + args
