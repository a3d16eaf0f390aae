#!/bin/sh
# Plays recorded attacks through Fluent Bit with siphunt in it, and shows the alerts. It needs bin/siphunt.so and
# bin/siphunt (make build), and fluent-bit on PATH or in FLUENT_BIT. It ends by itself after about 25 seconds.
set -eu
cd "$(dirname "$0")/.."
seconds=24 # to read the flows, and for the last attack to be over: idle_timeout in conf/demo.toml and some more

conf/recorded.sh
echo "$(wc -l <build/demo/flows.jsonl) flow records go through Fluent Bit; this takes $seconds seconds."
"${FLUENT_BIT:-fluent-bit}" -c conf/demo.yaml >build/demo/fluent-bit.log 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null' INT TERM
while [ $seconds -gt 0 ] && kill -0 $pid 2>/dev/null; do
	sleep 1
	seconds=$((seconds - 1))
done
if ! kill $pid 2>/dev/null; then
	echo "Fluent Bit has ended. Its log, build/demo/fluent-bit.log, says:" >&2
	grep error build/demo/fluent-bit.log >&2
	exit 1
fi
wait $pid
bin/siphunt show build/demo/alerts.jsonl
echo "The alerts as JSON lines: build/demo/alerts.jsonl. Fluent Bit's log: build/demo/fluent-bit.log"
