"""torch: tensors by dtype, shape, values, kind of device and whether they record gradients; generators by state."""

from __future__ import annotations

from typing import Any

from memodisk.hashing.base import Attributes, Handler, Node, fields, name_of, named


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    import torch

    if issubclass(kind, torch.Tensor):
        return _tensor
    if kind is torch.Generator:
        return lambda value, _walk: Node(named("torch.Generator") + fields(value.device.type), [value.get_state()])
    if kind in (torch.dtype, torch.device, torch.layout, torch.memory_format):
        return lambda value, _walk: named(name_of(kind)) + fields(str(value))
    if kind is torch.Size:
        return lambda value, _walk: named("torch.Size") + fields(*value)
    return None


def _tensor(value: Any, walk: Any) -> Node:
    """Strides, storage and the graph behind a gradient do not show; the gradient itself and attributes do."""
    node = _elements(value, walk)
    # The gradient of what is no leaf is none, and asking for it warns.
    grad = value.grad if value.is_leaf else None
    attributes = getattr(value, "__dict__", None)
    if grad is not None or attributes:
        node.children = [*node.children, grad, Attributes(dict(attributes or {}))]
    return node


def _elements(value: Any, walk: Any) -> Node:
    import torch

    kind = type(value)
    head = named("torch.Tensor") + (b"" if kind is torch.Tensor else walk.code_of(kind))
    head += fields(str(value.dtype), tuple(value.shape), value.device.type, value.requires_grad, str(value.layout))
    plain = value.detach()
    if plain.layout is not torch.strided:
        if plain.layout is torch.sparse_coo:
            plain = plain.coalesce()
            return Node(head, [plain.indices(), plain.values()])
        rows = plain.layout in (torch.sparse_csr, torch.sparse_bsr)
        outer, inner = ("crow_indices", "col_indices") if rows else ("ccol_indices", "row_indices")
        return Node(head, [getattr(plain, outer)(), getattr(plain, inner)(), plain.values()])
    if plain.is_quantized:
        return Node(head, [plain.int_repr(), str(plain.qscheme()), plain.dequantize()])
    plain = plain.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
    return Node(head, [plain.view(torch.uint8).numpy() if plain.numel() else None])
