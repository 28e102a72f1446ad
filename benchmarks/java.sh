#!/usr/bin/env bash
# Runs a measurement that lies beside the tests of a bundle. Usage: benchmarks/java.sh call|parser
#   call    calls through the runner beside docker exec, docker run and the bare program; first calls, the journal, a flood (needs Docker)
#   parser  the parser of tags on plain and adversarial text, by JMH
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case ${1:-} in
call) module=runner-docker main=org.rungpt.runner.docker.SandboxBenchmark ;;
parser) module=protocol-tags main=org.rungpt.protocol.tags.ParserBenchmark ;;
*) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac
path=$(mktemp)
trap 'rm -f "$path"' EXIT
(cd "$root" && mvn -q -B -pl "bundles/$module" -am -DskipTests test-compile dependency:build-classpath "-Dmdep.outputFile=$path") >&2
RUNGPT_BASE_IMAGE=$("$root/actions/base/build" --tag-only)
java "-Drungpt.baseImage=$RUNGPT_BASE_IMAGE" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -cp "$root/bundles/$module/target/test-classes:$root/bundles/$module/target/classes:$(cat "$path")" "$main"
