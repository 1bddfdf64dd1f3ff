"""What a symbolic tensor is made of."""

from tricera.engine.graph import KerasTensor


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The inputs that a symbolic tensor is computed from; the tensor itself where nothing made it."""
    found: list[KerasTensor] = []
    seen: set[int] = set()
    todo = [tensor]
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if each.node is None or each.node.is_input:
            found.append(each)
        else:
            todo += reversed(each.node.input_tensors)
    return found
