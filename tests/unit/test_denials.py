"""Explanations of denied calls."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sluice_cli.denials.explaining import Explainer
from sluice_cli.denials.model import Denial
from sluice_cli.denials.showing import all_lines, lines
from sluice_cli.deployed.resources import Resource

ROLE = "arn:aws:sts::123456789012:assumed-role/worker/worker"
ORDERS = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
OF_WORKER = [
    Resource("shop", "aws_iam_role", "Role", "shop/Worker/Role", {"name": "worker"}),
    Resource("shop", "aws_lambda_function", "Function", "shop/Worker/Function", {"function_name": "worker"}),
]
TABLE = Resource("shop", "aws_dynamodb_table", "Table", "shop/Orders/Table", {"arn": ORDERS})


def policy(*statements: dict[str, Any]) -> Resource:
    attributes = {"role": "worker", "policy": json.dumps({"Statement": list(statements)})}
    return Resource("shop", "aws_iam_role_policy", "Policy", "shop/Worker/Policy", attributes)


def explained(denial: Denial, *resources: Resource, folder: Path = Path("/nowhere")) -> list[str]:
    return lines(Explainer([*OF_WORKER, *resources], folder).explain(denial))


def test_the_code_names_the_constructs_by_their_ids_where_no_source_is_there() -> None:
    assert explained(Denial(ROLE, "dynamodb:Query", f"{ORDERS}/index/ByDay", function="worker"), TABLE) == [
        f"worker is not allowed dynamodb:Query on {ORDERS}/index/ByDay",
        '  grant it: orders.grant_query(worker, index="ByDay")',
        "  where: shop/Orders: the construct Orders of the stack shop",
        "  where: shop/Worker: the construct Worker of the stack shop",
        f'  missing statement: {{"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "{ORDERS}/index/ByDay"}}',
    ]


def test_the_code_names_the_variables_of_the_sources(tmp_path: Path) -> None:
    (tmp_path / "stack.py").write_text(
        'class Shop:\n    def __init__(self):\n        self.table = Table(self, "Orders", name="orders")\n'
        '        worker: PythonFunction = modules.PythonFunction(self, id_="Worker")\n'
    )
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "other.py").write_text('other = Table(self, "Orders")')
    shown = explained(Denial(ROLE, "dynamodb:Query", ORDERS, function="worker"), TABLE, folder=tmp_path)
    assert shown[1:4] == [
        "  grant it: self.table.grant_query(worker)",
        "  where: shop/Orders: stack.py:3",
        "  where: shop/Worker: stack.py:4",
    ]


def test_sources_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / ".#stack.py").symlink_to("somebody@machine.1234:1")  # Emacs marks an open file so
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "circle.py").symlink_to(tmp_path / "circle.py")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "stack.py").write_text('table = Table(self, "Orders")\n')
    shown = explained(Denial(ROLE, "dynamodb:Query", ORDERS, function="worker"), TABLE, folder=tmp_path)
    assert shown[2] == "  where: shop/Orders: stack.py:1"


def test_a_source_that_changes_is_read_again(tmp_path: Path) -> None:
    def place() -> str:
        return explained(Denial(ROLE, "dynamodb:Query", ORDERS, function="worker"), TABLE, folder=tmp_path)[2]

    source = tmp_path / "stack.py"
    source.write_text('table = Table(self, "Orders")\n')
    os.utime(source, ns=(0, 1_000))
    assert place() == "  where: shop/Orders: stack.py:1"
    source.write_text('\n\ntable = Table(self, "Orders")\n')
    os.utime(source, ns=(0, 2_000))
    assert place() == "  where: shop/Orders: stack.py:3"


def test_a_table_that_is_no_class_of_sluices_gets_the_statement(tmp_path: Path) -> None:
    raw = Resource("shop", "aws_dynamodb_table", "Orders", "shop/Orders", {"arn": ORDERS})
    assert explained(Denial(ROLE, "dynamodb:Query", ORDERS), raw)[1:] == [
        "  where: shop/Worker: the construct Worker of the stack shop",
        f'  no method of a class grants it; missing statement: {{"Effect": "Allow", "Action": "dynamodb:Query", '
        f'"Resource": "{ORDERS}"}}',
    ]


def test_an_action_that_no_verb_grants_gets_the_statement() -> None:
    shown = explained(Denial(ROLE, "dynamodb:PartiQLSelect", ORDERS), TABLE)
    assert [one for one in shown if "grant it" in one] == []
    assert shown[-1].endswith(f'"Action": "dynamodb:PartiQLSelect", "Resource": "{ORDERS}"}}')


@pytest.mark.parametrize(
    ("action", "resource", "code"),
    [
        ("dynamodb:GetItem", ORDERS, f'Table.from_arn(self, "Orders", "{ORDERS}").grant_get(worker)'),
        (
            "s3:GetObject",
            "arn:aws:s3:::their-files/in/a/b.txt",
            'Bucket.from_name(self, "TheirFiles", "their-files").grant_read(worker, prefix="in/a/")',
        ),
        (
            "s3:PutObject",
            "arn:aws:s3:::their-files/b.txt",
            'Bucket.from_name(self, "TheirFiles", "their-files").grant_write(worker)',
        ),
        (
            "sqs:SendMessage",
            "arn:aws-cn:sqs:cn-north-1:123456789012:work",
            'Queue.from_arn(self, "Work", "arn:aws-cn:sqs:cn-north-1:123456789012:work").grant_send(worker)',
        ),
    ],
)
def test_a_resource_of_no_stack_is_granted_through_from_arn(action: str, resource: str, code: str) -> None:
    assert explained(Denial(ROLE, action, resource))[1] == f"  grant it: {code}"


def test_a_resource_of_another_stack_is_looked_for_there() -> None:
    other = Resource("store", "aws_dynamodb_table", "Table", "store/Orders/Table", {"arn": ORDERS})
    explainer = Explainer(OF_WORKER, Path("/nowhere"), lambda: [*OF_WORKER, other])
    assert explainer.explain(Denial(ROLE, "dynamodb:GetItem", ORDERS)).grants == ("orders.grant_get(worker)",)


def test_an_explicit_denial_is_not_answered_with_a_grant() -> None:
    denies = policy({"Sid": "NoDeletes", "Effect": "Deny", "Action": "dynamodb:DeleteItem", "Resource": "*"})
    denial = Denial(ROLE, "dynamodb:DeleteItem", ORDERS, explicit=True, sid="NoDeletes", function="worker")
    assert explained(denial, TABLE, denies) == [
        f"worker is denied dynamodb:DeleteItem on {ORDERS}",
        "  note: the statement NoDeletes in aws_iam_role_policy.Policy denies it: no grant helps, the denial has to go "
        "or not to match",
    ]


@pytest.mark.parametrize(
    ("statement", "note"),
    [
        ({"Resource": "arn:aws:s3:::files/out/*"}, "allows it on arn:aws:s3:::files/out/* only"),
        (
            {"Resource": "arn:aws:s3:::files/*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
            'allows it only under a condition: {"Bool": {"aws:MultiFactorAuthPresent": "true"}}',
        ),
        (
            {"Resource": "*"},
            "allows it in Terraform's state: the policy was changed outside of Terraform (`sluice drift`), or AWS "
            "had not yet taken it over",
        ),
    ],
)
def test_permissions_that_the_role_has_already_are_reported(statement: dict[str, Any], note: str) -> None:
    held = policy({"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", **statement})
    shown = explained(Denial(ROLE, "s3:GetObject", "arn:aws:s3:::files/in/a"), held)
    assert shown[-1] == f"  note: aws_iam_role_policy.Policy (statement Read) {note}"


def test_a_key_policy_that_lacks_a_statement_gets_one_with_a_principal() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    statement = Explainer(OF_WORKER, Path("/nowhere")).explain(Denial(ROLE, "kms:Decrypt", key, policy="resource"))
    assert statement.statement == {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key,
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/worker"},
    }


def test_a_role_of_somebody_else_is_named() -> None:
    shown = explained(Denial(ROLE.replace("worker", "theirs"), "dynamodb:Query", ORDERS), TABLE)
    assert shown[1] == "  grant it: orders.grant_query(theirs)"
    assert shown[-1] == '  note: the role is not of this project: `Role.from_name(self, ..., "theirs")`'


@pytest.mark.parametrize(
    ("text", "action", "resource"),
    [
        (
            "An error occurred (AccessDeniedException) when calling the Query operation: User: "
            f"{ROLE} is not authorized to perform: dynamodb:Query on resource: {ORDERS} because no identity-based "
            "policy allows the dynamodb:Query action",
            "dynamodb:Query",
            ORDERS,
        ),
        (
            f"User: {ROLE} is not authorized to perform: s3:GetObject on resource: "
            '"arn:aws:s3:::files/in/a b.txt" because no identity-based policy allows the s3:GetObject action',
            "s3:GetObject",
            "arn:aws:s3:::files/in/a",
        ),
        (
            f"User: {ROLE} is not authorized to perform: sqs:sendmessage on resource: "
            "arn:aws:sqs:us-east-1:123456789012:work because no identity-based policy allows the action",
            "sqs:SendMessage",
            "arn:aws:sqs:us-east-1:123456789012:work",
        ),
        (
            f"User: {ROLE} is not authorized to perform: SNS:Publish on resource: arn:aws:sns:us-east-1:123456789012:a",
            "sns:Publish",
            "arn:aws:sns:us-east-1:123456789012:a",
        ),
    ],
)
def test_awss_message_is_read_wherever_it_stands(text: str, action: str, resource: str) -> None:
    denial = Denial.in_text(f'{{"exception": {json.dumps(text)}}}'.replace('\\"', '"'))
    assert denial is not None
    assert (denial.action, denial.function) == (action, "worker")
    assert denial.resource.startswith(resource)


@pytest.mark.parametrize("text", ["", "not authorized", "User: x is not authorized to perform: y", "\x1b[31m"])
def test_other_texts_are_no_denial(text: str) -> None:
    assert Denial.in_text(text) is None


def test_nothing_of_a_denial_reaches_the_terminal_raw() -> None:
    hostile = Denial(ROLE, "s3:GetObject", "arn:aws:s3:::files/\x1b]0;title\x07\u202e\n" + "k" * 100_000)
    for line in explained(hostile):
        assert line.isprintable()
        assert len(line) < 2_000


def test_repeated_denials_are_reported_once() -> None:
    denial = Denial(ROLE, "dynamodb:Query", ORDERS, function="worker")
    explainer = Explainer([*OF_WORKER, TABLE], Path("/nowhere"))
    shown = all_lines([explainer.explain(denial) for _ in range(3)])
    assert shown[0] == f"worker is not allowed dynamodb:Query on {ORDERS} (3 times)"
    assert len(shown) == 5
