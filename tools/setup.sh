# Sourced by the scripts in tools/. Finds the repository and Swift, and installs the Debian packages that the build needs.
# Prints nothing if all are installed.
#
# Sets `root` to the folder of the repository. Functions: need_packages, need_python, need_venv, twice, free_ports,
# end_with_children. HOOSH_SKIP_SETUP=1 skips the checks.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Prints an error and exits.
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Runs a command, and repeats it once if it failed. For commands that use the network.
twice() {
  "$@" && return 0
  sleep 3
  "$@"
}

# need_packages PACKAGE…: installs missing Debian packages.
need_packages() {
  local -a have missing=() sudo=()
  local package answer install
  command -v dpkg-query >/dev/null || return 0 # Not Debian: the build reports missing libraries.
  mapfile -t have < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package; do
    [[ " ${have[*]/#/@} " == *" @installed $package "* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "packages are missing; as root, run: $install"
    [[ -t 0 && -t 1 ]] || die "packages are missing; run: sudo $install"
    read -rp "These packages are missing: ${missing[*]}. Install them with sudo? [y/N] " answer
    [[ $answer == [yY]* ]] || die "not installed; run: sudo $install"
    sudo=(sudo)
  fi
  echo "installing ${missing[*]}" >&2
  apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >&2; }
  twice apt update || die "apt-get update failed"
  twice apt install -y --no-install-recommends "${missing[@]}" || die "installing ${missing[*]} failed"
}

# Puts Swift 6.3 or later on the PATH.
need_swift() {
  local place version
  if ! command -v swift >/dev/null; then
    for place in /opt/swift/usr/bin "${HOME:-/root}/.local/share/swiftly/bin"; do
      [[ -x $place/swift ]] && PATH="$place:$PATH" && break
    done
  fi
  command -v swift >/dev/null || die "Swift 6.3 or later is needed; see https://www.swift.org/install"
  version=$(swiftc --version 2>/dev/null)
  [[ $version =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]] || die "swiftc --version printed no version"
  ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 6003)) \
    || die "Swift 6.3 or later is needed; $(command -v swift) is ${BASH_REMATCH[1]}.${BASH_REMATCH[2]}"
}

# Sets `python` to a Python that can create virtual environments.
need_python() {
  command -v python3 >/dev/null || need_packages python3 python3-venv
  python=python3
  "$python" -c 'import ensurepip, venv' 2>/dev/null && return 0
  # Debian's Python lacks ensurepip until python3-venv is installed.
  need_packages python3-venv
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return 0
  done
  die "python3 cannot create virtual environments: its module ensurepip is missing"
}

# need_venv FOLDER REQUIREMENTS: creates a virtual environment with exactly those requirements.
need_venv() {
  local folder=$1 requirements=$2
  cmp -s "$requirements" "$folder/requirements.txt" && return 0
  need_python
  echo "creating ${folder#"$root"/} from ${requirements##*/}" >&2
  rm -rf "$folder"
  mkdir -p "$(dirname "$folder")"
  "$python" -m venv "$folder"
  twice fill_venv "$folder" "$requirements" >&2 || die "installing ${requirements##*/} failed"
  cp "$requirements" "$folder/requirements.txt" # Last, because it marks the environment as complete.
}

# fill_venv FOLDER REQUIREMENTS: installs packages; long lists with uv, which is many times faster.
fill_venv() {
  local uv=$root/.cache/uv
  if (($(wc -l <"$2") < 20)); then
    "$1/bin/python" -m pip install -q --disable-pip-version-check -r "$2"
    return
  fi
  # Two environments may be created concurrently.
  (
    flock 9
    need_venv "$uv" "$root/tools/python/requirements-uv.txt"
  ) 9>"$root/.cache/uv.lock"
  "$uv/bin/uv" pip install -q --python "$1/bin/python" -r "$2"
}

# free_ports N: prints N free TCP ports of 127.0.0.1.
free_ports() {
  "${python:-python3}" - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in sockets:
    each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))
PYTHON
}

# descendants PID: prints the descendants of a process, children before parents.
descendants() {
  local child
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
    descendants "$child"
    echo "$child"
  done
}

# end_children [PID]: ends the descendants of a process, by default of this script.
end_children() {
  local -a left
  local _
  mapfile -t left < <(descendants "${1:-$$}")
  kill -TERM "${left[@]}" 2>/dev/null || return 0
  for _ in {1..30}; do
    sleep 0.1
    kill -0 "${left[@]}" 2>/dev/null || return 0
  done
  kill -KILL "${left[@]}" 2>/dev/null || true
}

# end_with_children [COMMAND]: on every exit of the script, ends its descendants and then runs the command.
end_with_children() {
  # shellcheck disable=SC2064
  trap "end_children; ${1:-:}" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

if [[ ${HOOSH_SKIP_SETUP:-} != 1 ]]; then
  need_swift
  need_packages libcurl4-openssl-dev libssl-dev libvulkan-dev libtomlplusplus-dev libsqlite3-dev pkg-config g++ curl
fi
