"""A REST face: the way of one request, top to bottom, from its path to its answer."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec

from fieldstone.access.caller import ANONYMOUS, Caller
from fieldstone.access.capabilities import missing
from fieldstone.access.policies import Policies
from fieldstone.access.policy import Policy
from fieldstone.engine.operation import Asked, Get, Operation, Read
from fieldstone.engine.outcome import Kept, Outcome
from fieldstone.errors import (
    FieldstoneError,
    Internal,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from fieldstone.identity.credential import Credential
from fieldstone.identity.identity import Identity
from fieldstone.identity.limiter import Limiter
from fieldstone.query.names import shown
from fieldstone.services.denials import Denials
from fieldstone.services.imports.reading.file import FileReader
from fieldstone.services.meta.translating import Translating
from fieldstone.settings import Limits
from fieldstone.store.interface import Outdated
from fieldstone.store.shape_cache import ShapeCache
from fieldstone.surfaces.http.body import decode_form, decode_json, is_form, media_of, read_body
from fieldstone.surfaces.http.errors import no_route
from fieldstone.surfaces.http.languages import languages_of
from fieldstone.surfaces.http.origin import foreign_origin, is_same_origin
from fieldstone.surfaces.http.parameters import read_parameters, refuse_parameters, take_flag
from fieldstone.surfaces.http.request import Request, Response
from fieldstone.surfaces.rest.limits import count_address, count_caller
from fieldstone.surfaces.rest.once import done_once, marked, refuse_key
from fieldstone.surfaces.rest.router import Found
from fieldstone.surfaces.rest.table import DRY_RUN, AcrossPart, Call, DataPart, ObjectFace, Route, RouteTable, SentFile

MOST_KEPT = 1024
LONGEST_KEPT = 2048
"""So many query strings are kept, and what they ask for, none of them longer than so many bytes."""

PLATFORM_OBJECTS = "sys_"
"""What the names of the platform's own objects begin with."""


class Execute(Protocol):
    """The door's `execute`, as a face uses it."""

    async def __call__(self, operation: Operation, caller: Caller, *, dry: bool = False) -> Outcome:
        """Runs an Operation, or only tries it."""


class RestFace:
    """Answers the requests of one surface out of its route table."""

    def __init__(
        self,
        table: RouteTable,
        identity: Identity,
        execute: Execute,
        policies: Policies,
        limits: Limits,
        denials: Denials,
        limiter: Limiter,
        translating: Translating,
    ) -> None:
        """Takes the routes, who tells whose a credential is, the door with its policies, who notes refusals, counts and translates."""
        self._table = table
        self._base = table.dialect.api.base_path
        self._identity = identity
        self._execute = execute
        self._policies = policies
        self._limits = limits
        self._denials = denials
        self._limiter = limiter
        self._translating = translating
        self._asked: ShapeCache[tuple[Route, ObjectFace, Policy, bytes], Operation] = ShapeCache(MOST_KEPT)
        self._files = FileReader(limits.import_rows, limits.import_job_rows)

    async def answer(self, request: Request) -> Response:
        """Returns the answer to one request; raises what is wrong with it."""
        found = self._find(request)
        if isinstance(found, frozenset):
            return Response(204, b"", headers=((b"allow", ", ".join(_allowed(found)).encode()),))
        route = found.route
        request.route = route.template
        limit = route.limit
        if limit is not None and limit.by == "address":
            await count_address(self._limiter, limit, request)
        credential = self._credential(route, request)
        if route.looks and (known := self._identity.remembered(credential)) is not None:
            request.caller = known.caller.id
            try:
                return await self._answer(route, found, request, credential, known.caller, known.epoch)
            except Outdated:
                request.caller = None
        try:
            caller = await self._caller(route, credential)
        except Unauthenticated:
            if limit is not None and limit.by != "address":
                await count_address(self._limiter, limit, request)
            raise
        request.caller = caller.id
        if limit is not None and limit.by != "address":
            await count_caller(self._limiter, limit, request, caller)
        return await self._answer(route, found, request, credential, caller)

    async def _answer(
        self,
        route: Route,
        found: Found[Route],
        request: Request,
        credential: Credential | None,
        caller: Caller,
        epoch: int | None = None,
    ) -> Response:
        """Returns the answer to a caller; raises Outdated where he was found at an epoch that has passed, whatever came of it."""
        try:
            _require_rights(route, caller)
            call = Call(
                request=request,
                credential=credential,
                caller=caller,
                policies=self._policies,
                table=self._table,
                route=route,
                path=found.path,
                parameters=read_parameters(request.query),
                body=None if route.body == "none" else await self._body(route, request),
                forward=self.answer,
                files=self._files,
            )
            part = route.data
            if part is None:
                return await self._handle(route, call)
            if part.writes:
                return await self._write(route, part, call)
            return await self._look(route, part, call, epoch)
        except FieldstoneError as refusal:
            await self._require_epoch(epoch)
            if isinstance(refusal, PermissionDenied) and _for_administrators(route, found):
                permission = refusal.details.get("permission")
                await self._denials.note(caller, f"{route.declaration.method} {route.template}", permission)
            if isinstance(refusal, Invalid) and route.data is not None:
                name = route.object.object.name if route.object else found.path.get("object", "")
                raise self._translating.refusal(refusal, name, languages_of(request)) from refusal.__cause__
            raise

    async def _require_epoch(self, epoch: int | None) -> None:
        if epoch is not None and not await self._identity.is_at(epoch):
            raise Outdated

    def _find(self, request: Request) -> Found[Route] | frozenset[str]:
        """Returns the route, or for OPTIONS the methods; raises NotFound, MethodNotAllowed."""
        path = request.path[len(self._base) :]
        if path and not path.startswith("/"):
            raise no_route(request)
        method = "GET" if request.method == "HEAD" else request.method
        found = self._table.router.find(method, path)
        if not isinstance(found, frozenset):
            return found
        if not found:
            raise no_route(request)
        if method != "OPTIONS":
            raise _not_allowed(request, found)
        return found

    def _credential(self, route: Route, request: Request) -> Credential | None:
        """Returns what the request shows of itself: the first scheme of the api that finds something."""
        for scheme, part in self._table.dialect.auth:
            credential = part.read(scheme, request)
            if credential is None:
                continue
            if part.ambient and not is_same_origin(request):
                if route.declaration.public:
                    continue
                raise foreign_origin(request)
            return credential
        return None

    async def _caller(self, route: Route, credential: Credential | None) -> Caller:
        """Returns who asks; on a public route a credential that does not hold, or not so far, counts as none."""
        if route.declaration.public:
            try:
                caller = await self._identity.caller(credential)
            except Unauthenticated:
                return ANONYMOUS
            return caller if _within_scopes(route, caller) else ANONYMOUS
        if credential is None:
            raise Unauthenticated("You are not signed in.", hint=self._table.dialect.auth_hint)
        return await self._identity.caller(credential)

    async def _body(self, route: Route, request: Request) -> Any:
        """Returns the decoded body; None for one that is not there."""
        body = await read_body(request, self._limits.body_bytes)
        if body and route.handler is not None and route.handler.part.form and is_form(request):
            return decode_form(body)
        if body and isinstance(route.data, DataPart) and route.data.media:
            media, charset = media_of(request)
            if media in route.data.media:
                return SentFile(media, body, charset)
        if body:
            return decode_json(request, body)
        if route.body == "required":
            raise Invalid("The body is empty.", reason="INVALID_JSON", hint="Send a JSON object.")
        return None

    async def _look(self, route: Route, part: DataPart, call: Call, epoch: int | None) -> Response:
        """Returns the answer of a data operation that writes nothing."""
        face = self._face(route, call)
        asked = call if part.read is None else await _read(part, call, face)
        operation = self._operation(route, part, asked, face)
        if epoch is not None and isinstance(operation, Get | Read):
            operation = msgspec.structs.replace(operation, epoch=epoch)
        else:
            await self._require_epoch(epoch)
        return part.answer(call, face, await self._execute(operation, call.caller))

    async def _write(self, route: Route, part: DataPart | AcrossPart, call: Call) -> Response:
        """Returns the answer of a data operation that writes; it may be dry, or done once for its key."""
        dry = take_flag(call.parameters, DRY_RUN)
        call = msgspec.structs.replace(call, dry=True) if dry else call
        sent = dict(call.parameters)
        if isinstance(part, AcrossPart):
            operation = part.operation(call)
            answer: Callable[[Outcome], Response] = partial(part.answer, call)
        else:
            face = self._face(route, call)
            asked = call if part.read is None else await _read(part, call, face)
            operation = self._operation(route, part, asked, face)
            answer = partial(part.answer, call, face)
        outcome = await self._execute(done_once(call, operation, sent), call.caller, dry=dry)
        if not isinstance(outcome, Kept):
            return answer(outcome)
        response = answer(outcome.outcome)
        return marked(call, response) if outcome.replayed else response

    def _operation(self, route: Route, part: DataPart, call: Call, face: ObjectFace) -> Operation:
        """Returns what a request asks for; one that repeats is read once for as long as its words are kept."""
        words = call.request.query
        if not part.repeats or len(words) > LONGEST_KEPT or not face.codec.plain:
            return part.operation(call, face)
        key = (route, face, call.reading(face.object.name), words)
        return self._asked.get(key, lambda: _as_asked(part.operation(call, face)))

    async def _handle(self, route: Route, call: Call) -> Response:
        handler = route.handler
        if handler is None:
            raise Internal(f"{route.template} is bound to nothing.")
        refuse_key(call)
        if not handler.part.foreign:
            known = [note.name for note in handler.part.parameters]
            refuse_parameters(call.parameters.keys() - set(known), known)
        return await handler.answer(call)

    def _face(self, route: Route, call: Call) -> ObjectFace:
        """Returns the object that a data route is about; raises NotFound, and MethodNotAllowed where it does not take part."""
        face = route.object or self._table.dialect.objects.get(call.path["object"])
        if face is None:
            name = shown(call.path["object"])
            raise NotFound(f"No object `{name}`.", details={"object": name})
        if route.declaration.operation not in face.operations:
            path = call.request.path[len(self._base) :]
            raise _not_allowed(call.request, self._table.methods(face, path))
        return face


async def _read(part: DataPart, call: Call, face: ObjectFace) -> Call:
    """Returns a call with what its part makes of the body."""
    return call if part.read is None else msgspec.structs.replace(call, body=await part.read(call, face))


def _as_asked(operation: Operation) -> Operation:
    """Returns an operation of which the same one is to be asked again."""
    return (
        msgspec.structs.replace(operation, asked=Asked(operation.query)) if isinstance(operation, Read) else operation
    )


def _for_administrators(route: Route, found: Found[Route]) -> bool:
    """Tells whether a route is one of administrators: it asks for a capability, or writes what rights are made of."""
    if route.declaration.permission is not None:
        return True
    name = route.object.object.name if route.object else found.path.get("object", "")
    return name.startswith(PLATFORM_OBJECTS) and route.data is not None and route.data.writes


def _require_rights(route: Route, caller: Caller) -> None:
    """Raises PermissionDenied when the credential's scopes or the caller's capabilities do not reach the route."""
    if not _within_scopes(route, caller):
        lacking = sorted(route.scopes - (caller.scopes or frozenset()))
        details = {"scopes": lacking, "subject": caller.id}
        raise PermissionDenied("The credential's scopes do not reach this route.", details=details)
    if route.holders is not None and not caller.system and route.holders.isdisjoint(caller.sets):
        raise missing(str(route.declaration.permission), caller)


def _within_scopes(route: Route, caller: Caller) -> bool:
    """Tells whether a credential reaches a route.

    One with a limit reaches only routes that name scopes: what nobody thought of is not within its limit.
    """
    return caller.scopes is None or (bool(route.scopes) and route.scopes <= caller.scopes)


def _not_allowed(request: Request, methods: frozenset[str]) -> MethodNotAllowed:
    allowed = _allowed(methods)
    message = f"{request.method} is not answered here; {', '.join(allowed)} {'is' if len(allowed) == 1 else 'are'}."
    return MethodNotAllowed(message, details={"allow": allowed})


def _allowed(methods: frozenset[str]) -> list[str]:
    return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))
