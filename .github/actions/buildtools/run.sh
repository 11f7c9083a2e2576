#!/usr/bin/env bash
# The action's work: from INPUT_… variables to one `buildtools run`, which speaks to GitHub itself, and its outputs.
set -euo pipefail

# A line end in one of these would write further lines into GITHUB_OUTPUT.
case "$INPUT_FILE$INPUT_REPORTS" in
    *$'\n'* | *$'\r'*) echo "buildtools action: file and reports must be one line each" >&2; exit 2 ;;
esac

# Absolute, since buildtools itself starts from the project's folder, which may lie above this one.
case "$INPUT_REPORTS" in
    /*) reports=$INPUT_REPORTS ;;
    *) reports=$(pwd)/$INPUT_REPORTS ;;
esac
arguments=(run "--reports=$reports")
if [ -n "$INPUT_FILE" ]; then arguments+=("--file=$INPUT_FILE"); fi
if [ "$INPUT_KEEP_GOING" = true ]; then arguments+=(--keep-going); fi
while IFS= read -r line; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then arguments+=("--property=$line"); fi
done <<< "$INPUT_PROPERTIES"
read -r -d '' -a steps <<< "$INPUT_STEPS" || true

# What an earlier run left must not pass for this one's.
rm -f -- "$reports/run.json" "$reports/junit.xml"

code=0
buildtools "${arguments[@]}" -- ${steps[@]+"${steps[@]}"} || code=$?

{
    echo "exit-code=$code"
    echo "junit=$reports/junit.xml"
    echo "run-json=$reports/run.json"
} >> "$GITHUB_OUTPUT"
# The run itself writes the summary, unless it never began.
if [ ! -e "$reports/run.json" ]; then
    printf '### buildtools: exit code %s\n\nNo step has run; the log says why.\n' "$code" >> "$GITHUB_STEP_SUMMARY"
fi
exit "$code"
