#!/bin/bash
# Makes .venv with the pinned dependencies of requirements/$1.txt, once, and again when they change.
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV # another project's
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

main() {
  local pins="requirements/$1.txt" stamp=".venv/.installed-$1"
  [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted "$pins")" ] && works && return
  find_python
  works || { rm -rf .venv && "$python" -m venv .venv; }
  echo "Installing $pins into .venv"
  install --only-binary :all: --require-hashes -r "$pins"
  install --no-deps --no-build-isolation -e .
  wanted "$pins" >"$stamp"
}

# A virtual environment and its editable install know the absolute path they were made in.
wanted() {
  pwd
  cksum "$1" pyproject.toml
}

works() {
  .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

install() {
  # -qq: a machine's own pip configuration may warn at length; errors are still shown
  .venv/bin/python -m pip install -qq "$@"
}

# A name is not enough: pyenv's shims are there for every version and only print an error, and
# Debian's Python makes no virtual environment without another package.
find_python() {
  local name
  for name in python3.14 python3.13 python3.12 python3.11 python3; do
    while IFS= read -r python; do
      if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
        >/dev/null 2>&1; then
        command -v git >/dev/null && return
        missing git
      fi
    done < <(type -ap "$name")
  done
  missing "$(python_packages)" $(command -v git >/dev/null || echo git)
}

python_packages() {
  if command -v brew >/dev/null; then
    echo python@3.13
  elif grep -qs '^VERSION_ID="22.04"' /etc/os-release; then
    echo python3.11 python3.11-venv # its python3 is 3.10
  else
    echo python3 python3-venv
  fi
}

missing() {
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo "
  if command -v brew >/dev/null; then
    echo "Palatine needs: brew install $*" >&2
  elif command -v apt-get >/dev/null; then
    echo "Palatine needs: ${sudo}apt-get update && ${sudo}apt-get install -y $*" >&2
  else
    echo "Palatine needs Python 3.11 or newer with venv, and git: install $* and try again." >&2
  fi
  exit 1
}

main "$@"
