#!/bin/bash
# The real PostgreSQL, Redis and Docker Engine some tests start for themselves: installs them when
# it is root on Debian or Ubuntu, else prints the line that does, and those tests skip by name.
set -uo pipefail

packages=()
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null ||
  packages+=(postgresql)
command -v redis-server >/dev/null || packages+=(redis-server)
if [ "$(uname)" = Linux ]; then # elsewhere an engine is an application, not a package
  [ -n "${DOCKER_HOST:-}" ] || [ -S /var/run/docker.sock ] || command -v dockerd >/dev/null ||
    packages+=(docker.io)
  busybox=$(command -v busybox) && ! ldd "$busybox" >/dev/null 2>&1 || packages+=(busybox-static)
  command -v ip >/dev/null || packages+=(iproute2)
fi
[ ${#packages[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Some tests need: brew install ${packages[*]/redis-server/redis}"
  exit 0
elif [ "$(id -u)" != 0 ]; then
  echo "Some tests need: sudo apt-get update && sudo apt-get install -y ${packages[*]}"
  exit 0
fi

# The packages would start their servers; ours run on free ports, for as long as the tests do.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
  trap 'rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
echo "Installing ${packages[*]} for the tests"
{ apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } \
  </dev/null >"$log" 2>&1 || {
  tail -n 20 "$log"
  echo "Some tests need: apt-get update && apt-get install -y ${packages[*]}"
}
rm -f "$log"
