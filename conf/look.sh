#!/bin/sh
# Shows recorded attacks in a browser, without any SIEM: Fluent Bit with siphunt writes the alerts into VictoriaLogs, which has a
# web page to search in. `make look` runs it. It needs bin/siphunt.so (make build), fluent-bit on PATH or in FLUENT_BIT, and
# victoria-logs on PATH or in VICTORIALOGS. It goes on until Ctrl-C, and all that it keeps is in build/look.
set -eu
cd "$(dirname "$0")/.."
export VICTORIALOGS_PORT="${VICTORIALOGS_PORT:-9428}"
server="http://127.0.0.1:$VICTORIALOGS_PORT"

conf/recorded.sh
rm -rf build/look
mkdir -p build/look
# The recordings have the dates of their own, far from today when you read this.
"${VICTORIALOGS:-victoria-logs}" -storageDataPath=build/look/data -httpListenAddr="127.0.0.1:$VICTORIALOGS_PORT" \
	-retentionPeriod=100y -futureRetention=100y >build/look/victoria-logs.log 2>&1 &
logs=$!
bit=
trap 'kill $logs $bit 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM
"${FLUENT_BIT:-fluent-bit}" -c conf/look.yaml >build/look/fluent-bit.log 2>&1 &
bit=$!
sleep 1
kill -0 $logs 2>/dev/null || { echo "VictoriaLogs has ended; see build/look/victoria-logs.log. Another port: VICTORIALOGS_PORT" >&2; exit 1; }

echo "The break-ins:  $server/select/vmui/?#/?query=event.outcome%3Asuccess&g0.range_input=1d&g0.end_input=2026-11-23T00%3A00%3A00&g0.relative_time=none"
echo "Everything:     $server/select/vmui/?#/?query=*&g0.range_input=1d&g0.end_input=2026-11-23T00%3A00%3A00&g0.relative_time=none"
echo "Ctrl-C ends it. The logs are in build/look."
wait $bit || { echo "Fluent Bit has ended; see build/look/fluent-bit.log" >&2; exit 1; }
