"""The pictures in docs/diagrams are those of the code, and say what is connected."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from checks import ROOT
from checks.systems import SYSTEMS
from scripts.diagrams import DIAGRAMS, diagrams
from sluice_cli.project import Synthesized
from sluice_cli.review.configuration import Configuration
from sluice_cli.review.model import Picture
from sluice_cli.review.picture.arrows import picture_of
from sluice_cli.review.picture.layout import LayoutError, _laid_out, place
from sluice_cli.review.picture.stacks import draw_all
from sluice_cli.review.picture.svg import draw
from sluice_cli.review.plan import NO_PLAN
from sluice_cli.review.words import ConstructNames
from tests.review.plans import Values, change, review
from tests.review.shop import SHOP, resource, synthesized

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return diagrams()


def test_the_documents_show_the_code_as_it_is(drawn: dict[str, str]) -> None:
    committed = {path.stem: path.read_text(encoding="utf-8") for path in DIAGRAMS.glob("*.svg")}
    assert sorted(committed) == sorted(drawn)
    different = [name for name in drawn if committed[name] != drawn[name]]
    assert different == [], "run `make diagram` and commit what it writes"


def test_every_system_has_a_picture_and_the_page_of_systems_shows_it(drawn: dict[str, str]) -> None:
    assert sorted(drawn) == sorted(SYSTEMS)
    systems = (ROOT / "docs" / "systems.md").read_text()
    assert [name for name in SYSTEMS if f"diagrams/{name}.svg" not in systems] == []


def test_a_picture_is_well_formed_and_needs_nothing_from_elsewhere(drawn: dict[str, str]) -> None:
    for svg in drawn.values():
        root = ElementTree.fromstring(svg)  # noqa: S314 - drawn here
        assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
            *("svg", "title", "style", "rect", "g", "path", "text", "circle")
        }
        assert "url(" not in svg
        assert "href" not in svg


def test_boxes_do_not_overlap(drawn: dict[str, str], tmp_path: Path) -> None:
    del drawn
    (placed,) = place([_picture(SHOP)])
    for one in placed.boxes:
        for other in placed.boxes:
            apart = (
                one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or one.y + one.height <= other.y
                or other.y + other.height <= one.y
            )
            assert one is other or apart, (one.box.title, other.box.title)


def _picture(document: Values) -> Picture:
    configuration = Configuration.synthesized(document)
    return picture_of("shop", configuration, ConstructNames(NO_PLAN, configuration))


def test_arrows_come_from_what_the_terraform_connects() -> None:
    picture = _picture(SHOP)
    titles = {box.id: box.title for box in picture.boxes}
    assert sorted((titles[one.source], titles[one.target], one.kind, one.label) for one in picture.arrows) == [
        ("API", "Worker", "data", "GET /orders"),
        ("Alarms", "News", "data", "ring"),
        ("Callers", "API", "data", "signed requests"),
        ("News", "Key", "key", ""),
        ("News", "Mailbox", "data", "notifies"),
        ("Uploads", "Worker", "data", "object created in in/*"),
        ("Worker", "Archive", "permission", "knows its name"),
        ("Worker", "Failures", "data", "failed events"),
        ("Worker", "Records", "permission", "PutItem"),
    ]
    assert [box.notes for box in picture.boxes if box.title == "Worker"] == [("1 alarm",)]


def test_an_http_api_and_policies_written_as_json_are_drawn() -> None:
    function = "${aws_lambda_function.Worker_Function.arn}"
    table = "${aws_dynamodb_table.Rows_Table.arn}"
    allow = {"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:GetItem"], "Resource": [table, f"{table}/*"]}
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": "${aws_sns_topic.News_Topic.arn}"}
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "${aws_s3_bucket.Closed_Bucket.arn}"}
    role = {"role": "${aws_iam_role.Worker_Role.name}"}
    picture = _picture(
        synthesized(
            resource("aws_apigatewayv2_api", "Orders/Api", name="orders", protocol_type="HTTP"),
            resource(
                "aws_apigatewayv2_integration",
                "Orders/Integration",
                api_id="${aws_apigatewayv2_api.Orders_Api.id}",
                integration_uri=function,
            ),
            *(
                resource(
                    "aws_apigatewayv2_route",
                    f"Orders/Route{number}",
                    api_id="${aws_apigatewayv2_api.Orders_Api.id}",
                    route_key=key,
                    target="integrations/${aws_apigatewayv2_integration.Orders_Integration.id}",
                )
                for number, key in enumerate(("GET /orders", "POST /orders"))
            ),
            resource("aws_lambda_function", "Worker/Function", role="${aws_iam_role.Worker_Role.arn}"),
            resource("aws_iam_role", "Worker/Role", name="worker"),
            resource("aws_dynamodb_table", "Rows/Table", name="rows"),
            resource("aws_sns_topic", "News/Topic", name="news"),
            resource("aws_s3_bucket", "Closed/Bucket", bucket="closed"),
            resource("aws_iam_role_policy", "Worker/Inline", **role, policy=json.dumps({"Statement": [allow, deny]})),
            resource("aws_iam_policy", "Worker/Managed", policy=json.dumps({"Statement": publish})),
            resource(
                "aws_iam_role_policy_attachment",
                "Worker/Attachment",
                **role,
                policy_arn="${aws_iam_policy.Worker_Managed.arn}",
            ),
            resource("aws_iam_role_policy", "Worker/Broken", **role, policy="{"),
        )
    )
    titles = {box.id: box.title for box in picture.boxes}
    arrows = [(titles[one.source], titles[one.target], one.kind, one.text) for one in picture.arrows]
    assert sorted(arrows) == [
        ("Callers", "Orders", "data", "anybody"),
        ("Orders", "Worker", "data", "GET, POST /orders"),
        ("Worker", "News", "permission", "Publish"),
        ("Worker", "Rows", "permission", "PutItem, GetItem"),
    ]


def test_what_changes_is_marked_and_what_is_destroyed_still_drawn() -> None:
    found = review(
        change("aws_s3_bucket.Uploads_Bucket", *[{"bucket": "a"}] * 2),
        change("aws_s3_bucket_versioning.Uploads_Versioning_00000000", {"bucket": "a"}, None),
        change("aws_sqs_queue.Old_Queue_00000000", {"name": "old"}, None),
        configuration=SHOP,
    )
    assert found.picture is not None
    marks = {box.title: (box.verb, box.danger and box.danger.value) for box in found.picture.boxes if box.verb}
    assert marks == {"Uploads": ("update", "Protection removed"), "Old": ("delete", "Data is lost")}


def test_names_are_text_in_a_picture() -> None:
    svg = draw(place([_picture(synthesized(resource("aws_x_y", "<script>alert(1)</script>")))])[0])
    root = ElementTree.fromstring(svg)  # noqa: S314 - drawn here
    assert not root.findall(f".//{SVG}script")


def test_every_stack_that_was_synthesized_is_drawn_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "cdk.tf.json").write_text(json.dumps(SHOP))
    synthesized = Synthesized(tmp_path, {"any-name": tmp_path}, {"any-name": []})
    assert list(draw_all(synthesized)) == ["any-name"]


def test_what_was_laid_out_before_needs_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    picture = _picture(SHOP)
    laid_out = place([picture], cache)
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert place([picture]) == laid_out
    _laid_out.cache_clear()  # as in another process, which has the folder only
    assert place([picture], cache) == laid_out
    (file,) = cache.iterdir()
    file.write_text("cut of")
    with pytest.raises(LayoutError):
        place([picture], cache)
    monkeypatch.setenv("PATH", path)
    assert place([picture], cache) == laid_out
