"""From a plan to its review."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .configuration import Configuration, references, without_index
from .dangers import Case, judge
from .headline import CODE, headline
from .model import Change, Counts, Finding, Group, PolicyLine, StackReview
from .picture.arrows import picture_of
from .plan import Plan, ResourceChange
from .policies import Policies
from .policy_difference import StatementDifference
from .resolving import Resolver
from .text import SENSITIVE, clean, shown
from .values import Difference, differences
from .words import KINDS, Kind, Names

# What a policy, a permission or a setting belongs to is named by one of these.
OWNER_ATTRIBUTES = ("role", "bucket", "arn", "queue_url", "function_name", "rest_api_id")
MOST_DRIFTED = 5


def review_stack(
    name: str, plan: Plan, configuration: Configuration, *, acknowledged: Iterable[str] = ()
) -> StackReview:
    """Understand one stack's plan."""
    return _Reviewer(name, plan, configuration).review(frozenset(acknowledged))


class _Reviewer:
    def __init__(self, name: str, plan: Plan, configuration: Configuration) -> None:
        self._name = name
        self._plan = plan
        self._configuration = configuration
        self._names = Names(plan, configuration)
        self._resolver = Resolver(plan, configuration, self._names)
        self._policies = Policies(plan, self._resolver)
        self._managed = [one for one in plan.changes if one.mode == "managed"]
        self._by_address = {one.address: one for one in plan.changes}
        self._destroyed = {
            self._names.construct(one.address) for one in self._managed if one.verb == "delete" and _is_primary(one)
        }

        # What the names and ARNs are of what this plan makes.
        self._made = {
            value
            for one in self._managed
            if one.verb == "create" and _is_primary(one)
            for value in (one.after or {}).values()
            if isinstance(value, str)
        }

    def review(self, acknowledged: frozenset[str]) -> StackReview:
        verbs = Counter(one.verb for one in self._managed)
        changes, tags, computed = [], Counter[str](), 0
        for one in self._managed:
            made = self._change(one)
            if made is None:
                continue
            if one.verb == "update" and not (made.differences or made.policy or made.findings):
                tagged = list(_tags(one))
                tags.update(tagged)
                computed += not tagged
            else:
                changes.append(made)
        named = ("create", "update", "replace", "delete", "forget")
        return StackReview(
            name=self._name,
            counts=Counts(
                **{verb: verbs[verb] for verb in named},
                unchanged=verbs["unchanged"],
                other=sum(verbs[verb] for verb in verbs if verb not in (*named, "unchanged", "read")),
            ),
            groups=self._groups(changes),
            folded=tuple(self._folded(tags, computed, {one.address for one in changes})),
            notes=() if self._plan.complete else ("This plan is not complete: Terraform left something out of it.",),
            outputs=tuple(self._outputs()),
            acknowledged=acknowledged,
            picture=picture_of(self._name, self._configuration, self._names, tuple(changes)),
        )

    def _change(self, change: ResourceChange) -> Change | None:
        moved = change.previous_address is not None
        if change.verb in ("unchanged", "read") and not (moved or change.imported):
            return None
        kind = self._names.kind(change.address, change.type)
        every = differences(change)
        compared = self._policies.compare(change)
        statements = [one for policy in compared for one in policy.statements]
        subject = self._names.label(self._names.owner(change.address))
        part = self._names.part(change.address, kind)
        told = ""
        if not (kind and (kind.primary or kind.feature)):
            told = " ".join(filter(None, [kind.noun if kind else change.type, part if part != subject else ""]))
        findings = judge(
            Case(
                change=change,
                kind=kind,
                subject=clean(f"{subject}, {told}" if told else subject),
                owner=clean(subject),
                differences=[one for one in every if not one.is_policy],
                policies=statements,
                policy_unclear=any(policy.unclear for policy in compared),
                owner_destroyed=change.verb == "delete" and self._is_part_of_destroyed(change),
                new_owner=self._has_new_owner(change),
                subscriptions=self._subscriptions(change),
            )
        )
        visible = [one for one in every if self._is_worth_showing(change, one, every)]
        repeats = "tags_all" in {*(change.before or {}), *(change.after or {})}
        return Change(
            address=clean(change.address),
            type=clean(change.type),
            verb=change.verb,
            subject=clean(subject),
            headline=headline(change, kind, part, [one for one in visible if not one.is_policy], statements),
            construct=clean("/".join(self._names.path(change.address))),
            findings=tuple(_called(one, self._resolver) for one in findings),
            # What was compared has done its service; only the texts are shown, and kept.
            differences=tuple(replace(one, before=None, after=None) for one in visible if not one.is_policy),
            policy=tuple(self._lines(statements)),
            folded=len(every) - len(visible) + (repeats and bool(list(_tags(change)))),
            known=kind is not None,
            notes=(f"moved from {clean(change.previous_address or '')}",) if moved else (),
        )

    def _is_worth_showing(self, change: ResourceChange, one: Difference, every: Sequence[Difference]) -> bool:
        if one.replaces or one.is_policy:
            return True
        if one.name in CODE - {"source_code_hash"} and any(other.name == "source_code_hash" for other in every):
            return False
        if one.name.startswith("tags.") and _is_default_tag(change, one.name.removeprefix("tags.")):
            return False
        if one.unknown:
            configured = self._configuration.resources.get(without_index(change.address))
            return change.verb == "update" and bool(configured and one.name.partition(".")[0] in configured.values)
        if change.verb == "delete":
            return False
        # What is new has many values that nobody wrote: defaults.
        if change.verb in ("create", "replace"):
            configured = self._configuration.resources.get(without_index(change.address))
            return configured is None or one.name.partition(".")[0] in configured.values
        return True

    def _is_part_of_destroyed(self, change: ResourceChange) -> bool:
        path = self._names.path(change.address)
        if _is_primary(change) and self._names.construct(change.address) in self._destroyed:
            path = path[:-2]  # its own construct does not count
            return any(path[:end] in self._destroyed for end in range(1, len(path) + 1))
        return any(path[:end] in self._destroyed for end in range(1, len(path)))

    def _has_new_owner(self, change: ResourceChange) -> bool:
        if change.verb == "create" and _is_primary(change):
            return True
        configured = self._configuration.resources.get(without_index(change.address))
        written = {name: configured.values.get(name) for name in OWNER_ATTRIBUTES} if configured else {}
        owners = [self._by_address.get(address) for address, _ in references(written) if "data." not in address]
        if owners:
            return all(one is not None and one.verb == "create" for one in owners)
        values = change.after or {}
        return any(str(values.get(attribute)) in self._made for attribute in OWNER_ATTRIBUTES if values.get(attribute))

    def _subscriptions(self, change: ResourceChange) -> int:
        if change.type != "aws_sns_topic" or not change.before:
            return 0
        return sum(
            one.type == "aws_sns_topic_subscription" and (one.before or {}).get("topic_arn") == change.before.get("arn")
            for one in self._managed
        )

    def _lines(self, statements: Sequence[StatementDifference]) -> Iterable[PolicyLine]:
        for one in statements:
            name = one.sid or "a statement"
            what = "refuses" if one.effect == "Deny" else "allows"
            state = "new" if one.before is None else "removed" if one.after is None else "changed"
            yield PolicyLine(" ", clean(f"{name} ({what}), {state}{', wider' if one.wider else ''}"))
            allows = one.effect != "Deny"
            yield from (PolicyLine("+", self._text(text), wider=one.wider and allows) for text in one.gained)
            yield from (PolicyLine("-", self._text(text), wider=one.wider and not allows) for text in one.lost)

    def _text(self, text: str) -> str:
        return clean(self._resolver.named(text))

    def _groups(self, changes: Sequence[Change]) -> tuple[Group, ...]:
        grouped: dict[tuple[str, ...], list[Change]] = {}
        for one in changes:
            grouped.setdefault(self._names.path(one.address)[:1], []).append(one)
        groups = [
            Group(path[0], clean(self._names.label(path)), tuple(sorted(members, key=lambda one: one.rank)))
            for path, members in grouped.items()
        ]
        return tuple(sorted(groups, key=lambda group: group.changes[0].rank))

    def _folded(self, tags: Counter[str], computed: int, told: set[str]) -> Iterable[str]:
        for tag, number in sorted(tags.items()):
            yield f"{tag} on {number} resource{'s' * (number != 1)}"
        if computed:
            yield f"{computed} with nothing but values that are known after apply"
        # Of what moved by itself, what this plan touches is worth a look.
        drifted = [clean(one.address) for one in self._plan.drift if clean(one.address) in told and differences(one)]
        if drifted:
            more = f" and {len(drifted) - MOST_DRIFTED} more" if len(drifted) > MOST_DRIFTED else ""
            yield f"changed outside Terraform since the last apply: {', '.join(drifted[:MOST_DRIFTED])}{more}"

    def _outputs(self) -> Iterable[Difference]:
        for name, output in sorted(self._plan.outputs.items()):
            if output.get("actions") in (["no-op"], None):
                continue
            texts = [
                SENSITIVE if output.get(f"{side}_sensitive") else shown(output.get(side), name)
                for side in ("before", "after")
            ]
            unknown = bool(output.get("after_unknown"))
            yield Difference(
                clean(name), None, None, texts[0], "(known after apply)" if unknown else texts[1], unknown=unknown
            )


def _is_primary(change: ResourceChange) -> bool:
    kind: Kind | None = KINDS.get(change.type)
    return kind is not None and kind.primary


def _tags(change: ResourceChange) -> Iterable[str]:
    before, after = ((values or {}).get("tags_all") or {} for values in (change.before, change.after))
    own = (change.after or {}).get("tags") or {}
    for key in sorted({*before, *after} - set(own)):
        if before.get(key) != after.get(key) and change.verb == "update":
            yield f"tag {clean(key)} {shown(before.get(key), key)} → {shown(after.get(key), key)}"


def _is_default_tag(change: ResourceChange, key: str) -> bool:
    """The provider takes a default tag that changes for one of the resource's own, until it is applied."""
    after = change.after or {}
    return key not in (after.get("tags") or {}) and key in (after.get("tags_all") or {})


def _called(finding: Finding, resolver: Resolver) -> Finding:
    return Finding(finding.danger, clean(resolver.named(finding.what)), clean(resolver.named(finding.means)))
