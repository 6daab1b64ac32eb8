"""What a stack tells others and takes from them: outputs, exports, imports."""

from __future__ import annotations

from localaws.cloudformation.evaluation import Evaluation
from localaws.cloudformation.order import Failed
from localaws.cloudformation.run import Run
from localaws.wire import AwsError


def read_exports(run: Run, wanted: Evaluation) -> None:
    """From now on the stack holds what it will import, and what it does. Raises Failed."""
    previous = run.stack.way_back.previous
    try:
        names = wanted.imported()
        for name in sorted(names):
            run.exports.value(name)
        held = run.evaluation(previous).imported() if previous else set()
        run.exports.read(run.stack.id, run.stack.name, names | held)
    except AwsError as error:
        raise Failed(f"{error.message}. ") from error


def publish(run: Run, wanted: Evaluation) -> None:
    """Outputs and exports, all or none; AwsError."""
    stack = run.stack
    outputs, exported = wanted.outputs(), wanted.exported()
    values = {exported[name]: outputs[name] for name in exported}
    if len(values) < len(exported):
        raise AwsError("ValidationError", "Export names must be unique within a template")
    if refusal := run.exports.refusal(stack.id, values):
        held = refusal.startswith("Cannot")
        raise AwsError("ValidationError", f"Update canceled. {refusal}" if held else refusal)
    run.exports.publish(stack.id, values)
    run.exports.read(stack.id, stack.name, wanted.imported())
    stack.outputs, stack.exported = outputs, exported


def withdraw(run: Run) -> None:
    """Of a stack that is gone."""
    stack = run.stack
    stack.outputs, stack.exported = {}, {}
    run.exports.publish(stack.id, {})
    run.exports.read(stack.id, stack.name, ())
