#!/bin/sh
# An app in no language that Sluice knows: it writes what CDKTF's library would. Two stacks; neither has a provider block
# or a backend.
set -eu
: "${CDKTF_OUTDIR:?}" "${CDKTF_CONTEXT_JSON:?}"
mkdir -p "$CDKTF_OUTDIR/stacks/queues" "$CDKTF_OUTDIR/stacks/nothing"
cat >"$CDKTF_OUTDIR/manifest.json" <<'JSON'
{"version": "0.21.0", "stacks": {
  "queues": {"name": "queues", "workingDirectory": "stacks/queues", "dependencies": [],
    "synthesizedStackPath": "stacks/queues/cdk.tf.json"},
  "nothing": {"name": "nothing", "workingDirectory": "stacks/nothing", "dependencies": [],
    "synthesizedStackPath": "stacks/nothing/cdk.tf.json"}}}
JSON
cat >"$CDKTF_OUTDIR/stacks/queues/cdk.tf.json" <<'JSON'
{"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}},
 "resource": {"aws_sqs_queue": {"jobs": {"name": "shell-jobs"}}},
 "output": {"url": {"value": "${aws_sqs_queue.jobs.url}"}}}
JSON
cat >"$CDKTF_OUTDIR/stacks/nothing/cdk.tf.json" <<'JSON'
{"terraform": {"backend": {"remote": {"organization": "ours", "workspaces": {"name": "ours"}}}},
 "resource": {"terraform_data": {"note": {"input": "kept"}}},
 "output": {"note": {"value": "${terraform_data.note.output}"}}}
JSON
