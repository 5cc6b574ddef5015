#!/bin/sh
# An app in no language that Sluice knows: it writes what CDKTF's library would. No stack has a provider block; one keeps
# its state elsewhere, the others where Terraform keeps it by default.
set -eu
: "${CDKTF_OUTDIR:?}" "${CDKTF_CONTEXT_JSON:?}"
mkdir -p "$CDKTF_OUTDIR/stacks/topics" "$CDKTF_OUTDIR/stacks/nothing" "$CDKTF_OUTDIR/stacks/note"
cp note.txt "$CDKTF_OUTDIR/stacks/note"
cat >"$CDKTF_OUTDIR/manifest.json" <<'JSON'
{"version": "0.21.0", "stacks": {
  "topics": {"name": "topics", "workingDirectory": "stacks/topics", "dependencies": [],
    "synthesizedStackPath": "stacks/topics/cdk.tf.json"},
  "nothing": {"name": "nothing", "workingDirectory": "stacks/nothing", "dependencies": [],
    "synthesizedStackPath": "stacks/nothing/cdk.tf.json"},
  "note": {"name": "note", "workingDirectory": "stacks/note", "dependencies": [],
    "synthesizedStackPath": "stacks/note/cdk.tf.json"}}}
JSON
cat >"$CDKTF_OUTDIR/stacks/topics/cdk.tf.json" <<'JSON'
{"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}},
 "resource": {"aws_sns_topic": {"jobs": {"name": "shell-jobs"}}},
 "output": {"arn": {"value": "${aws_sns_topic.jobs.arn}"}}}
JSON
cat >"$CDKTF_OUTDIR/stacks/nothing/cdk.tf.json" <<'JSON'
{"terraform": {"backend": {"remote": {"organization": "ours", "workspaces": {"name": "ours"}}}},
 "resource": {"terraform_data": {"note": {"input": "kept"}}},
 "output": {"note": {"value": "${terraform_data.note.output}"}}}
JSON
cat >"$CDKTF_OUTDIR/stacks/note/cdk.tf.json" <<'JSON'
{"resource": {"terraform_data": {"note": {"input": "${file(\"note.txt\")}"}}},
 "output": {"note": {"value": "${terraform_data.note.output}"}}}
JSON
