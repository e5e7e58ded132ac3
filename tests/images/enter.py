"""Becomes a container's first process: `unshare --mount --pid --fork python enter.py SPEC`.

The image's files become the root, which nobody can write to; then user, capabilities and
environment are those that the image asks for. The network stays the machine's.
"""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, LAST_CAPABILITY = 38, 24, 63


def mount(*arguments):
    subprocess.run(("mount", *arguments), check=True)


def main(spec):
    root = spec["root"]
    mount("--bind", root, root)
    mount("-o", "remount,bind,ro", root)
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("--rbind", "/dev", f"{root}/dev")
    for folder in ("/dev/shm", "/tmp"):
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root + folder)
    for source, target in spec["binds"].items():
        mount("--bind", source, root + target)
    os.chroot(root)
    os.chdir(spec["folder"])
    prctl = ctypes.CDLL(None).prctl
    for capability in range(LAST_CAPABILITY + 1):
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(spec["group"], spec["group"], spec["group"])
    os.setresuid(spec["user"], spec["user"], spec["user"])
    os.execvpe(spec["command"][0], spec["command"], spec["environment"])


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
