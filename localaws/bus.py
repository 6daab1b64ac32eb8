"""In-process calls between services, ours and moto's alike: what HTTP would do, without HTTP."""

from __future__ import annotations

import copy
import inspect
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from localaws import caller
from localaws.moto import Moto
from localaws.wire import AwsError, models
from localaws.wire.called import READS
from localaws.world import Operation, Service


class Aws:
    def __init__(self, moto: Moto) -> None:
        self.moto = moto
        self._owned: dict[str, Mapping[str, Operation]] = {}
        self.services: dict[str, Service] = {}  # ours, by boto3's names
        self.touched: Callable[[], None] = lambda: None  # told when something may have changed

    def own(self, name: str, service: Service) -> None:
        """`name` is boto3's; from here on nothing of that service reaches moto."""
        self._owned[name], self.services[name] = service.operations(), service

    def owned(self) -> Collection[str]:
        return self._owned.keys()

    async def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """As boto3 would call it, parameters validated and none shared; raises AwsError."""
        tokens = models.operation(service, operation).idempotent_members
        params = {token: str(uuid.uuid4()) for token in tokens} | params
        models.validate(service, operation, params)
        if service not in self._owned:
            return await self.moto.call(service, operation, params)
        with caller.by_aws():
            return copy.deepcopy(await self.perform(service, operation, copy.deepcopy(params)))

    async def perform(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """An operation of an owned service, its parameters already validated."""
        act = self._owned[service].get(operation)
        if act is None:
            sentence = f"{service}.{operation} is not modelled by the local AWS"
            raise AwsError("UnsupportedOperation", sentence, status=501)
        try:
            result = act(params)
            return await result if inspect.isawaitable(result) else result
        finally:
            if not operation.startswith(READS):
                self.touched()
