#!/usr/bin/env bash
# The action's work: from INPUT_… variables to one `buildtools run`, its outputs and the job's summary.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

# A line end in one of these would write further lines into GITHUB_OUTPUT.
case "$INPUT_FILE$INPUT_REPORTS" in
    *$'\n'* | *$'\r'*) echo "buildtools action: file and reports must be one line each" >&2; exit 2 ;;
esac

arguments=(run "--reports=$INPUT_REPORTS")
if [ -n "$INPUT_FILE" ]; then arguments+=("--file=$INPUT_FILE"); fi
if [ "$INPUT_KEEP_GOING" = true ]; then arguments+=(--keep-going); fi
while IFS= read -r line; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then arguments+=("--property=$line"); fi
done <<< "$INPUT_PROPERTIES"
read -r -d '' -a steps <<< "$INPUT_STEPS" || true

# What an earlier run left must not pass for this one's.
rm -f -- "./$INPUT_REPORTS/run.json" "./$INPUT_REPORTS/junit.xml"

code=0
buildtools "${arguments[@]}" -- ${steps[@]+"${steps[@]}"} || code=$?

folder=$(pwd)
{
    echo "exit-code=$code"
    echo "junit=$folder/$INPUT_REPORTS/junit.xml"
    echo "run-json=$folder/$INPUT_REPORTS/run.json"
} >> "$GITHUB_OUTPUT"
python "$here/summary.py" "./$INPUT_REPORTS/run.json" "$code" >> "$GITHUB_STEP_SUMMARY"
exit "$code"
