"""The environment of the gateway contains API keys of several services. The processes that load vendor drivers inherit
no API keys, whatever the prefix of their names."""

import glob
import os
import subprocess

from kit import HOOSH, at_exit, check, done, environment, temp_folder, wait_until, write_file

ALONE = True  # Searches all processes for the one that loads a driver.

home = temp_folder()
os.makedirs(os.path.join(home, "vulkan/icd.d"))
write_file(
    os.path.join(home, "vulkan/icd.d/x.json"),
    '{"file_format_version":"1.0.0","ICD":{"library_path":"libx.so","api_version":"1.3"}}',
)
# A library that is a pipe without a writer, so that the process that opens it blocks.
os.mkfifo(os.path.join(home, "libvulkan.so.1"))
SECRETS = (
    "LANGCHAIN_API_KEY",
    "LANGFUSE_SECRET_KEY",
    "LANGSMITH_API_KEY",
    "HOMEBREW_GITHUB_API_TOKEN",
    "GPU_CLOUD_TOKEN",
    "INTEL_API_KEY",
    "PATHFINDER_SECRET",
    "ROCKET_PASSWORD",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
)
process = subprocess.Popen(
    [HOOSH, "info", "--json", "--every-driver"],
    env=environment(HOME=home, XDG_DATA_HOME=home, LD_LIBRARY_PATH=home, **{name: "a-secret" for name in SECRETS}),
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
at_exit(process.kill)


def driver_environment():
    """Return the environment of the process that loads a driver."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if b"--probe-driver" not in file.read():
                    continue
            with open(path.replace("cmdline", "environ")) as file:
                return file.read().split("\0")
        except OSError:
            continue
    return None


inherited = wait_until(driver_environment, 5, 0.01)
check(inherited, "a driver process exists")
leaked = [each.partition("=")[0] for each in inherited or [] if each.endswith("=a-secret")]
check(not leaked, "no secret is inherited", ", ".join(leaked))
done()
