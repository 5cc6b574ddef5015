"""The end of the deployment. conftest.py runs this last, because it destroys the deployment of all other tests."""

from tests.support.deployed import Deployment


def test_destroying_leaves_no_resources(destroyed: Deployment) -> None:
    assert destroyed.inventory() == destroyed.before
    for system in destroyed.systems:
        assert destroyed.terraform(system, "state", "list").stdout == ""


def test_destroyed_keys_can_be_restored_for_a_while(destroyed: Deployment) -> None:
    kms = destroyed.local.client("kms")
    keys = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    mine = [one for one in keys if "object-tracker" in one["Description"]]
    assert [one["KeyState"] for one in mine] == ["PendingDeletion"]
    assert all((one["DeletionDate"] - one["CreationDate"]).days >= 29 for one in mine)
