"""Creates the review of a plan."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sluice_cli.text import clean

from .classification import TypeRules, classified
from .configuration import Configuration, without_index
from .cost.costing import cost_of
from .cost.counts import NO_COUNTS, EventCounts
from .cost.model import Cost
from .cost.prices import PRICES
from .dangers import Case, PlanContext, judge
from .drift import drifted as staying_drift
from .headline import CODE, headline
from .model import Change, Counts, Danger, Finding, Group, PolicyLine, StackReview
from .ownership import Ownership
from .picture.arrows import picture_of
from .plan import Plan, ResourceChange
from .policies import PolicyComparison, PolicyReview
from .reasons import notes
from .resolving import Resolver
from .ruleset import NO_RULES, Ruleset
from .sections import GROUP, sections
from .text import shown
from .values import Difference, differences, same
from .words import ConstructNames

NAMED = ("create", "update", "replace", "delete", "forget")


def review_stack(
    name: str,
    plan: Plan,
    configuration: Configuration,
    *,
    acknowledged: Iterable[str] = (),
    rules: Ruleset = NO_RULES,
    prices: Path = PRICES,
    counts: EventCounts = NO_COUNTS,
    drifted: bool = False,
) -> StackReview:
    """Understand one stack's plan.

    `rules` are the project's own; `prices` is the price list, a file of the form of `cost/prices.toml`; `counts` says
    what an event takes, as the project counted it; `drifted`: the changes were made already, outside Terraform.
    """
    reviewer = _Reviewer(name, plan, configuration, rules, prices, counts)
    return reviewer.review(frozenset(acknowledged), drifted=drifted)


class _Reviewer:
    def __init__(
        self, name: str, plan: Plan, configuration: Configuration, rules: Ruleset, prices: Path, counts: EventCounts
    ) -> None:
        self._name = name
        self._counts = counts
        self._rules = rules
        self._prices = prices
        self._plan = plan
        self._configuration = configuration
        self._names = ConstructNames(plan, configuration)
        self._resolver = Resolver(plan, configuration, self._names)
        self._policies = PolicyReview(plan, self._resolver)
        self._ownership = Ownership(plan, configuration, self._names)
        self._context = PlanContext(plan, configuration)
        self._managed = [one for one in plan.changes if one.mode != "data"]

    def review(self, acknowledged: frozenset[str], *, drifted: bool = False) -> StackReview:
        verbs = Counter("replace" if one.verb == "create beside" else one.verb for one in self._managed)
        changes, tags, computed = [], Counter[str](), 0
        for one in self._managed:
            made = self._change(one, drifted=drifted)
            if made is None:
                continue
            if one.verb == "update" and not (made.differences or made.policy or made.findings):
                tagged = list(_tags(one))
                tags.update(tagged)
                computed += not tagged
            else:
                changes.append(self._rules.adjust(made))
        moved = staying_drift(self._plan, lambda one: self._change(one, drifted=True))
        others = [self._rules.adjust(one) for one in (*moved, *sections(self._plan))]
        return StackReview(
            name=self._name,
            counts=Counts(
                **{verb: verbs[verb] for verb in NAMED},
                unchanged=verbs["unchanged"],
                other=sum(verbs[verb] for verb in verbs if verb not in (*NAMED, "unchanged", "read")),
            ),
            groups=self._groups([*changes, *others]),
            folded=tuple(self._folded(tags, computed, {one.address for one in changes})),
            notes=() if self._plan.complete else ("This plan is not complete: Terraform left something out of it.",),
            outputs=tuple(self._outputs()),
            acknowledged=acknowledged,
            picture=picture_of(self._name, self._configuration, self._names, tuple(changes), self._plan),
            cost=self._cost(),
        )

    def _cost(self) -> Cost | None:
        try:
            return cost_of(
                self._plan,
                self._configuration,
                self._names,
                stack=self._name,
                prices=self._prices,
                counts=self._counts,
            )
        except (RecursionError, AttributeError, TypeError, KeyError, ValueError, OverflowError):
            return Cost(trouble="this plan has values of a form that is not known")

    def _change(self, change: ResourceChange, *, drifted: bool = False) -> Change | None:
        made = self._read(change)
        if made is None:
            return None
        own = self._rules.findings(self._name, change, made.construct, made.findings, drifted=drifted)
        every = dict.fromkeys((*made.findings, *own))
        return replace(made, findings=tuple(sorted(every, key=lambda one: one.danger.rank)))

    def _read(self, change: ResourceChange) -> Change | None:
        try:
            return self._understood(change)
        except (RecursionError, AttributeError, TypeError, KeyError, ValueError, OverflowError) as error:
            # Values of a form that no provider writes: reported as dangerous, never skipped.
            what = (
                "is nested too deeply"
                if isinstance(error, RecursionError)
                else "has values of a form that is not known"
            )
            address = clean(change.address)
            strange = Finding(Danger.UNCLEAR, f"{address} {what}", "No resource of AWS has: it was not read.")
            path = "/".join(self._names.path(change.address))
            return Change(address, clean(change.type), change.verb, address, what, clean(path), (strange,))

    def _understood(self, change: ResourceChange) -> Change | None:
        moved = change.previous_address is not None
        if change.verb in ("unchanged", "read") and not (moved or change.imported or change.unread):
            return None
        kind = self._names.kind(change.address, change.type)
        every = differences(change)
        compared = self._policies.compare(change)
        subject = self._names.label(self._names.owner(change.address))
        part = self._names.part(change.address, kind)
        findings = judge(self._case(change, kind, every, compared, subject, part))
        visible = [one for one in every if self._is_worth_showing(change, one, every)]
        repeats = "tags_all" in {*(change.before or {}), *(change.after or {})}
        statements = [one for policy in compared for one in policy.statements]
        return Change(
            address=clean(change.address),
            type=clean(change.type),
            verb="replace" if change.verb == "create beside" else change.verb,
            subject=clean(subject),
            headline=headline(change, kind, part, [one for one in visible if not one.is_policy], statements),
            construct=clean("/".join(self._names.path(change.address))),
            findings=tuple(_called(one, self._resolver) for one in findings),
            # Values are no longer needed after the comparison; only the shown texts are kept.
            differences=tuple(replace(one, before=None, after=None) for one in visible if not one.is_policy),
            policy=tuple(self._lines(compared)),
            folded=len(every) - len(visible) + (repeats and bool(list(_tags(change)))),
            known=kind is not None and not kind.partial,
            notes=notes(change),
        )

    def _case(
        self,
        change: ResourceChange,
        kind: TypeRules | None,
        every: Sequence[Difference],
        compared: Sequence[PolicyComparison],
        subject: str,
        part: str,
    ) -> Case:
        told = ""
        if not (kind and (kind.primary or kind.feature)):
            told = " ".join(filter(None, [kind.noun if kind else change.type, part if part != subject else ""]))
        return Case(
            change=change,
            rules=classified().get(change.type),
            subject=clean(f"{subject}, {told}" if told else subject),
            context=self._context,
            owner=clean(subject),
            differences=[one for one in every if not one.is_policy],
            policies=[one for policy in compared for one in policy.statements],
            policies_whole=compared,
            policy_unclear=any(policy.unclear for policy in compared),
            policy_hidden=any(policy.hidden for policy in compared),
            owner_destroyed=change.verb == "delete" and self._ownership.is_part_of_destroyed(change),
            new_owner=self._ownership.has_new_owner(change),
            subscriptions=self._ownership.subscriptions(change),
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
        # New resources have many default values.
        if change.verb in ("create", "replace"):
            configured = self._configuration.resources.get(without_index(change.address))
            return configured is None or one.name.partition(".")[0] in configured.values
        return True

    def _lines(self, compared: Sequence[PolicyComparison]) -> Iterator[PolicyLine]:
        for policy in compared:
            for one in policy.statements:
                what = "refuses" if one.effect == "Deny" else "allows"
                state = "new" if one.before is None else "removed" if one.after is None else "changed"
                wider = ", wider" if one.wider else ""
                if policy.hidden:
                    yield PolicyLine(" ", f"a statement {state}{wider} (sensitive, not shown)")
                    continue
                yield PolicyLine(" ", clean(f"{one.sid or 'a statement'} ({what}), {state}{wider}"))
                allows = one.effect != "Deny"
                yield from (PolicyLine("+", self._text(text), wider=one.wider and allows) for text in one.gained)
                yield from (PolicyLine("-", self._text(text), wider=one.wider and not allows) for text in one.lost)

    def _text(self, text: str) -> str:
        return clean(self._resolver.named(text))

    def _groups(self, changes: Sequence[Change]) -> tuple[Group, ...]:
        grouped: dict[tuple[str, ...], list[Change]] = {}
        for one in changes:
            key = (GROUP,) if one.construct == GROUP else self._names.path(one.address)[:1]
            grouped.setdefault(key, []).append(one)
        groups = [
            Group(
                path[0],
                path[0] if path == (GROUP,) else clean(self._names.label(path)),
                tuple(sorted(members, key=lambda one: one.rank)),
            )
            for path, members in grouped.items()
        ]
        return tuple(sorted(groups, key=lambda group: group.changes[0].rank))

    def _folded(self, tags: Counter[str], computed: int, told: set[str]) -> Iterable[str]:
        for tag, number in sorted(tags.items()):
            yield f"{tag} on {number} resource{'s' * (number != 1)}"
        if computed:
            yield f"{computed} with nothing but values that are known after apply"
        # Of the drift, resources that this plan changes are relevant.
        touched = [clean(one.address) for one in self._plan.drift if clean(one.address) in told and differences(one)]
        if touched:
            more = f" and {len(touched) - MOST_DRIFTED} more" if len(touched) > MOST_DRIFTED else ""
            yield f"changed outside Terraform since the last apply: {', '.join(touched[:MOST_DRIFTED])}{more}"

    def _outputs(self) -> Iterable[Difference]:
        for name, output in sorted(self._plan.outputs.items()):
            if output.get("actions") in (["no-op"], None):
                continue
            texts = [shown(output.get(side), name) for side in ("before", "after")]
            unknown = bool(output.get("after_unknown"))
            yield Difference(
                clean(name), None, None, texts[0], "(known after apply)" if unknown else texts[1], unknown=unknown
            )


MOST_DRIFTED = 5


def _tags(change: ResourceChange) -> Iterable[str]:
    before, after = ((values or {}).get("tags_all") or {} for values in (change.before, change.after))
    own = (change.after or {}).get("tags") or {}
    if not all(isinstance(one, dict) for one in (before, after, own)):
        return  # hidden as a whole
    for key in sorted({*before, *after} - set(own)):
        if not same(before.get(key), after.get(key)) and change.verb == "update":
            yield f"tag {clean(key)} {shown(before.get(key), key)} → {shown(after.get(key), key)}"


def _is_default_tag(change: ResourceChange, key: str) -> bool:
    """A changed default tag, which the provider shows as a tag of the resource until it is applied."""
    after = change.after or {}
    tags, every = after.get("tags") or {}, after.get("tags_all") or {}
    return isinstance(tags, dict) and isinstance(every, dict) and key not in tags and key in every


def _called(finding: Finding, resolver: Resolver) -> Finding:
    return Finding(finding.danger, clean(resolver.named(finding.what)), clean(resolver.named(finding.means)))
