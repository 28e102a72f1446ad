#!/usr/bin/env bash
# How long a warm start takes until the first HTTP answer, beside the official Karaf archive in the same run, and the idle memory.
# Usage: benchmarks/start.sh [ROUNDS]   (5 unless told; the sources must be built: ./rungpt run --detach; ./rungpt stop)
# RunGPT: from ./rungpt run to "ok" from /healthz. Karaf, unchanged: from bin/karaf server to the banner of its SSH server, the only
# thing it serves. One uncounted start of each comes first; then both take turns. Medians are told.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=${1:-5}
karaf_version=$(sed -n 's:.*<karaf.version>\(.*\)</karaf.version>.*:\1:p' "$root/pom.xml")
scratch=$(mktemp -d)
data=$scratch/data
port=18765

clean() {
    "$root/rungpt" stop --data "$data" >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap clean EXIT

archive=$HOME/.m2/repository/org/apache/karaf/apache-karaf/$karaf_version/apache-karaf-$karaf_version.tar.gz
[ -f "$archive" ] || mvn -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get \
    "-Dartifact=org.apache.karaf:apache-karaf:$karaf_version:tar.gz" -Dtransitive=false
tar -xzf "$archive" -C "$scratch"
karaf=$scratch/apache-karaf-$karaf_version

now() { echo $(($(date +%s%N) / 1000000)); }
rss() { awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$1/status"; }
cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; } # milliseconds at 100 ticks a second
median() { printf '%s\n' "$@" | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

# Waits for the first line that a port answers to what is sent.
answer() { # PORT PATTERN TEXT
    local line
    while :; do
        if { exec 7<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null; then
            printf '%b' "$3" >&7 2>/dev/null || true
            line=
            IFS= read -r -t 10 line <&7 || true
            exec 7>&- 7<&-
            # shellcheck disable=SC2254 # a pattern
            case $line in $2) return ;; esac
        fi
        sleep 0.01
    done
}

own() {
    local began process
    began=$(now)
    "$root/rungpt" run --data "$data" --port "$port" --detach --no-browser >"$scratch/out" 2>&1 &
    process=$!
    answer "$port" 'HTTP/1.? 200*' "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1:$port\r\n\r\n"
    own_ms=$(($(now) - began))
    own_cpu=$(cpu "$(pgrep -f -- "-Drungpt.data=$data ")")
    wait "$process" || { cat "$scratch/out" >&2 && exit 1; }
    sleep 10 # idle
    own_rss=$(rss "$(pgrep -f -- "-Drungpt.data=$data ")")
    "$root/rungpt" stop --data "$data" >/dev/null
}

official() {
    local began pid
    began=$(now)
    "$karaf/bin/karaf" server >/dev/null 2>&1 &
    answer 8101 'SSH-2.0*' ''
    official_ms=$(($(now) - began))
    pid=$(pgrep -f -- "-Dkaraf.home=$karaf ")
    official_cpu=$(cpu "$pid")
    sleep 10
    official_rss=$(rss "$pid")
    kill "$pid"
    wait || true
}

export XDG_CACHE_HOME=$scratch/cache
own && flock "$XDG_CACHE_HOME/rungpt/lock" true # the class archive is made
official
own_all=() own_cpus=() own_rsses=() official_all=() official_cpus=() official_rsses=()
for ((i = 1; i <= rounds; i++)); do
    own && official
    echo "round $i: RunGPT $own_ms ms, $own_cpu ms of processor, $own_rss MB; Karaf $official_ms ms, $official_cpu ms, $official_rss MB"
    own_all+=("$own_ms") own_cpus+=("$own_cpu") own_rsses+=("$own_rss")
    official_all+=("$official_ms") official_cpus+=("$official_cpu") official_rsses+=("$official_rss")
done
a=$(median "${own_all[@]}") b=$(median "${official_all[@]}") c=$(median "${own_cpus[@]}") d=$(median "${official_cpus[@]}")
echo
echo "RunGPT         $a ms to the first answer (target: 3000), $c ms of processor, $(median "${own_rsses[@]}") MB idle (target: 250)"
echo "Karaf $karaf_version   $b ms, $d ms of processor, $(median "${official_rsses[@]}") MB idle"
echo "Ratio          $(awk "BEGIN { printf \"%.2f of the time (target: 0.70), %.2f of the processor\", $a / $b, $c / $d }"), load of the machine:$(sed 's/ [0-9]*\/.*//;s/^/ /' /proc/loadavg)"
