"""Rights to PartiQL statements: ministack 1.5.33 asks for a right to `dynamodb:ExecuteStatement` on everything, which
IAM does not know. Each statement needs the right to its verb on its table or index.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

import json
import re

from ministack.core import iam_actions

from completing import existing

# The operations, and the field with their statements.
STATEMENTS = {
    "dynamodb:ExecuteStatement": "",
    "dynamodb:BatchExecuteStatement": "Statements",
    "dynamodb:ExecuteTransaction": "TransactStatements",
}
NAME = r"""(?:"([^"]+)"|([\w.:/-]+?))"""
# EXISTS is a condition of a transaction; it reads.
STATEMENT = re.compile(
    rf"\s*(?:(SELECT)\b.*?\bFROM|(EXISTS)\b.*?\bFROM|(INSERT)\s+INTO|(UPDATE)|(DELETE)\s+FROM)\s+{NAME}"
    rf"(?:\.{NAME})?(?=[\s;)]|$)",
    re.IGNORECASE | re.DOTALL,
)
VERBS = ("Select", "Select", "Insert", "Update", "Delete")

_plain_checks = existing(iam_actions, "dynamodb_transaction_checks")
_table = existing(iam_actions, "_dynamodb_table_arn")


def _checks(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
    """The action and the resource of each statement."""
    if action not in STATEMENTS:
        return list(_plain_checks(action, body, region, account))
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        return []
    field = STATEMENTS[action]
    statements = values.get(field) or [] if field else [values]
    return [_check(str(one.get("Statement", "")), region, account) for one in statements if isinstance(one, dict)]


def _check(statement: str, region: str, account: str) -> tuple[str, str]:
    found = STATEMENT.match(statement)
    if found is None:  # DynamoDB refuses it as no statement
        return "dynamodb:PartiQLSelect", "*"
    verb = next(name for name, text in zip(VERBS, found.groups(), strict=False) if text)
    table, index = (found[6] or found[7]), (found[8] or found[9])
    arn = _table(table, region, account)
    return f"dynamodb:PartiQL{verb}", f"{arn}/index/{index}" if index else arn


iam_actions.dynamodb_transaction_checks = _checks
