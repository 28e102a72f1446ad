#!/bin/sh
# What run leaves to the shell: $1 is the task, its arguments follow.
set -u
task=$1

fail() {
    printf '%s: %s\n' "$task" "$1" >&2
    exit "${2:-1}"
}

first() { # the first of these files that can be read
    for file; do
        if [ -r "$file" ]; then
            cat "$file"
            return
        fi
    done
}

version() {
    if command -v "$1" >/dev/null; then
        printf '%s %s\n' "$1" "$("$@" 2>/dev/null | grep -o -m 1 '[0-9][0-9.]*[0-9]' | head -n 1)"
    fi
}

case $task in
shell) # with a timeout
    exec 3>&2 2>&1
    timeout -k 5 "$3" bash -lc "$2" 3>&-
    code=$?
    if [ "$code" = 124 ] || [ "$code" = 137 ]; then
        printf 'shell: ended after %s s, as timeout says\n' "$3" >&3
    fi
    exit "$code"
    ;;

info)
    . /etc/os-release
    memory=$(first /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes)
    total=$(awk '/^MemTotal/ { print $2 * 1024 }' /proc/meminfo)
    case $memory in max | '') memory=$total ;; esac
    # Version 1 says "unlimited" by a number larger than any memory.
    memory=$(awk -v a="$memory" -v b="$total" 'BEGIN { printf "%.0f MiB", (a < b ? a : b) / 1048576 }')
    quota=$(first /sys/fs/cgroup/cpu.max | sed 's/^max.*//')
    if [ -r /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]; then
        quota="$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us) $(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us)"
    fi
    cores=$(printf '%s' "$quota" | awk -v n="$(nproc)" '$1 > 0 && $1 / $2 < n { printf "%.2g", $1 / $2; x = 1 } END { if (!x) print n }')
    pids=$(first /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max)
    devices=$(ls /sys/class/net | grep -v '^lo$' | tr '\n' ' ')
    printf 'system: %s, Linux %s, %s\n' "$PRETTY_NAME" "$(uname -r)" "$(uname -m)"
    printf 'host name: %s\nuser: %s (%s)\ndirectory: %s\n' "$(cat /proc/sys/kernel/hostname)" "$(id -un 2>/dev/null || echo "without a name")" "$(id -u)" "$PWD"
    printf 'processors: %s\nmemory: %s\nprocesses: %s\n' "$cores" "$memory" "${pids:-max}"
    df -h --output=avail,size,target / /tmp "$PWD" 2>/dev/null | awk 'NR > 1 && !seen[$3]++ { print "disk: " $1 " of " $2 " free at " $3 }'
    printf 'network: %s\n' "${devices:-none}"
    echo 'programs:'
    { version bash --version; version python3 --version; version pip3 --version; version node --version; version npm --version
      version deno --version; version git --version; version curl --version; version jq --version; version rg --version
      version gcc --version; version java -version; } | sed 's/^/  /'
    ;;

now)
    zone=$2
    case $zone in
    /* | *..* | *[!A-Za-z0-9_+/-]*) fail "zone must be a name like Europe/Berlin" ;;
    esac
    if [ ! -f "/usr/share/zoneinfo/$zone" ]; then fail "unknown zone $zone; zones have names like Europe/Berlin"; fi
    TZ=$zone date '+%A, %Y-%m-%d %H:%M:%S %:z (%Z)'
    ;;
esac
